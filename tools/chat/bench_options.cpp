#include "bench_options.hpp"

#include <utility>

#include "chat/base/text.hpp"
#include "chat/bench/dialect.hpp"
#include "chat/bench/payload.hpp"
#include "chat/client/server_url.hpp"
#include "checks.hpp"
#include "options.hpp"

namespace chat::tools {
namespace {

std::vector<std::string> words_of(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

std::uint64_t nanos(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

CLI::Option* add_time(CLI::App& verb, const std::string& name,
                      std::optional<std::chrono::milliseconds>& time, const std::string& what) {
  CLI::callback_t read = [&time](const CLI::results_t& words) {
    time = parse_time(words.front());
    return time.has_value();
  };
  return verb.add_option(name, read, what)->type_name("TIME")->check(time_value());
}

CLI::Option* add_rate(CLI::App& verb, const std::string& name, std::optional<double>& rate,
                      const std::string& what) {
  CLI::callback_t read = [&rate](const CLI::results_t& words) {
    rate = parse_rate(words.front());
    return rate.has_value();
  };
  return verb.add_option(name, read, what)->type_name("RATE")->check(rate_value());
}

void add_server(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--url", options.urls,
                  "The server, ws://HOST[:PORT]; given again: the members of a room take turns")
      ->type_name("URL")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str(options.urls.front())
      ->group("Server");
  verb.add_option("--dialect", options.dialect,
                  "How it is spoken to: chat.v1, plain, raw, centrifugo, socket.io, phoenix or "
                  "pusher (docs/bench.md)")
      ->type_name("NAME")
      ->check(one_of(words_of(bench::dialect_names())))
      ->capture_default_str()
      ->group("Server");
  verb.add_option("--path", options.path,
                  "The target of the WebSocket in place of the dialect's own; {room} in it is the "
                  "room")
      ->type_name("PATH")
      ->group("Server");
  verb.add_option("--app-key", options.app_key, "pusher: the application's key")
      ->type_name("KEY")
      ->group("Server");
  verb.add_option("--app-secret-file", options.app_secret_file,
                  "pusher: the application's secret, the first line of this file or of stdin (-)")
      ->type_name("FILE")
      ->group("Server");
  verb.add_option("--pid", options.pids,
                  "A process of the server, on this machine: what it uses is measured, too; given "
                  "again: their sum")
      ->type_name("PID")
      ->check(whole_number(1, INT32_MAX))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Server");
  verb.add_option(
          "--metrics", options.metrics,
          "The same from where the server tells it for Prometheus, http://HOST:PORT/metrics")
      ->type_name("URL")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Server");
}

void add_crowd(CLI::App& verb, BenchOptions& options) {
  constexpr std::size_t kMost = 10'000'000;
  verb.add_option("--rooms", options.rooms, "How many rooms")
      ->type_name("COUNT")
      ->check(whole_number(1, kMost))
      ->group("Load");
  verb.add_option("--members", options.members, "How many members each room has")
      ->type_name("COUNT")
      ->check(whole_number(1, kMost))
      ->group("Load");
  verb.add_option("--senders", options.senders, "How many of them speak; 0: all")
      ->type_name("COUNT")
      ->check(whole_number(0, kMost))
      ->group("Load");
  verb.add_option("--zipf", options.zipf,
                  "Rooms of different sizes by Zipf's law with this exponent, --members on the "
                  "average; 0: all alike")
      ->type_name("NUMBER")
      ->check(number_from_zero())
      ->group("Load");
  auto* rate = add_rate(verb, "--connect-rate", options.connect_rate,
                        "Connect so many members a second; as fast as they are taken without it");
  rate->group("Load");
  verb.add_option("--handshakes", options.handshakes,
                  "Without --connect-rate: so many connections are made at a time")
      ->type_name("COUNT")
      ->check(whole_number(1, kMost))
      ->capture_default_str()
      ->excludes(rate)
      ->group("Load");
}

void add_traffic(CLI::App& verb, BenchOptions& options) {
  auto* rate = add_rate(verb, "--rate", options.rate, "Messages a second, over all rooms");
  rate->group("Load");
  verb.add_option("--saturate", options.saturate,
                  "Keep so many messages under way over all rooms, as fast as they come back")
      ->type_name("COUNT")
      ->check(whole_number(1, 1'000'000))
      ->excludes(rate)
      ->group("Load");
  verb.add_option("--arrivals", options.arrivals,
                  "even: at equal distances; poisson: at random, as people speak")
      ->type_name("KIND")
      ->check(one_of({"even", "poisson"}))
      ->group("Load");
  verb.add_option("--payload", options.payload,
                  "Bytes of a message: 100, 100..1000, exp:200 or 100*9,4000*1 (sizes and weights)")
      ->type_name("BYTES")
      ->group("Load");
  add_time(verb, "--warm-up", options.warm_up, "Send for so long before anything is measured")
      ->group("Load");
  add_time(verb, "--duration", options.duration, "Measure for so long")->group("Load");
  verb.add_flag("--speak", options.speak, "idle: each member says one thing first")->group("Load");
  CLI::callback_t read_share = [&options](const CLI::results_t& words) {
    options.affected = parse_percent(words.front());
    return options.affected.has_value();
  };
  verb.add_option("--affected", read_share,
                  "churn, slow, resume: so many of a room's members come and go, stall or are cut")
      ->type_name("PERCENT")
      ->check(percent_value())
      ->group("Load");
  add_time(verb, "--away", options.away, "… each for about so long")->group("Load");
  add_time(verb, "--every", options.every, "… after about so long")->group("Load");
  verb.add_option("--seed", options.seed, "What is random is the same with the same seed")
      ->type_name("NUMBER")
      ->check(number_for(options.seed))
      ->capture_default_str()
      ->group("Load");
}

void add_runs(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--repeats", options.repeats, "Run it so often: figures come with their spread")
      ->type_name("COUNT")
      ->check(whole_number(1, 100))
      ->capture_default_str()
      ->group("Runs");
  verb.add_option("--processes", options.processes,
                  "Generate the load with so many processes, or so many on each agent")
      ->type_name("COUNT")
      ->check(whole_number(1, 64))
      ->capture_default_str()
      ->group("Runs");
  verb.add_option("--agents", options.agents,
                  "… of other machines, where \"chat bench agent\" runs: HOST:PORT,HOST:PORT")
      ->type_name("ADDRESS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Runs");
  verb.add_option("--token-file", options.token_file,
                  "The agents' token: the first line of this file, or of stdin (-)")
      ->type_name("FILE")
      ->envname("CHAT_BENCH_TOKEN_FILE")
      ->group("Runs");
  verb.add_option("--find-max", options.find_max,
                  "Search the highest rate, or the most members of a room, at which each --slo is "
                  "met and nothing is lost")
      ->type_name("WHAT")
      ->check(one_of({"rate", "members"}))
      ->expected(0, 1)
      ->default_str("rate")
      ->group("Runs");
}

void add_judgement(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--slo", options.slo,
                  "What must be kept to: p99=50ms (p50 p90 p95 p99 p99.9 max, join_p99 …), "
                  "reach=99.9%; given again: all of them")
      ->type_name("BOUND")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Judgement");
  verb.add_option("--baseline", options.baseline, "Compare with a run that was saved by --save")
      ->type_name("FILE")
      ->group("Judgement");
  verb.add_option("--confidence", options.confidence, "How sure a change has to be, of 1")
      ->type_name("NUMBER")
      ->check(number_between(0.5, 0.9999))
      ->capture_default_str()
      ->group("Judgement");
  CLI::callback_t read_tolerance = [&options](const CLI::results_t& words) {
    const auto share = parse_percent(words.front());
    if (share) options.tolerance = *share;
    return share.has_value();
  };
  verb.add_option("--tolerance", read_tolerance, "A change by less than this is none")
      ->type_name("PERCENT")
      ->check(percent_value())
      ->default_str("5%")
      ->group("Judgement");
}

void add_output(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--output", options.output, "What is printed: text, json, csv or html")
      ->type_name("FORM")
      ->check(one_of({"text", "json", "csv", "html"}))
      ->capture_default_str()
      ->group("Output");
  verb.add_option("--save", options.save, "Write the figures to this file, as JSON")
      ->type_name("FILE")
      ->group("Output");
  verb.add_option("--progress", options.progress,
                  "Show how far it is on stderr: auto (at a terminal), always or never")
      ->type_name("WHEN")
      ->check(one_of({"auto", "always", "never"}))
      ->capture_default_str()
      ->group("Output");
}

// ---- from options to a plan

template <class To, class From>
void set(To& to, const std::optional<From>& from) {
  if (from) to = *from;
}

/// Empty, or what is wrong.
std::string take_servers(const BenchOptions& options, bench::Plan& plan) {
  for (const auto& text : options.urls) {
    const auto url = client::parse_server_url(text);
    if (!url) return url.error().text();
    if (url->tls) {
      return "wss:// and https:// are not spoken: TLS would be measured with the server's own "
             "cost; "
             "say ws://, behind what ends TLS";
    }
    if (url->host.find(':') != std::string::npos) {
      return "--url: IPv6 is not spoken; give an IPv4 address, or a name that has one";
    }
    if (!url->prefix.empty()) {
      return "--url takes no path, not " + base::escape_for_log(url->prefix) +
             "; --path says where the rooms' sockets are";
    }
    plan.servers.push_back({url->host, url->port});
  }
  return {};
}

/// Options that say nothing in a scenario are mistakes.
std::string problem_of(const BenchOptions& options, const bench::Plan& plan) {
  using bench::Scenario;
  const bool affects = plan_for(plan.scenario).affected > 0;
  if (!affects && (options.affected || options.away || options.every)) {
    return "--affected, --away and --every are for churn, slow and resume";
  }
  if (options.affected && *options.affected <= 0) return "--affected must be above 0";
  const bool talks = plan.scenario != Scenario::storm && plan.scenario != Scenario::idle;
  if (!talks && (options.rate || options.saturate || options.senders || options.arrivals ||
                 options.warm_up)) {
    return options.scenario +
           " sends nothing by plan: no --rate, --saturate, --senders, "
           "--arrivals or --warm-up";
  }
  if (options.duration && plan.scenario == Scenario::storm) {
    return "storm takes as long as all need to come back: no --duration";
  }
  if (options.payload && !talks && !options.speak) {
    return plan.scenario == Scenario::idle ? "idle says nothing without --speak: no --payload"
                                           : "storm says nothing: no --payload";
  }
  if (options.saturate && options.arrivals) {
    return "--arrivals is of a --rate; with --saturate one follows when one has come back";
  }
  if (options.dialect != "pusher" && !(options.app_key + options.app_secret_file).empty()) {
    return "--app-key and --app-secret-file are for --dialect pusher";
  }
  if (options.speak && plan.scenario != Scenario::idle) return "--speak is for idle";
  if (!options.find_max.empty() && options.slo.empty()) {
    return "--find-max needs to know what must be kept to: --slo p99=50ms";
  }
  if (options.find_max == "rate" && options.saturate) {
    return "--find-max looks for a rate, and --saturate has none; --find-max members";
  }
  if (!options.find_max.empty() && !options.baseline.empty()) {
    return "--baseline compares runs of one workload, and --find-max looks for one";
  }
  if (!options.find_max.empty() && !talks) {
    return "--find-max is for scenarios in which messages are sent";
  }
  if (plan.duration == 0 && plan.scenario != Scenario::storm) return "--duration must not be 0";
  if (plan.rate <= 0) return "--rate must be above 0";
  return {};
}

}  // namespace

void add_bench_options(CLI::App& verb, const std::shared_ptr<BenchOptions>& options) {
  add_server(verb, *options);
  add_crowd(verb, *options);
  add_traffic(verb, *options);
  add_runs(verb, *options);
  add_judgement(verb, *options);
  add_output(verb, *options);
}

tl::expected<bench::Plan, std::string> plan_of(const BenchOptions& options) {
  const auto& names = bench::scenario_names();
  const auto name = std::find(names.begin(), names.end(), options.scenario);
  bench::Plan plan = bench::plan_for(static_cast<bench::Scenario>(name - names.begin()));
  if (auto problem = take_servers(options, plan); !problem.empty()) {
    return tl::unexpected(std::move(problem));
  }
  plan.dialect = options.dialect;
  plan.dialect_options.path = options.path;
  plan.dialect_options.app_key = options.app_key;
  set(plan.rooms, options.rooms);
  set(plan.members, options.members);
  if (options.senders) {
    plan.senders = *options.senders;
  } else {
    plan.senders = std::min(plan.senders, plan.members);
  }
  set(plan.zipf, options.zipf);
  set(plan.rate, options.rate);
  set(plan.outstanding, options.saturate);
  if (options.arrivals) {
    plan.arrivals = *options.arrivals == "poisson" ? bench::Arrivals::Kind::poisson
                                                   : bench::Arrivals::Kind::even;
  }
  set(plan.payload, options.payload);
  const auto payload = bench::Payload::parse(plan.payload);
  if (!payload) return tl::unexpected("--payload: " + payload.error());
  plan.payload = payload->text();
  if (options.warm_up) plan.warm_up = nanos(*options.warm_up);
  if (options.duration) plan.duration = nanos(*options.duration);
  set(plan.connect_rate, options.connect_rate);
  plan.handshakes = options.handshakes;
  plan.speaks = options.speak;
  set(plan.affected, options.affected);
  if (options.away) plan.away = nanos(*options.away);
  if (options.every) plan.between = nanos(*options.every);
  plan.seed = options.seed;
  if (auto problem = problem_of(options, plan); !problem.empty()) {
    return tl::unexpected(std::move(problem));
  }
  if (plan.speaks) plan.rate = 5000;
  return plan;
}

}  // namespace chat::tools
