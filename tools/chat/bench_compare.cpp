#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench.hpp"
#include "chat/bench/report/comparison.hpp"
#include "chat/bench/report/comparison_html.hpp"
#include "chat/bench/report/comparison_json.hpp"
#include "chat/bench/report/comparison_text.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "settings.hpp"

namespace chat::tools {
namespace {

constexpr const char* kCommand = "chat bench compare";

struct CompareOptions {
  std::vector<std::string> files;
  std::string output = "text";
  bench::CompareOptions bounds;
};

int compare(const CompareOptions& options) {
  std::vector<bench::ComparedRun> runs;
  for (const auto& file : options.files) {
    auto report = read_report(file);
    if (!report) {
      std::fprintf(stderr, "%s: %s\n", kCommand, report.error().c_str());
      return kExitUsage;
    }
    runs.push_back({file, std::move(*report)});
  }
  const auto comparison = bench::compare(runs, options.bounds);
  if (options.output == "json") return print(kCommand, bench::comparison_json(comparison) + "\n");
  if (options.output == "html") return print(kCommand, bench::comparison_html(runs, comparison));
  return print(kCommand, bench::comparison_text(comparison));
}

}  // namespace

void add_bench_compare(CLI::App& bench, Run& run) {
  auto options = std::make_shared<CompareOptions>();
  auto* verb = bench.add_subcommand("compare", "Show saved runs side by side");
  constexpr int kMostFiles = 16;
  verb->add_option("FILE", options->files,
                   "Runs that were saved by --save; the first is the one "
                   "that the others are compared with")
      ->type_name("")
      ->required()
      ->expected(1, kMostFiles);
  verb->add_option("--output", options->output, "What is printed: text, json or html")
      ->type_name("FORM")
      ->check(one_of({"text", "json", "html"}))
      ->capture_default_str();
  verb->add_option("--confidence", options->bounds.confidence, "How sure a change has to be, of 1")
      ->type_name("NUMBER")
      ->check(number_between(0.5, 0.9999))
      ->capture_default_str();
  CLI::callback_t read_tolerance = [options](const CLI::results_t& words) {
    const auto share = parse_percent(words.front());
    if (share) options->bounds.tolerance = *share;
    return share.has_value();
  };
  verb->add_option("--tolerance", read_tolerance, "A change by less than this is none")
      ->type_name("PERCENT")
      ->check(percent_value())
      ->default_str("5%");
  add_config_options(*verb);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat bench compare before.json after.json\n"
      "  chat bench compare chat.json ws.json nchan.json --output html > peers.html\n"));
  verb->footer(
      "A figure has changed when its repeats say so with that confidence (--confidence), by more\n"
      "than --tolerance. Four repeats on both sides are enough for 0.95.\n"
      "\"chat bench SCENARIO --baseline FILE\" tells by its exit code whether it is worse.\n"
      "Exit codes: 0 printed, whatever the runs say; 1 failed; 2 wrong usage, or a file is no "
      "saved "
      "run.\n"
      "More: docs/bench.md");
  verb->parse_complete_callback([options, &run] { run = [options] { return compare(*options); }; });
}

}  // namespace chat::tools
