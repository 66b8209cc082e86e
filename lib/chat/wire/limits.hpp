#pragma once

#include <cstddef>
#include <cstdint>

namespace chat::wire {

/// What a client may ask for. Told in `welcome.limits`; settings of the server.
struct Limits {
  std::size_t message_bytes = 1U << 20;  ///< of the JSON text of one message value
  std::size_t inflight =
      256;  ///< unacknowledged messages per connection; at most room::kDedupWindow
  double frames_per_second = 5000;  ///< per connection; 0 = unlimited
  double frames_burst = 10000;
  std::size_t history_page = 200;      ///< messages in one history answer
  std::size_t members = 200;           ///< names told in welcome and presence
  std::uint64_t resume_within_ms = 0;  ///< oldest message kept; 0 = no limit by age

  /// Largest text frame taken at all: a message at its limit in its frame, all of it escaped.
  std::size_t frame_bytes() const noexcept { return message_bytes + 4096; }
};

constexpr std::uint64_t kMaxInteger = std::uint64_t{1} << 53;  ///< n and seq are below
constexpr int kMaxNesting = 100;                               ///< of a JSON frame

}  // namespace chat::wire
