#include "chat/tui/line_editor.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/text.hpp"

namespace chat::tui {
namespace {

constexpr std::size_t kMostPast = 500;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n'; }

}  // namespace

bool LineEditor::press(const Key& key) {
  if (search_) return press_in_search(key);
  switch (key.kind) {
    case Key::Kind::text:
    case Key::Kind::paste: insert(key.text); return true;
    case Key::Kind::control: return press_control(key.letter);
    case Key::Kind::alt: return press_alt(key.letter);
    case Key::Kind::backspace: erase(base::grapheme_begin(text_, cursor_), cursor_); return true;
    case Key::Kind::remove: erase(cursor_, base::grapheme_end(text_, cursor_)); return true;
    case Key::Kind::left: cursor_ = base::grapheme_begin(text_, cursor_); return true;
    case Key::Kind::right: cursor_ = base::grapheme_end(text_, cursor_); return true;
    case Key::Kind::home: cursor_ = 0; return true;
    case Key::Kind::end: cursor_ = text_.size(); return true;
    case Key::Kind::up:
      if (recalled_ > 0) recall(recalled_ - 1);
      return true;
    case Key::Kind::down:
      if (recalled_ < past_.size()) recall(recalled_ + 1);
      return true;
    default: return false;
  }
}

bool LineEditor::press_control(char letter) {
  switch (letter) {
    case 'a': cursor_ = 0; return true;
    case 'e': cursor_ = text_.size(); return true;
    case 'b': cursor_ = base::grapheme_begin(text_, cursor_); return true;
    case 'f': cursor_ = base::grapheme_end(text_, cursor_); return true;
    case 'd': erase(cursor_, base::grapheme_end(text_, cursor_)); return true;
    case 'h': erase(base::grapheme_begin(text_, cursor_), cursor_); return true;
    case 'k': cut(cursor_, text_.size()); return true;
    case 'u': cut(0, cursor_); return true;
    case 'w': cut(word_begin(), cursor_); return true;
    case 'y': insert(kill_); return true;
    case 't': transpose(); return true;
    case 'p':
      if (recalled_ > 0) recall(recalled_ - 1);
      return true;
    case 'n':
      if (recalled_ < past_.size()) recall(recalled_ + 1);
      return true;
    case 'r':
      search_.emplace();
      found_ = past_.size();
      return true;
    default: return false;
  }
}

bool LineEditor::press_alt(char letter) {
  switch (letter) {
    case 'b': cursor_ = word_begin(); return true;
    case 'f': cursor_ = word_end(); return true;
    case 'd': cut(cursor_, word_end()); return true;
    case '\x7f':
    case '\b': cut(word_begin(), cursor_); return true;
    default:
      // Alt that means nothing: more likely an Esc right before what is typed.
      if (letter < ' ' || letter > '~') return false;
      insert(std::string_view(&letter, 1));
      return true;
  }
}

/// Ctrl-R once more looks further back; Ctrl-G and Esc give up; any other key takes what was found.
bool LineEditor::press_in_search(const Key& key) {
  const bool is_again = key.kind == Key::Kind::control && key.letter == 'r';
  const bool gives_up = key.kind == Key::Kind::escape || (key.kind == Key::Kind::control &&
                                                          (key.letter == 'g' || key.letter == 'c'));
  if (key.kind == Key::Kind::text) {
    *search_ += key.text;
    find_older(past_.size());
  } else if (key.kind == Key::Kind::backspace) {
    search_->erase(base::grapheme_begin(*search_, search_->size()));
    find_older(past_.size());
  } else if (is_again) {
    find_older(found_);
  } else {
    search_.reset();
    if (gives_up) set({});
    return gives_up || press(key);
  }
  return true;
}

void LineEditor::find_older(std::size_t from) {
  for (std::size_t i = from; i > 0; --i) {
    if (past_[i - 1].find(*search_) == std::string::npos) continue;
    found_ = i - 1;
    text_ = past_[found_];
    cursor_ = text_.size();
    return;
  }
}

// ---- changes

void LineEditor::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
}

void LineEditor::replace_before_cursor(std::size_t begin, std::string_view text) {
  erase(begin, cursor_);
  insert(text);
}

void LineEditor::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
  recalled_ = past_.size();
  search_.reset();
}

std::string LineEditor::take() {
  std::string line = std::exchange(text_, {});
  cursor_ = 0;
  search_.reset();
  const bool is_new = !line.empty() && (past_.empty() || past_.back() != line);
  if (is_new) past_.push_back(line);
  if (past_.size() > kMostPast) past_.erase(past_.begin());
  recalled_ = past_.size();
  unfinished_.clear();
  return line;
}

void LineEditor::erase(std::size_t begin, std::size_t end) {
  text_.erase(begin, end - begin);
  cursor_ = begin;
}

void LineEditor::cut(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  kill_ = text_.substr(begin, end - begin);
  erase(begin, end);
}

void LineEditor::transpose() {
  if (cursor_ == 0 || text_.empty()) return;
  if (cursor_ == text_.size()) cursor_ = base::grapheme_begin(text_, cursor_);
  if (cursor_ == 0) return;
  const auto begin = base::grapheme_begin(text_, cursor_);
  const auto end = base::grapheme_end(text_, cursor_);
  std::rotate(text_.begin() + static_cast<std::ptrdiff_t>(begin),
              text_.begin() + static_cast<std::ptrdiff_t>(cursor_),
              text_.begin() + static_cast<std::ptrdiff_t>(end));
  cursor_ = end;
}

void LineEditor::recall(std::size_t index) {
  if (recalled_ == past_.size()) unfinished_ = text_;
  recalled_ = index;
  text_ = index == past_.size() ? unfinished_ : past_[index];
  cursor_ = text_.size();
}

std::size_t LineEditor::word_begin() const {
  std::size_t at = cursor_;
  while (at > 0 && is_blank(text_[at - 1])) --at;
  while (at > 0 && !is_blank(text_[at - 1])) --at;
  return at;
}

std::size_t LineEditor::word_end() const {
  std::size_t at = cursor_;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  while (at < text_.size() && !is_blank(text_[at])) ++at;
  return at;
}

// ---- how it looks

LineEditor::View LineEditor::view(std::size_t columns) const {
  // As much as fits before the cursor, then what is behind it.
  const std::size_t most = std::max<std::size_t>(columns, 2) - 1;
  View view;
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < cursor_; at = base::grapheme_end(text_, at)) begins.push_back(at);
  std::size_t begin = cursor_;
  for (; !begins.empty(); begins.pop_back()) {
    const auto before = begins.back();
    const auto width = base::columns(base::visible(text_.substr(before, begin - before)));
    if (view.cursor + width > most) break;
    view.cursor += width;
    begin = before;
  }
  std::size_t used = view.cursor;
  view.text = base::visible(text_.substr(begin, cursor_ - begin));
  for (std::size_t at = cursor_; at < text_.size();) {
    const auto end = base::grapheme_end(text_, at);
    const auto piece = base::visible(text_.substr(at, end - at));
    used += base::columns(piece);
    if (used > columns) break;
    view.text += piece;
    at = end;
  }
  return view;
}

}  // namespace chat::tui
