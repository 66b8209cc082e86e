#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <tl/expected.hpp>

#include "chat/bench/report/report.hpp"
#include "verb.hpp"

// What the verbs of load tests share.

namespace chat::tools {

void add_bench_compare(CLI::App& bench, Run& run);
void add_bench_agent(CLI::App& bench, Run& run);

/// A report that --save has written. Errors name the file, for people.
tl::expected<bench::Report, std::string> read_report(const std::string& file);

}  // namespace chat::tools
