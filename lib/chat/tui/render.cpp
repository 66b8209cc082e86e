#include "chat/tui/render.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"
#include "chat/tui/fit.hpp"
#include "chat/tui/status_line.hpp"

namespace chat::tui {
namespace {

constexpr std::size_t kLeastColumns = 10;
constexpr std::size_t kLeastLines = 3;
constexpr std::size_t kMostIndent = 24;
/// Of one message; the rest is behind "…".
constexpr std::size_t kMostLinesOfMessage = 200;

Style dim() {
  Style style;
  style.dim = true;
  return style;
}

bool is_one_of(std::string_view grapheme, std::string_view graphemes) {
  return !grapheme.empty() && graphemes.find(grapheme) != std::string_view::npos;
}

/// Whether a line may end between two graphemes: at wide ones (scripts without spaces), but neither
/// before what closes nor behind what opens.
bool may_part(std::string_view before, std::string_view after) {
  constexpr std::string_view kOpening = "（「『《〈【〔";
  constexpr std::string_view kClosing = "，。、；：！？）」』》〉】〕…—,.;:!?)";
  const bool is_wide = base::grapheme_columns(before) == 2 || base::grapheme_columns(after) == 2;
  return is_wide && !is_one_of(before, kOpening) && !is_one_of(after, kClosing);
}

/// Spans cut into lines that fit, at spaces where there are some; later lines are indented.
class Wrapper {
 public:
  Wrapper(std::size_t columns, std::size_t indent) : columns_(columns), indent_(indent) {}

  void add(const std::string& text, Style style) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = word_end(text, at);
      add_word(text.substr(at, end - at), style);
      at = end;
    }
  }
  void break_line() {
    lines_.emplace_back();
    used_ = indent_;
    if (indent_ > 0) lines_.back().push_back({std::string(indent_, ' '), {}});
  }
  std::vector<Line> take() { return std::move(lines_); }

 private:
  /// A word with the spaces behind it.
  static std::size_t word_end(const std::string& text, std::size_t at) {
    const std::string_view all = text;
    std::size_t begin = at;
    for (auto end = base::grapheme_end(all, at); end < all.size();) {
      const auto next = base::grapheme_end(all, end);
      const bool was_space = all[begin] == ' ';
      const bool is_space = all[end] == ' ';
      if (was_space && !is_space) return end;
      if (!is_space && may_part(all.substr(begin, end - begin), all.substr(end, next - end)))
        return end;
      begin = end;
      end = next;
    }
    return all.size();
  }

  void add_word(const std::string& word, Style style) {
    const auto bare = word.substr(0, word.find_last_not_of(' ') + 1);
    const auto width = base::columns(bare);
    const bool fits = used_ + width <= columns_;
    if (!fits && used_ > indent_ && indent_ + width <= columns_) break_line();
    for (std::size_t at = 0; at < word.size();) {
      const auto end = base::grapheme_end(word, at);
      add_grapheme(word.substr(at, end - at), style);
      at = end;
    }
  }

  void add_grapheme(const std::string& grapheme, Style style) {
    const auto width = base::grapheme_columns(grapheme);
    if (used_ + width > columns_) {
      if (grapheme == " ") return;  // at the line's end
      break_line();
    }
    if (lines_.back().empty() || !(lines_.back().back().style == style)) {
      lines_.back().push_back({"", style});
    }
    lines_.back().back().text += grapheme;
    used_ += width;
  }

  const std::size_t columns_;
  const std::size_t indent_;
  std::vector<Line> lines_{Line()};
  std::size_t used_ = 0;
};

/// A question with its answers behind it; what is too long of the question is cut.
std::string asked(const std::string& question, const std::string& answers, std::size_t columns) {
  const auto behind = cut(answers, columns);
  const auto left = columns - base::columns(behind);
  if (base::columns(question) <= left) return question + behind;
  const std::string mark = "… ";
  const bool has_room = left > base::columns(mark);
  return (has_room ? cut(question, left - base::columns(mark)) + mark : "") + behind;
}

template <class Names>
Texts::Names visible(const Names& names) {
  Texts::Names shown;
  for (const auto& name : names) shown.push_back(base::visible(name));
  return shown;
}

/// The lines of a text as its sender broke them.
std::vector<std::string> broken(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find('\n', begin);
    auto line = text.substr(begin, end == std::string::npos ? end : end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::string spaced;
    for (const char c : line) spaced += c == '\t' ? std::string("    ") : std::string(1, c);
    lines.push_back(base::visible(spaced));
    if (end == std::string::npos) return lines;
    begin = end + 1;
  }
}

class Painter {
 public:
  Painter(const Shown& shown, std::size_t columns) : shown_(shown), columns_(columns) {}

  std::vector<Line> paint(const Row& row) const {
    switch (row.kind) {
      case Row::Kind::message:
      case Row::Kind::pending:
      case Row::Kind::failed: return paint_message(row);
      case Row::Kind::gap: return {ruled(gap_text(row), columns_, alert())};
      case Row::Kind::presence:
        return paint_notice(texts().came_and_went(visible(row.joined), visible(row.left)));
      case Row::Kind::renamed: return paint_notice(texts().renamed(row.name, row.text));
      case Row::Kind::notice: return paint_notice(row.text);
    }
    return {};
  }

 private:
  const Texts& texts() const { return *shown_.texts; }

  std::string gap_text(const Row& row) const {
    return row.is_replaced ? texts().replaced() : texts().trimmed();
  }

  std::vector<Line> paint_notice(const std::string& text) const {
    Wrapper wrapper(columns_, 2);
    const auto lines = broken(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) wrapper.break_line();
      wrapper.add((i == 0 ? "· " : "") + lines[i], dim());
    }
    return wrapper.take();
  }

  static Style alert() {
    Style style;
    style.color = kAlertColor;
    style.bold = true;
    return style;
  }

  std::vector<Line> paint_message(const Row& row) const {
    const auto name = base::visible(row.name);
    const auto clock = columns_ >= 40 ? shown_.clock(row.at) + " " : std::string();
    const auto prefix = clock + (row.is_action ? "* " : "") + name + (row.is_action ? " " : "  ");
    const auto indent = std::min({base::columns(prefix), kMostIndent, columns_ / 3});
    Wrapper wrapper(columns_, indent);
    Style of_name;
    of_name.color = color_of(row.name);
    of_name.bold = row.is_own;
    wrapper.add(clock, dim());
    if (row.is_action) wrapper.add("* ", {});
    wrapper.add(name, of_name);
    wrapper.add(row.is_action ? " " : "  ", {});
    Style of_text;
    if (row.is_mention) of_text = alert();
    if (row.kind == Row::Kind::pending) of_text.dim = true;
    if (row.kind == Row::Kind::failed) of_text.color = kAlertColor;
    const auto lines = broken(row.text);
    for (std::size_t i = 0; i < lines.size() && i < kMostLinesOfMessage; ++i) {
      if (i > 0) wrapper.break_line();
      add_text(wrapper, lines[i], of_text);
    }
    if (lines.size() > kMostLinesOfMessage) {
      wrapper.break_line();
      wrapper.add(texts().more_lines(lines.size() - kMostLinesOfMessage), dim());
    }
    const auto way = way_of(row);
    if (!way.empty()) wrapper.add("  " + way, dim());
    if (row.kind == Row::Kind::failed) {
      wrapper.add("  " + texts().not_sent(base::visible(row.note)), alert());
    }
    return wrapper.take();
  }

  std::string way_of(const Row& row) const {
    if (row.kind != Row::Kind::pending || row.way == Row::Way::acknowledged) return {};
    return row.way == Row::Way::sending ? texts().sending() : texts().not_sent_yet();
  }

  /// With what a search looks for marked.
  void add_text(Wrapper& wrapper, const std::string& text, Style style) const {
    std::size_t at = 0;
    while (!shown_.found.empty()) {
      const auto found = text.find(shown_.found, at);
      if (found == std::string::npos) break;
      wrapper.add(text.substr(at, found - at), style);
      Style marked = style;
      marked.reverse = true;
      wrapper.add(shown_.found, marked);
      at = found + shown_.found.size();
    }
    wrapper.add(text.substr(at), style);
  }

  const Shown& shown_;
  const std::size_t columns_;
};

}  // namespace

std::uint8_t color_of(const std::string& name) {
  const auto folded = base::fold_case(name);
  return static_cast<std::uint8_t>(1 + base::stable_hash(folded ? *folded : name) % kColors);
}

Rendered render(const Shown& shown, std::size_t columns, std::size_t lines) {
  columns = std::max(columns, kLeastColumns);
  lines = std::max(lines, kLeastLines);
  const std::size_t height = lines - 2;
  Rendered rendered;
  const RoomView& room = *shown.rooms[shown.active];
  const Painter painter(shown, columns);
  Viewport viewport(
      room, {[&](const Row& row) { return painter.paint(row); }, shown.day, shown.texts, columns});
  rendered.view = viewport.view(shown.top, shown.up, height);
  Frame& frame = rendered.frame;
  frame.lines = std::exchange(rendered.view.lines, {});
  frame.lines.insert(frame.lines.begin(), height - frame.lines.size(), Line());
  frame.lines.push_back(status_line(shown, rendered.view.is_at_end, columns));
  frame.cursor_line = lines - 1;
  if (!shown.question.empty()) {
    Style style;
    style.bold = true;
    const auto question = asked(shown.question, shown.answers, columns - 1);
    frame.cursor_column = base::columns(question);
    frame.lines.push_back({{question, style}});
    return rendered;
  }
  std::string prompt = "> ";
  if (const auto& search = shown.editor->search()) {
    const auto around = base::columns(shown.texts->search_prompt({}));
    const auto wanted = tail(base::visible(*search), columns / 2 - std::min(around, columns / 2));
    prompt = cut(shown.texts->search_prompt(wanted), columns / 2);
  }
  const auto view = shown.editor->view(columns - base::columns(prompt));
  frame.cursor_column = std::min(base::columns(prompt) + view.cursor, columns - 1);
  frame.lines.push_back({{prompt, dim()}, {view.text, {}}});
  return rendered;
}

}  // namespace chat::tui
