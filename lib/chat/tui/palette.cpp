#include "chat/tui/palette.hpp"

#include <array>

namespace chat::tui {
namespace {

/// One colour at each depth.
struct Tint {
  int eight;    ///< ANSI: 1 red, 2 green, 3 yellow, 4 blue, 5 magenta, 6 cyan
  int sixteen;  ///< the same, and 8 more: the bright ones
  int many;     ///< of xterm's 256
  std::uint32_t rgb;
};
/// The eight hues of the page (web/style.css, --hue-0 to --hue-7), four between them, and twelve
/// that are brighter or greyer. Each rgb stands about as far from black as from white; of few
/// colours, each is there equally often.
constexpr std::array<Tint, kColors> kNames{{
    {6, 6, 32, 0x237EA2},    // the page's 7
    {1, 1, 130, 0xC35411},   // 4
    {4, 4, 97, 0x955FB6},    // 2
    {2, 2, 28, 0x18882B},    // –
    {5, 5, 162, 0xC34A79},   // 3
    {3, 3, 136, 0x8A740D},   // 5
    {6, 14, 30, 0x11837B},   // 0
    {1, 9, 160, 0xE02D27},   // –
    {4, 12, 62, 0x5372C7},   // 1
    {2, 10, 64, 0x538224},   // 6
    {5, 13, 133, 0xBC3FBC},  // –
    {3, 11, 94, 0xA2692F},   // –
    {4, 12, 99, 0x913CFF},  {4, 4, 27, 0x0064FF}, {5, 13, 165, 0xC800FF}, {5, 5, 96, 0x82697D},
    {1, 9, 197, 0xF0006E},  {2, 2, 65, 0x6E7D64}, {1, 1, 131, 0xAA5A5A},  {6, 6, 66, 0x647D91},
    {2, 10, 29, 0x008C5F},  {3, 3, 95, 0x91735F}, {6, 14, 31, 0x007DC3},  {3, 11, 101, 0x826E41},
}};
constexpr Tint kAlert{1, 1, 160, 0xE50000};

/// The upper bits of one part of `rgb`.
int part(std::uint32_t rgb, unsigned shift, int bits) {
  const auto value = static_cast<int>((rgb >> shift) & 0xFFU);
  return bits >= 8 ? value << (bits - 8) : value >> (8 - bits);
}

int mixture(std::uint32_t rgb, Channels channels) {
  return part(rgb, 16, channels.red) << (channels.green + channels.blue) |
         part(rgb, 8, channels.green) << channels.blue | part(rgb, 0, channels.blue);
}

}  // namespace

Depth depth_of(int colors, bool is_direct) {
  if (colors < 8) return Depth::none;
  if (is_direct) return Depth::direct;
  if (colors < 16) return Depth::eight;
  return colors < 256 ? Depth::sixteen : Depth::many;
}

int number_of(std::uint8_t color, Depth depth, Channels channels) {
  if (color == 0 || color > kAlertColor) return -1;
  const Tint& tint = color == kAlertColor ? kAlert : kNames[color - 1U];
  switch (depth) {
    case Depth::none: return -1;
    case Depth::eight: return tint.eight;
    case Depth::sixteen: return tint.sixteen;
    case Depth::many: return tint.many;
    case Depth::direct: return mixture(tint.rgb, channels);
  }
  return -1;
}

}  // namespace chat::tui
