#include "chat/config/serve_config.hpp"

#include <algorithm>

namespace chat::config {
namespace {

constexpr std::size_t kMostWorkers = 64;
constexpr std::size_t kMostInflight = 256;  // room::kDedupWindow: what is remembered of a client

bool is_origin(const std::string& text) {
  if (text == "*") return true;
  const auto scheme = text.find("://");
  return scheme != std::string::npos && scheme > 0 && scheme + 3 < text.size() &&
         text.find('/', scheme + 3) == std::string::npos;
}

/// What is wrong with a time: 1 ms to 365 days are good, and 0 where it `may_be_none`; empty when
/// nothing is.
std::string problem_of_time(const char* option, std::chrono::milliseconds time, bool may_be_none) {
  constexpr std::chrono::milliseconds kMost = std::chrono::hours(24 * 365);
  const auto count = time.count();
  if (count <= kMost.count() && count >= (may_be_none ? 0 : 1)) return {};
  return std::string(option) + (may_be_none ? ": 0 to 365d" : ": 1ms to 365d");
}

std::string problem_of_times(const ServeConfig& config) {
  struct Time {
    const char* option;
    std::chrono::milliseconds value;
    bool may_be_none = false;
  };
  for (const auto& [option, value, may_be_none] : {
           Time{"--history-max-age", config.history_max_age, true},
           Time{"--presence-lease", config.presence_lease},
           Time{"--handshake-timeout", config.handshake_timeout},
           Time{"--hello-timeout", config.hello_timeout},
           Time{"--ping-interval", config.ping_interval},
           Time{"--ping-timeout", config.ping_timeout},
           Time{"--stall-timeout", config.stall_timeout},
           Time{"--drain-timeout", config.drain_timeout, true},
           Time{"--drain-spread", config.drain_spread, true},
       }) {
    if (auto problem = problem_of_time(option, value, may_be_none); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

}  // namespace

std::string problem_of(const ServeConfig& config) {
  if (config.listen.empty()) return "--listen: give at least one address";
  if (config.workers > kMostWorkers) return "--workers: at most 64";
  for (const auto& origin : config.allow_origin) {
    if (!is_origin(origin)) {
      return "--allow-origin: \"" + origin +
             "\" is not an origin; write SCHEME://HOST[:PORT] without a path, or *";
    }
  }
  if (config.layer == Layer::channels && config.broker == "local") {
    return "--layer: channels needs --broker amqp://HOST/VHOST, the vhost of the Django nodes";
  }
  if (config.presence_lease < std::chrono::seconds(1)) return "--presence-lease: at least 1s";
  if (config.limits.message_bytes < 1) return "--max-message-bytes: at least 1";
  if (config.limits.inflight < 1 || config.limits.inflight > kMostInflight) {
    return "--max-inflight: 1 to 256";
  }
  if (config.max_outbox_bytes < 4096) return "--max-outbox-bytes: at least 4096";
  if (config.max_head_bytes < 512) return "--max-head-bytes: at least 512";
  if (config.max_rooms < 1) return "--max-rooms: at least 1";
  if (config.limits.history_page < 1) return "--max-history-page: at least 1";
  if (config.limits.frames_per_second < 0) return "--max-frames-per-second: 0 (unlimited) or more";
  return problem_of_times(config);
}

std::size_t worker_count(const ServeConfig& config, unsigned cores) noexcept {
  if (config.workers > 0) return config.workers;
  return std::clamp<std::size_t>(cores > 1 ? cores - 1 : 1, 1, 4);
}

}  // namespace chat::config
