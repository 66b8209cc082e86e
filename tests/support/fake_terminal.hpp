#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chat/tui/terminal.hpp"

namespace chat::tests {

/// A terminal that keeps what was drawn last, and has typed what the test puts into `typed`.
class FakeTerminal final : public tui::Terminal {
 public:
  explicit FakeTerminal(std::size_t columns = 70, std::size_t lines = 16)
      : columns_(columns), lines_(lines) {}

  std::vector<tui::Key> read() override { return std::exchange(typed, {}); }
  std::vector<int> descriptors() const override { return {}; }
  void draw(const tui::Frame& drawn) override { frame = drawn; }
  std::size_t columns() const override { return columns_; }
  std::size_t lines() const override { return lines_; }
  void bell() override { ++bells; }
  void forget() override { ++redraws; }
  void suspend() override { ++suspends; }

  /// The text of the screen, a line break behind each line.
  std::string screen() const {
    std::string text;
    for (const auto& line : frame.lines) {
      for (const auto& span : line) text += span.text;
      text += "\n";
    }
    return text;
  }

  std::vector<tui::Key> typed;
  tui::Frame frame;
  int bells = 0;
  int redraws = 0;
  int suspends = 0;

 private:
  const std::size_t columns_;
  const std::size_t lines_;
};

}  // namespace chat::tests
