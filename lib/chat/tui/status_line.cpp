#include "chat/tui/status_line.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/text.hpp"
#include "chat/tui/fit.hpp"

namespace chat::tui {
namespace {

constexpr std::string_view kBetween = " │ ";
constexpr std::size_t kBetweenColumns = 3;
/// What is left of the name of the room that is shown, and less than which is not worth a part.
constexpr std::size_t kLeastOfRoom = 6;
constexpr std::size_t kLeastOfPart = 4;

/// The rooms, each with its number when there are several. Those for which there is no room are
/// numbers, or counted behind the others.
class Tabs {
 public:
  explicit Tabs(const Shown& shown) : shown_(shown), forms_(shown.rooms.size(), Form::counted) {
    forms_[shown.active] = Form::whole;
  }

  /// Every tab has a space before it.
  std::size_t columns() const {
    std::size_t columns = 0;
    for (const auto& [text, is_active] : texts()) columns += 1 + base::columns(text);
    return columns;
  }

  /// Cuts the name of the room that is shown; at least a few columns of it stay.
  void shorten(std::size_t columns) {
    const auto others = this->columns() - base::columns(text_of(shown_.active));
    most_of_active_ = std::max(columns - std::min(columns, others), kLeastOfRoom);
  }

  /// Shows as much of the other rooms as there is room for: first those with a mention, then those
  /// with something new.
  void grow(std::size_t columns) {
    for (const Form form : {Form::number, Form::whole}) {
      for (const std::size_t index : by_interest()) {
        const auto before = std::exchange(forms_[index], form);
        if (this->columns() > columns) forms_[index] = before;
      }
    }
  }

  Line line(Style plain, Style active) const {
    Line line;
    for (const auto& [text, is_active] : texts())
      line.push_back({" " + text, is_active ? active : plain});
    return line;
  }

 private:
  enum class Form : std::uint8_t { counted, number, whole };

  std::vector<std::size_t> by_interest() const {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < forms_.size(); ++i) {
      if (i != shown_.active) others.push_back(i);
    }
    const auto rank = [this](std::size_t i) {
      const RoomView& room = *shown_.rooms[i];
      return room.has_mention() ? 0 : room.unread() > 0 ? 1 : 2;
    };
    std::stable_sort(others.begin(), others.end(),
                     [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    return others;
  }

  std::string text_of(std::size_t index) const {
    const RoomView& room = *shown_.rooms[index];
    std::string text = forms_.size() > 1 ? std::to_string(index + 1) : "";
    if (forms_[index] == Form::whole) {
      text += (text.empty() ? "#" : ":#") + room.room().value();
    }
    if (index == shown_.active) return shortened(text, most_of_active_);
    if (room.unread() == 0) return text;
    return text + "(" + std::to_string(room.unread()) + (room.has_mention() ? "!" : "") + ")";
  }

  /// With whether it is the one that is shown.
  std::vector<std::pair<std::string, bool>> texts() const {
    std::vector<std::pair<std::string, bool>> texts;
    std::size_t counted = 0;
    bool has_mention = false;
    for (std::size_t i = 0; i < forms_.size(); ++i) {
      if (forms_[i] != Form::counted) {
        texts.emplace_back(text_of(i), i == shown_.active);
        continue;
      }
      ++counted;
      has_mention = has_mention || shown_.rooms[i]->has_mention();
    }
    if (counted > 0) {
      texts.emplace_back("+" + std::to_string(counted) + (has_mention ? "!" : ""), false);
    }
    return texts;
  }

  const Shown& shown_;
  std::vector<Form> forms_;
  std::size_t most_of_active_ = static_cast<std::size_t>(-1);
};

/// A part behind others; "" when nothing worth it fits.
std::string part(const std::string& text, std::size_t columns) {
  if (columns < kBetweenColumns) return {};
  const auto fitting = shortened(text, columns - kBetweenColumns);
  const bool is_worth_it = fitting == text || base::columns(fitting) >= kLeastOfPart;
  return is_worth_it ? std::string(kBetween) + fitting : std::string();
}

std::string below(const Shown& shown) {
  const auto unread = shown.rooms[shown.active]->unread();
  return unread > 0 ? shown.texts->new_below(unread) : shown.texts->more_below();
}

Texts::Names visible(Texts::Names names) {
  for (auto& name : names) name = base::visible(name);
  return names;
}

/// What is too long is cut on the right, what is too short is filled.
void fit(Line& line, std::size_t columns, Style filling) {
  std::size_t left = columns;
  bool is_full = false;
  for (Span& span : line) {
    auto text = is_full ? std::string() : cut(span.text, left);
    is_full = is_full || text.size() < span.text.size();
    left -= base::columns(text);
    span.text = std::move(text);
  }
  line.push_back({std::string(left, ' '), filling});
}

}  // namespace

Line status_line(const Shown& shown, bool is_at_end, std::size_t columns) {
  const RoomView& room = *shown.rooms[shown.active];
  Style plain;
  plain.reverse = true;
  Style marked = plain;
  marked.bold = true;
  const auto sign = is_at_end
                        ? std::string()
                        : cut(" " + below(shown) + " ", columns - std::min(columns, kLeastOfRoom));
  std::size_t left = columns - base::columns(sign);
  const auto take = [&left](std::string text) {
    left -= base::columns(text);
    return text;
  };

  Tabs tabs(shown);
  tabs.shorten(0);
  const auto link = take(part(shown.link, left - std::min(left, tabs.columns())));
  tabs.shorten(left);
  left -= std::min(left, tabs.columns());
  const auto name = take(part(base::visible(room.name()), left));
  const auto members = take(part(shown.texts->members(room.count()), left));
  left += tabs.columns();
  tabs.grow(left);
  left -= std::min(left, tabs.columns());
  const auto names = room.typing(shown.now);
  const auto typing = names.empty() ? "" : part(shown.texts->typing(visible(names)), left);

  Line line = tabs.line(plain, marked);
  line.push_back({name + members + link + typing, plain});
  fit(line, columns - base::columns(sign), plain);
  if (!sign.empty()) line.push_back({sign, marked});
  return line;
}

}  // namespace chat::tui
