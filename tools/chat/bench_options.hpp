#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/bench/run/plan.hpp"

namespace chat::tools {

/// What `chat bench SCENARIO` is told. What is not given is the scenario's own (bench::plan_for).
struct BenchOptions {
  std::string scenario;

  std::vector<std::string> urls{"ws://localhost:8000"};
  std::string dialect = "chat.v1";
  std::string path;
  std::string app_key;
  std::string app_secret_file;

  std::optional<std::size_t> rooms;
  std::optional<std::size_t> members;
  std::optional<std::size_t> senders;
  std::optional<double> zipf;
  std::optional<double> rate;
  std::optional<std::size_t> saturate;
  std::optional<std::string> arrivals;
  std::optional<std::string> payload;
  std::optional<std::chrono::milliseconds> warm_up;
  std::optional<std::chrono::milliseconds> duration;
  std::optional<double> connect_rate;
  std::size_t handshakes = 256;
  bool speak = false;
  std::optional<double> affected;  ///< a share of 1
  std::optional<std::chrono::milliseconds> away;
  std::optional<std::chrono::milliseconds> every;
  std::uint64_t seed = 1;

  std::size_t repeats = 5;
  std::size_t processes = 1;
  std::vector<std::string> agents;
  std::string token_file;

  std::vector<int> pids;
  std::vector<std::string> metrics;

  std::vector<std::string> slo;
  std::string find_max;
  std::string baseline;
  double confidence = 0.95;
  double tolerance = 0.05;

  std::string output = "text";
  std::optional<std::string> save;
  std::string progress = "auto";
};

void add_bench_options(CLI::App& verb, const std::shared_ptr<BenchOptions>& options);

/// What they ask for, as a plan; what is wrong with them, for people. The plan's dialect options
/// have no secret yet.
tl::expected<bench::Plan, std::string> plan_of(const BenchOptions& options);

}  // namespace chat::tools
