#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace chat::bench {

/// What a server has used since it started, and its memory now; nullopt: its source does not know.
struct ServerUse {
  double cpu_s = 0;
  std::optional<double> user_s;  ///< of cpu_s, about, as the next
  std::optional<double> system_s;
  std::uint64_t rss_bytes = 0;
  std::optional<std::uint64_t> voluntary_switches;
  std::optional<std::uint64_t> involuntary_switches;

  /// Adds another process's. Only what both know is known of the sum.
  void add(const ServerUse& other);
};

/// What a server of any make says of its process in Prometheus' text format
/// (https://prometheus.io/docs/instrumenting/exposition_formats/), also in OpenMetrics':
/// process_cpu_seconds_total and process_resident_memory_bytes, which must be there; and, where
/// they are, process_cpu_user_seconds_total, process_cpu_system_seconds_total and
/// process_(in)voluntary_context_switches_total. Several samples of a name, which differ in labels,
/// are summed; all else is skipped, whatever it is. Fails with what is missing or no such number,
/// for people. Pure.
tl::expected<ServerUse, std::string> use_of_exposition(std::string_view text);

}  // namespace chat::bench
