#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "bench_options.hpp"
#include "bench_progress.hpp"
#include "chat/base/digest.hpp"
#include "chat/base/host_port.hpp"
#include "chat/base/text.hpp"
#include "chat/bench/report/comparison.hpp"
#include "chat/bench/report/comparison_text.hpp"
#include "chat/bench/report/objective.hpp"
#include "chat/bench/report/report_csv.hpp"
#include "chat/bench/report/report_html.hpp"
#include "chat/bench/report/report_json.hpp"
#include "chat/bench/report/report_text.hpp"
#include "chat/bench/run/campaign.hpp"
#include "chat/bench/run/crew.hpp"
#include "chat/bench/run/machine.hpp"
#include "chat/bench/run/members.hpp"
#include "chat/bench/run/preflight.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "output.hpp"
#include "password_file.hpp"
#include "saved_file.hpp"
#include "settings.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

constexpr const char* kCommand = "chat bench";
constexpr std::size_t kRunLetters = 6;
constexpr unsigned kLookMicroseconds = 300'000;  // at what others do on this machine

volatile std::sig_atomic_t g_is_interrupted = 0;

/// SIGINT and SIGTERM end the run well. The second SIGINT ends the process, a second SIGTERM does
/// not: `timeout` sends it twice.
void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_is_interrupted = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

int complain(const std::string& text, int exit_code) {
  std::fprintf(stderr, "%s: %s\n", kCommand, text.c_str());
  return exit_code;
}

int complain(const bench::TrialFailure& failure) {
  return complain(failure.why, failure.is_unreachable ? kExitUnreachable : kExitGeneral);
}

/// Letters and digits: room names are made of it.
std::string run_name() {
  std::string name;
  while (name.size() < kRunLetters) {
    for (const char letter : base::random_token(kRunLetters)) {
      if (letter != '-' && letter != '_' && name.size() < kRunLetters) name += letter;
    }
  }
  return name;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string titles_of(const bench::Comparison& comparison) {
  std::vector<std::string> titles;
  for (const auto& worse : comparison.regressions()) {
    titles.push_back(base::visible(comparison.figures[worse.figure].title));
  }
  return joined(titles);
}

/// All of its servers run here.
bool is_loopback(const bench::Plan& plan) {
  const auto addresses = bench::addresses_of(plan.servers);
  return addresses && std::all_of(addresses->begin(), addresses->end(), [](const auto& address) {
           return ntohl(address.sin_addr.s_addr) >> 24U == 127;
         });
}

std::vector<bench::Fact> setup_of(const BenchOptions& options, const bench::Plan& plan,
                                  const bench::Machine& machine) {
  std::vector<std::string> servers;
  for (const auto& [host, port] : plan.servers) servers.push_back(fmt::format("{}:{}", host, port));
  std::vector<bench::Fact> facts{{"date", utc_now()},
                                 {"generator", version_line()},
                                 {"server", joined(servers)},
                                 {"processes", std::to_string(options.processes)}};
  if (!options.agents.empty()) facts.push_back({"agents", joined(options.agents)});
  facts.push_back({"seed", std::to_string(options.seed)});
  // Agents are on other machines than this one.
  if (!options.agents.empty()) return facts;
  for (auto& fact : bench::facts_of(machine)) facts.push_back(std::move(fact));
  return facts;
}

/// What the whole of a load test needs beside its options.
class BenchRun {
 public:
  explicit BenchRun(const BenchOptions& options) : options_(options), progress_(options.progress) {}

  int run() {
    if (const int failed = prepare(); failed != kExitOk) return failed;
    watch_for_interrupts();
    auto crew = bench::Crew::gather(options_.processes, options_.agents, token_);
    if (!crew) return complain(crew.error(), kExitUnreachable);
    bench::Campaign campaign({plan_, options_.repeats, bounds_, search()}, *dialect_, *crew,
                             meter_.get(), watch(), [] { return g_is_interrupted != 0; });
    auto report = campaign.run();
    progress_.clear();
    if (!report) return complain(report.error());
    report->setup = setup_of(options_, plan_, machine_);
    for (auto& warning : warnings_) report->warnings.push_back(std::move(warning));
    const int told = tell(*report);
    return campaign.failure() ? complain(*campaign.failure()) : told;
  }

 private:
  int prepare() {
    auto plan = plan_of(options_);
    if (!plan) return complain(plan.error(), kExitUsage);
    plan_ = std::move(*plan);
    plan_.run = run_name();
    plan_.machines.assign(options_.processes, 0);
    for (const auto& text : options_.slo) {
      auto bound = bench::parse_bound(text);
      if (!bound) return complain("--slo: " + bound.error(), kExitUsage);
      bounds_.push_back(std::move(*bound));
    }
    for (const auto& agent : options_.agents) {
      const auto place = base::parse_host_port(agent, std::nullopt);
      if (!place) return complain("--agents: " + place.error(), kExitUsage);
    }
    if (const int failed = read_secrets(); failed != kExitOk) return failed;
    auto dialect = bench::make_dialect(plan_.dialect, plan_.dialect_options);
    if (!dialect) return complain(dialect.error(), kExitUsage);
    dialect_ = std::move(*dialect);
    if (const auto problem = bench::problem_of(plan_, *dialect_); !problem.empty()) {
      return complain(problem, kExitUsage);
    }
    if (!options_.baseline.empty()) {
      if (const int failed = read_baseline(); failed != kExitOk) return failed;
    }
    if (options_.save) {
      auto save = SavedFile::at(*options_.save);
      if (!save) return complain_of_save(save.error());
      save_ = std::move(*save);
    }
    if (const int failed = open_meter(); failed != kExitOk) return failed;
    return check_machine();
  }

  int complain_of_save(const std::string& why) const {
    return complain("--save: \"" + base::escape_for_log(*options_.save) + "\" " + why,
                    kExitGeneral);
  }

  int read_secrets() {
    if (!options_.app_secret_file.empty()) {
      auto secret = read_password(options_.app_secret_file, "secret");
      if (!secret) return complain("--app-secret-file: " + secret.error(), kExitGeneral);
      plan_.dialect_options.app_secret = std::move(*secret);
    }
    if (!options_.token_file.empty()) {
      auto token = read_password(options_.token_file, "token");
      if (!token) return complain("--token-file: " + token.error(), kExitGeneral);
      token_ = std::move(*token);
    }
    return kExitOk;
  }

  int read_baseline() {
    auto baseline = read_report(options_.baseline);
    if (!baseline) return complain("--baseline: " + baseline.error(), kExitUsage);
    const auto facts = bench::facts_of(plan_);
    bool is_alike = baseline->scenario == options_.scenario;
    for (std::size_t i = 0; i < std::max(facts.size(), baseline->workload.size()); ++i) {
      const bool both = i < facts.size() && i < baseline->workload.size();
      if (!both || facts[i].name != baseline->workload[i].name ||
          facts[i].text != baseline->workload[i].text) {
        is_alike = false;
      }
    }
    if (!is_alike) {
      return complain("--baseline: " + base::escape_for_log(options_.baseline) +
                          " is of another workload; \"chat bench compare\" shows both side by side",
                      kExitUsage);
    }
    baseline_ = std::move(*baseline);
    return kExitOk;
  }

  int open_meter() {
    if (options_.pids.empty() && options_.metrics.empty()) return kExitOk;
    if (!options_.pids.empty() && !options_.metrics.empty()) {
      return complain("--pid and --metrics measure the same; one of them", kExitUsage);
    }
    if (!options_.pids.empty()) {
      meter_ = bench::meter_of_processes({options_.pids.begin(), options_.pids.end()});
    } else {
      auto meter = bench::meter_of_urls(options_.metrics);
      if (!meter) return complain("--metrics: " + meter.error(), kExitUsage);
      meter_ = std::move(*meter);
    }
    const auto used = meter_->read();
    if (!used) return complain(used.error(), kExitGeneral);
    return kExitOk;
  }

  /// What makes the test impossible ends it; what would spoil it is said before, and stands in the
  /// report.
  int check_machine() {
    bench::raise_file_limit();
    machine_ = bench::read_machine();
    if (!options_.agents.empty()) return kExitOk;
    const std::size_t all = plan_.all_members();
    const bench::Demand demand{options_.processes,
                               (all + options_.processes - 1) / options_.processes,
                               plan_.servers.size(), is_loopback(plan_)};
    for (const auto& problem :
         {bench::descriptors_problem(demand, machine_.most_files),
          machine_.ports ? bench::ports_problem(demand, *machine_.ports) : std::string()}) {
      if (!problem.empty()) return complain(problem, kExitGeneral);
    }
    // A server that is pinned elsewhere has its own.
    const std::vector<pid_t> servers(options_.pids.begin(), options_.pids.end());
    warn(bench::cores_problem(demand, bench::usable_cores(servers)));
    const auto before = bench::read_cpu_times();
    ::usleep(kLookMicroseconds);
    const auto after = bench::read_cpu_times();
    if (before && after) warn(bench::load_problem(*before, *after));
    return kExitOk;
  }

  void warn(std::string warning) {
    if (warning.empty()) return;
    complain(warning, kExitOk);
    warnings_.push_back(std::move(warning));
  }

  bench::Campaign::Search search() const {
    if (options_.find_max.empty()) return bench::Campaign::Search::none;
    return options_.find_max == "rate" ? bench::Campaign::Search::rate
                                       : bench::Campaign::Search::members;
  }

  bench::Campaign::Watch watch() {
    if (!progress_.is_shown()) return {};
    return
        [this](std::size_t number, std::size_t runs, const std::string& level,
               const bench::Progress& progress) { progress_.show(number, runs, level, progress); };
  }

  /// It is printed also where it cannot be saved: there is no other.
  int tell(const bench::Report& report) {
    tl::expected<void, std::string> saved;
    if (save_) saved = save_->write(bench::to_json(report) + "\n");
    std::optional<bench::Comparison> comparison;
    std::string text = text_of(report);
    if (baseline_) {
      const std::vector<bench::ComparedRun> runs{{options_.baseline, *baseline_}, {"now", report}};
      comparison = bench::compare(runs, {options_.confidence, options_.tolerance});
      if (options_.output == "text") text += "\n" + bench::comparison_text(*comparison);
    }
    const int printed = print(kCommand, text);
    if (!saved) return complain_of_save(saved.error());
    if (printed != kExitOk) return printed;
    const bool is_ended = report.is_interrupted && g_is_interrupted != 0;
    if (is_ended) return complain("interrupted", kExitInterrupted);
    return verdict(report, comparison);
  }

  std::string text_of(const bench::Report& report) const {
    if (options_.output == "json") return bench::to_json(report) + "\n";
    if (options_.output == "csv") return bench::to_csv(report);
    if (options_.output == "html") return bench::to_html(report);
    return bench::to_text(report);
  }

  int verdict(const bench::Report& report, const std::optional<bench::Comparison>& comparison) {
    int exit_code = kExitOk;
    const auto fail = [&exit_code](const std::string& text) {
      exit_code = complain(text, kExitCheckFailed);
    };
    if (report.is_flawed()) fail("not all came as it should");
    if (!report.is_good()) fail("not all of --slo is met");
    if (!report.search.of.empty() && report.search.held < 0) fail("no level meets --slo");
    if (comparison && !comparison->regressions().empty()) {
      fail("worse than the baseline: " + titles_of(*comparison));
    }
    return exit_code;
  }

  const BenchOptions& options_;
  BenchProgress progress_;
  bench::Plan plan_;
  std::vector<bench::Bound> bounds_;
  std::unique_ptr<bench::Dialect> dialect_;
  std::unique_ptr<bench::ServerMeter> meter_;
  std::optional<bench::Report> baseline_;
  std::optional<SavedFile> save_;
  std::vector<std::string> warnings_;
  bench::Machine machine_;
  std::string token_;
};

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  auto options = std::make_shared<BenchOptions>();
  auto* verb = app.add_subcommand("bench", "Load-test a chat server, this one or another");
  auto* scenario =
      verb->add_option("SCENARIO", options->scenario,
                       "What is done to it: fanout, chatter, idle, storm, churn, slow, resume or "
                       "fault")
          ->type_name("")
          ->check(
              one_of({"fanout", "chatter", "idle", "storm", "churn", "slow", "resume", "fault"}));
  add_bench_options(*verb, options);
  add_config_options(*verb);
  add_bench_compare(*verb, run);
  add_bench_agent(*verb, run);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat bench fanout --members 500 --rate 100/s --pid \"$(pgrep -xo chat)\"\n"
      "  chat bench fanout --find-max --slo p99=50ms --slo reach=100%\n"
      "  chat bench chatter --rooms 500 --save before.json\n"
      "  chat bench chatter --rooms 500 --baseline before.json\n"
      "  chat bench storm --members 100 --rooms 100 --url ws://localhost:3000 --dialect socket.io\n"
      "  chat bench compare before.json after.json --output html > compared.html\n"));
  verb->footer(
      "Scenarios:\n"
      "  fanout   some of a room speak, all hear\n"
      "  chatter  many small rooms of different sizes in which everybody speaks now and then\n"
      "  idle     members that say nothing: what a connection costs\n"
      "  storm    all members connect, are cut off, and all come back at once\n"
      "  churn    while some speak, others come and go\n"
      "  slow     while some speak, others stop reading for a while\n"
      "  resume   while some speak, others are cut off and come back for what they missed\n"
      "  fault    while something else kills things: all come back, and nothing may be lost\n"
      "What a scenario does without options stands in docs/bench.md. Latency is from the planned\n"
      "time of sending to the arrival, of each delivery. RATE: 100/s, 600/m. TIME: 250ms, 10s, "
      "5m.\n"
      "Environment: CHAT_BENCH_TOKEN_FILE; the command line wins.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 8 something was lost, came "
      "twice\n"
      "or in another order, an objective was not met, or it is worse than the baseline, 130 "
      "interrupted.\n"
      "More: docs/bench.md");
  for (auto* below : verb->get_subcommands([](const CLI::App*) { return true; })) {
    below->group("Verbs");
  }
  verb->parse_complete_callback([options, verb, scenario, &run] {
    if (!verb->get_subcommands().empty()) {
      if (scenario->count() == 0) return;
      throw CLI::ExcludesError("SCENARIO", verb->get_subcommands().front()->get_name());
    }
    if (scenario->count() == 0) throw CLI::RequiredError("SCENARIO");
    run = [options] { return BenchRun(*options).run(); };
  });
}

}  // namespace chat::tools
