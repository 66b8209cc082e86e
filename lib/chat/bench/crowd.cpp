#include "chat/bench/crowd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace chat::bench {

std::vector<std::size_t> room_sizes(std::size_t rooms, std::size_t members, double exponent) {
  std::vector<double> weights(rooms);
  for (std::size_t i = 0; i < rooms; ++i) {
    weights[i] = std::pow(static_cast<double>(i + 1), -exponent);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  // One is everybody's; the others by weight, each room up to where the sum of those before it and
  // its own ends: what is rounded off goes to the next one.
  const auto others = static_cast<double>(rooms * (members - 1));
  std::vector<std::size_t> sizes(rooms);
  double weight = 0;
  std::size_t given = 0;
  for (std::size_t i = 0; i < rooms; ++i) {
    weight += weights[i];
    const bool is_last = i + 1 == rooms;
    const auto up_to = is_last ? rooms * (members - 1)
                               : static_cast<std::size_t>(std::llround(others * weight / sum));
    sizes[i] = 1 + up_to - given;
    given = up_to;
  }
  return sizes;
}

std::vector<RoomSize> crowd(std::size_t rooms, std::size_t members, double exponent,
                            std::size_t senders) {
  std::vector<RoomSize> all;
  all.reserve(rooms);
  for (const std::size_t size : room_sizes(rooms, members, exponent)) {
    all.push_back({size, senders == 0 ? size : std::min(senders, size)});
  }
  return all;
}

}  // namespace chat::bench
