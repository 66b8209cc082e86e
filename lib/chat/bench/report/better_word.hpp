#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// How saved reports name which way is an improvement.
constexpr std::array<std::pair<Figure::Better, std::string_view>, 4> kBetterWords{{
    {Figure::Better::lower, "lower"},
    {Figure::Better::higher, "higher"},
    {Figure::Better::neither, "neither"},
    {Figure::Better::zero, "zero"},
}};

constexpr std::string_view word_of(Figure::Better better) noexcept {
  for (const auto& [value, word] : kBetterWords) {
    if (value == better) return word;
  }
  return {};
}

}  // namespace chat::bench
