#include "chat/bench/run/server_use.hpp"

#include <charconv>
#include <cmath>

#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

using Failure = tl::unexpected<std::string>;
using Number = tl::expected<std::optional<double>, std::string>;

constexpr std::string_view kCpu = "process_cpu_seconds_total";
constexpr std::string_view kUser = "process_cpu_user_seconds_total";
constexpr std::string_view kSystem = "process_cpu_system_seconds_total";
constexpr std::string_view kMemory = "process_resident_memory_bytes";
constexpr std::string_view kVoluntary = "process_voluntary_context_switches_total";
constexpr std::string_view kInvoluntary = "process_involuntary_context_switches_total";
constexpr double kMost = 1e18;  ///< seconds, bytes or switches: no process has more
constexpr std::size_t kShownBytes = 60;

std::string_view without_spaces(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// What is behind {a="b",c="d"}; nullopt when that has no end. A value may have any character, a
/// quote or a backslash behind a backslash.
std::optional<std::string_view> without_labels(std::string_view text) {
  if (text.empty() || text.front() != '{') return text;
  bool is_quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (text[i] == '}' && !is_quoted) {
      return text.substr(i + 1);
    }
  }
  return std::nullopt;
}

/// The value of a sample; a time may follow it. nullopt when it is none.
std::optional<double> value_of(std::string_view rest) {
  const auto behind = without_labels(rest);
  if (!behind) return std::nullopt;
  auto word = without_spaces(*behind);
  word = word.substr(0, word.find_first_of(" \t\r"));
  if (!word.empty() && word.front() == '+') word.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return std::nullopt;
  return value;
}

/// The sum of a metric's samples; nullopt when there is none.
Number sum_of(std::string_view text, std::string_view name) {
  std::optional<double> sum;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    const auto sample = without_spaces(line);
    if (sample.substr(0, name.size()) != name) continue;
    const auto rest = sample.substr(name.size());
    if (rest.empty() || std::string_view("{ \t").find(rest.front()) == std::string_view::npos) {
      continue;  // a longer name
    }
    const auto value = value_of(without_spaces(rest));
    // Not a number is neither less nor more.
    if (!value || !(*value >= 0 && *value <= kMost)) {
      return Failure("of no use is \"" + base::escape_for_log(sample, kShownBytes) + "\"");
    }
    sum = sum.value_or(0) + *value;
  }
  return sum;
}

Number must_have(std::string_view text, std::string_view name) {
  auto sum = sum_of(text, name);
  if (!sum || *sum) return sum;
  return Failure("there is no " + std::string(name) + "; what is wanted is " + std::string(kCpu) +
                 " and " + std::string(kMemory));
}

tl::expected<std::optional<std::uint64_t>, std::string> count_of(std::string_view text,
                                                                 std::string_view name) {
  const auto sum = sum_of(text, name);
  if (!sum) return Failure(sum.error());
  if (!*sum) return std::nullopt;
  return static_cast<std::uint64_t>(**sum);
}

template <typename Value>
void add_known(std::optional<Value>& sum, const std::optional<Value>& other) {
  if (sum && other) {
    *sum += *other;
  } else {
    sum.reset();
  }
}

}  // namespace

void ServerUse::add(const ServerUse& other) {
  cpu_s += other.cpu_s;
  rss_bytes += other.rss_bytes;
  add_known(user_s, other.user_s);
  add_known(system_s, other.system_s);
  add_known(voluntary_switches, other.voluntary_switches);
  add_known(involuntary_switches, other.involuntary_switches);
}

tl::expected<ServerUse, std::string> use_of_exposition(std::string_view text) {
  const auto cpu = must_have(text, kCpu);
  if (!cpu) return Failure(cpu.error());
  const auto memory = must_have(text, kMemory);
  if (!memory) return Failure(memory.error());
  const auto user = sum_of(text, kUser);
  if (!user) return Failure(user.error());
  const auto system = sum_of(text, kSystem);
  if (!system) return Failure(system.error());
  const auto voluntary = count_of(text, kVoluntary);
  if (!voluntary) return Failure(voluntary.error());
  const auto involuntary = count_of(text, kInvoluntary);
  if (!involuntary) return Failure(involuntary.error());
  ServerUse use;
  use.cpu_s = **cpu;
  use.rss_bytes = static_cast<std::uint64_t>(**memory);
  use.user_s = *user;
  use.system_s = *system;
  use.voluntary_switches = *voluntary;
  use.involuntary_switches = *involuntary;
  return use;
}

}  // namespace chat::bench
