#pragma once

#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "chat/bench/descriptor.hpp"

namespace perf {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

inline std::uint64_t now_ns() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// What a system call has just left in `errno`, as an exception.
inline std::runtime_error system_failure(const std::string& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

using chat::bench::Descriptor;
using chat::bench::raise_file_limit;

}  // namespace perf
