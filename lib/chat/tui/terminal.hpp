#pragma once

#include <cstddef>
#include <vector>

#include "chat/tui/frame.hpp"
#include "chat/tui/key.hpp"

namespace chat::tui {

/// The screen and the keyboard: the seam between the client and a terminal. Thread: one loop.
class Terminal {
 public:
  virtual ~Terminal() = default;
  /// All that was typed since the last call; `resize` when the size has changed.
  virtual std::vector<Key> read() = 0;
  /// Readable when `read` has something.
  virtual std::vector<int> descriptors() const = 0;
  virtual void draw(const Frame& frame) = 0;
  virtual std::size_t columns() const = 0;
  virtual std::size_t lines() const = 0;
  virtual void bell() = 0;
  /// Draws everything anew next time: something else has written on the screen.
  virtual void forget() = 0;
  /// Stops the process, with the terminal as it was, until it is continued.
  virtual void suspend() = 0;
};

}  // namespace chat::tui
