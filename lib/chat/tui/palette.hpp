#pragma once

#include <cstdint>

#include "chat/tui/frame.hpp"

namespace chat::tui {

/// How many colours a terminal has: none, 8, 16 (and what is below 256), 256, or a number for each
/// mixture of red, green and blue.
enum class Depth : std::uint8_t { none, eight, sixteen, many, direct };

/// Bits of each part in the number of a mixture, red the highest.
struct Channels {
  int red = 8;
  int green = 8;
  int blue = 8;
};

/// `colors`: how many numbers the terminal knows for colours; `is_direct`: they are mixtures.
Depth depth_of(int colors, bool is_direct);

/// The terminal's number for a Style's `color` (1 to kAlertColor): of nearly the same hue at every
/// depth, and, where there is a choice, to be read on dark and on light ground. -1: the terminal's
/// own colour. Pure.
int number_of(std::uint8_t color, Depth depth, Channels channels = {});

}  // namespace chat::tui
