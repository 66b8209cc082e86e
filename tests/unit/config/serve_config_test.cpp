#include "chat/config/serve_config.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace chat::tests {
namespace {

using config::problem_of;
using config::ServeConfig;
using config::worker_count;

struct Setting {
  std::string option;  // what the problem starts with; empty: there is none
  std::function<void(ServeConfig&)> set;
};

TEST_CASE("config: the defaults have no problem", "[config]") {
  CHECK(problem_of(ServeConfig()).empty());
}

TEST_CASE("config: each bad value is told with its option, in one line", "[config]") {
  const std::vector<Setting> settings{
      {"--listen", [](auto& config) { config.listen.clear(); }},
      {"--workers", [](auto& config) { config.workers = 65; }},
      {"--allow-origin", [](auto& config) { config.allow_origin = {"chat.example"}; }},
      {"--allow-origin",
       [](auto& config) {
         config.allow_origin = {"*", ""};
       }},
      {"--allow-origin", [](auto& config) { config.allow_origin = {"://chat.example"}; }},
      {"--allow-origin", [](auto& config) { config.allow_origin = {"https://"}; }},
      {"--allow-origin", [](auto& config) { config.allow_origin = {"https://chat.example/"}; }},
      {"--layer", [](auto& config) { config.layer = config::Layer::channels; }},
      {"--max-message-bytes", [](auto& config) { config.limits.message_bytes = 0; }},
      {"--max-inflight", [](auto& config) { config.limits.inflight = 0; }},
      {"--max-inflight", [](auto& config) { config.limits.inflight = 257; }},
      {"--max-outbox-bytes", [](auto& config) { config.max_outbox_bytes = 4095; }},
      {"--max-head-bytes", [](auto& config) { config.max_head_bytes = 511; }},
      {"--max-rooms", [](auto& config) { config.max_rooms = 0; }},
      {"--max-history-page", [](auto& config) { config.limits.history_page = 0; }},
      {"--max-frames-per-second", [](auto& config) { config.limits.frames_per_second = -1; }},
  };
  for (const auto& setting : settings) {
    CAPTURE(setting.option);
    ServeConfig config;
    setting.set(config);
    const auto problem = problem_of(config);
    CHECK(problem.rfind(setting.option + ": ", 0) == 0);
    CHECK(problem.find('\n') == std::string::npos);
  }
}

TEST_CASE("config: the values at the bounds are good", "[config]") {
  const std::vector<std::function<void(ServeConfig&)>> settings{
      [](auto& config) { config.workers = 64; },
      [](auto& config) { config.allow_origin = {"*"}; },
      [](auto& config) {
        config.allow_origin = {"https://chat.example", "http://[::1]:8080"};
      },
      [](auto& config) { config.limits.message_bytes = 1; },
      [](auto& config) { config.limits.inflight = 1; },
      [](auto& config) { config.limits.inflight = 256; },
      [](auto& config) { config.max_outbox_bytes = 4096; },
      [](auto& config) { config.max_head_bytes = 512; },
      [](auto& config) { config.max_rooms = 1; },
      [](auto& config) { config.limits.history_page = 1; },
      [](auto& config) { config.limits.frames_per_second = 0; },
      [](auto& config) { config.max_connections = 0; },
      [](auto& config) { config.max_connections_per_address = 0; },
      [](auto& config) { config.history_max_messages = 0; },
  };
  for (const auto& set : settings) {
    ServeConfig config;
    set(config);
    CHECK(problem_of(config).empty());
  }
}

TEST_CASE("config: times are 1 ms to 365 days, and 0 where that means something", "[config]") {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using Time = milliseconds ServeConfig::*;
  const auto [option, time, least] = GENERATE(table<std::string, Time, int>({
      {"--history-max-age", &ServeConfig::history_max_age, 0},
      {"--handshake-timeout", &ServeConfig::handshake_timeout, 1},
      {"--hello-timeout", &ServeConfig::hello_timeout, 1},
      {"--ping-interval", &ServeConfig::ping_interval, 1},
      {"--ping-timeout", &ServeConfig::ping_timeout, 1},
      {"--stall-timeout", &ServeConfig::stall_timeout, 1},
      {"--drain-timeout", &ServeConfig::drain_timeout, 0},
      {"--drain-spread", &ServeConfig::drain_spread, 0},
  }));
  CAPTURE(option);
  const auto problem = [time = time](milliseconds value) {
    ServeConfig config;
    config.*time = value;
    return problem_of(config);
  };
  const milliseconds most = hours(24 * 365);
  CHECK(problem(milliseconds(least)).empty());
  CHECK(problem(most).empty());
  for (const auto bad :
       {milliseconds(least - 1), most + milliseconds(1), milliseconds(hours(24) * 999'999'999LL)}) {
    CHECK(problem(bad).rfind(option + ": ", 0) == 0);
  }
}

TEST_CASE("config: a problem shows the value that it is about", "[config]") {
  ServeConfig config;
  config.allow_origin = {"https://good.example", "bad.example"};
  CHECK(problem_of(config).find("\"bad.example\"") != std::string::npos);
}

TEST_CASE("config: one worker less than there are cores, one to four", "[config]") {
  const auto [cores, workers] = GENERATE(table<unsigned, std::size_t>({
      {0, 1},  // not known
      {1, 1},
      {2, 1},
      {3, 2},
      {5, 4},
      {64, 4},
  }));
  CAPTURE(cores);
  CHECK(worker_count(ServeConfig(), cores) == workers);
}

TEST_CASE("config: as many workers as asked for, whatever the machine has", "[config]") {
  ServeConfig config;
  config.workers = 7;
  CHECK(worker_count(config, 1) == 7);
  CHECK(worker_count(config, 64) == 7);
}

}  // namespace
}  // namespace chat::tests
