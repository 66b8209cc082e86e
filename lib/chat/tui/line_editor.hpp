#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/tui/key.hpp"

namespace chat::tui {

/// The line that is being written: edited by graphemes with the usual emacs keys, with what was
/// written before (Up, Down, Ctrl-R searches). Pure.
class LineEditor {
 public:
  /// True when the key meant something here.
  bool press(const Key& key);
  void insert(std::string_view text);
  /// Replaces the bytes from `begin` to the cursor.
  void replace_before_cursor(std::size_t begin, std::string_view text);
  void set(std::string text);
  /// The line, which is empty then; it is remembered unless it is empty.
  std::string take();

  const std::string& text() const noexcept { return text_; }
  /// In bytes.
  std::size_t cursor() const noexcept { return cursor_; }
  bool empty() const noexcept { return text_.empty(); }
  /// While searching: what is looked for.
  const std::optional<std::string>& search() const noexcept { return search_; }

  struct View {
    std::string text;        ///< what fits, made visible
    std::size_t cursor = 0;  ///< in columns from its begin
  };
  /// The part around the cursor that fits into `columns` (at least 2).
  View view(std::size_t columns) const;

 private:
  bool press_control(char letter);
  bool press_alt(char letter);
  bool press_in_search(const Key& key);
  void cut(std::size_t begin, std::size_t end);
  void erase(std::size_t begin, std::size_t end);
  void transpose();
  void recall(std::size_t index);
  void find_older(std::size_t from);
  std::size_t word_begin() const;
  std::size_t word_end() const;

  std::string text_;
  std::size_t cursor_ = 0;
  std::string kill_;
  std::vector<std::string> past_;
  std::size_t recalled_ = 0;  // index into past_; its size: the line itself
  std::string unfinished_;    // the line while an older one is shown
  std::optional<std::string> search_;
  std::size_t found_ = 0;
};

}  // namespace chat::tui
