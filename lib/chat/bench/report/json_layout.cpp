#include "chat/bench/report/json_layout.hpp"

#include <cstddef>
#include <vector>

namespace chat::bench {
namespace {

constexpr std::size_t kShortLine = 80;  // what is not longer is not broken …
constexpr std::size_t kFlatLine = 240;  // … nor this, when no object is in it
constexpr std::size_t kColumns = 100;   // of numbers that are filled into lines
constexpr std::size_t kShortItem = 24;

/// Where the string that begins at `at` ends, behind its quote.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

/// Calls `each(position, depth)` for every character outside strings.
template <class Each>
void for_each_outside_strings(std::string_view json, Each each) {
  int depth = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '"') {
      at = string_end(json, at) - 1;
      continue;
    }
    if (json[at] == ']' || json[at] == '}') --depth;
    each(at, depth);
    if (json[at] == '[' || json[at] == '{') ++depth;
  }
}

/// What stands between the commas of an array or object.
std::vector<std::string_view> items_of(std::string_view container) {
  std::vector<std::string_view> items;
  const auto inside = container.substr(1, container.size() - 2);
  std::size_t begin = 0;
  for_each_outside_strings(inside, [&](std::size_t at, int depth) {
    if (inside[at] != ',' || depth != 0) return;
    items.push_back(inside.substr(begin, at - begin));
    begin = at + 1;
  });
  if (!inside.empty()) items.push_back(inside.substr(begin));
  return items;
}

std::string on_one_line(std::string_view json) {
  std::string line;
  std::size_t taken = 0;
  for_each_outside_strings(json, [&](std::size_t at, int) {
    if (json[at] != ',' && json[at] != ':') return;
    line.append(json.substr(taken, at + 1 - taken)) += ' ';
    taken = at + 1;
  });
  return line.append(json.substr(taken));
}

bool are_short(const std::vector<std::string_view>& items) {
  for (const auto item : items) {
    if (item.size() > kShortItem || item.front() == '{' || item.front() == '"') return false;
  }
  return true;
}

bool fits_on_line(std::string_view container) {
  if (container.size() <= kShortLine) return true;
  bool is_flat = container.size() <= kFlatLine;
  for_each_outside_strings(container, [&](std::size_t at, int depth) {
    if (depth > 0 && (container[at] == '{' || depth > 1)) is_flat = false;
  });
  return is_flat;
}

class Layout {
 public:
  std::string take() { return std::move(out_); }

  void value(std::string_view json, std::size_t indent) {
    const bool is_container = json.front() == '[' || json.front() == '{';
    if (!is_container || fits_on_line(json)) {
      out_ += on_one_line(json);
      return;
    }
    const auto items = items_of(json);
    out_ += json.front();
    if (json.front() == '[' && are_short(items)) {
      fill(items, indent + 2);
    } else {
      lines(items, json.front() == '{', indent + 2);
    }
    break_line(indent);
    out_ += json.back();
  }

 private:
  void break_line(std::size_t indent) { out_.append("\n").append(indent, ' '); }

  void lines(const std::vector<std::string_view>& items, bool have_keys, std::size_t indent) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      break_line(indent);
      std::string_view item = items[i];
      if (have_keys) {
        const std::size_t key = string_end(item, 0);
        out_.append(item.substr(0, key)) += ": ";
        item.remove_prefix(key + 1);
      }
      value(item, indent);
      if (i + 1 < items.size()) out_ += ',';
    }
  }

  void fill(const std::vector<std::string_view>& items, std::size_t indent) {
    std::size_t column = kColumns;
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::string item = on_one_line(items[i]);
      if (i + 1 < items.size()) item += ',';
      if (column + 1 + item.size() > kColumns) {
        break_line(indent);
        column = indent;
      } else {
        out_ += ' ';
        ++column;
      }
      out_ += item;
      column += item.size();
    }
  }

  std::string out_;
};

}  // namespace

std::string json_for_people(std::string_view json) {
  Layout layout;
  layout.value(json, 0);
  return layout.take() + "\n";
}

}  // namespace chat::bench
