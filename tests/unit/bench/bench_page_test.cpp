#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/dialect.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/run/summary.hpp"

using namespace chat::bench;

namespace {

using Texts = std::vector<std::string>;
using Better = Figure::Better;

/// The cells of each row of a table of docs/bench.md, by the first one without its quotes. The
/// table stands between <!-- NAME:begin --> and <!-- NAME:end -->.
std::map<std::string, Texts> table_of(const std::string& name) {
  std::ifstream page(CHAT_SOURCE_DIR "/docs/bench.md");
  std::map<std::string, Texts> rows;
  bool is_in = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "<!-- " + name + ":begin -->") is_in = true;
    if (line == "<!-- " + name + ":end -->") is_in = false;
    if (!is_in || line.rfind("| `", 0) != 0) continue;
    Texts cells;
    for (std::size_t at = 2; at < line.size();) {
      const std::size_t end = line.find('|', at);
      std::string cell = line.substr(at, end - at);
      cell.erase(cell.find_last_not_of(' ') + 1);
      cells.push_back(cell);
      at = end + 2;
    }
    const std::string key = cells.front().substr(1, cells.front().find('`', 1) - 1);
    REQUIRE(rows.emplace(key, cells).second);
  }
  return rows;
}

// ---- scenarios

std::string time_text(std::uint64_t nanos) {
  return nanos % 1'000'000'000 == 0 ? fmt::format("{}s", nanos / 1'000'000'000)
                                    : fmt::format("{}ms", nanos / 1'000'000);
}

/// A row as the page must have it.
Texts row_of(const Plan& plan) {
  const bool talks = plan.scenario != Scenario::idle && plan.scenario != Scenario::storm;
  const bool affects = plan.affected > 0;
  const auto if_it = [](bool is, std::string text) { return is ? std::move(text) : "–"; };
  const char* arrivals = plan.arrivals == Arrivals::Kind::poisson ? "poisson" : "even";
  return {fmt::format("`{}`", name_of(plan.scenario)),
          std::to_string(plan.rooms),
          std::to_string(plan.members),
          if_it(talks, std::to_string(plan.senders)),
          fmt::format("{:g}", plan.zipf),
          if_it(talks, arrivals),
          if_it(talks, fmt::format("{:g}/s", plan.rate)),
          if_it(affects, fmt::format("{:g}%", 100 * plan.affected)),
          if_it(affects, time_text(plan.away)),
          if_it(affects, time_text(plan.between)),
          if_it(talks, time_text(plan.warm_up)),
          if_it(plan.scenario != Scenario::storm, time_text(plan.duration))};
}

// ---- figures

/// What the page says of a figure, but its meaning.
struct Told {
  std::string title;
  std::string unit;
  std::set<std::string> better;
};

std::string word_of(Better better) {
  switch (better) {
    case Better::lower: return "lower";
    case Better::higher: return "higher";
    case Better::zero: return "flaw";
    case Better::neither: break;
  }
  return "–";
}

ServerUse use_of(double seconds) {
  ServerUse use;
  use.cpu_s = seconds;
  use.user_s = use.system_s = seconds / 2;
  use.rss_bytes = static_cast<std::uint64_t>(seconds * 1e6);
  use.voluntary_switches = use.involuntary_switches = static_cast<std::uint64_t>(seconds);
  return use;
}

/// A run that has measured everything.
TrialResult full_result() {
  TrialResult result;
  for (int i = 0; i < 2; ++i) {
    TrialResult::Round round;
    round.seconds = 1;
    round.joined = 10;
    round.join.record(1000);
    round.before = use_of(1 + i);
    round.after = use_of(2 + i);
    result.rounds.push_back(round);
  }
  result.window_s = 5;
  result.sent = result.deliveries = result.acked = 100;
  result.latency.record(1000);
  result.begin = use_of(4);
  result.end = use_of(8);
  result.outcome.verdict.members = result.outcome.verdict.reached = 10;
  result.outcome.back.record(1000);
  result.outcome.lag.record(1000);
  return result;
}

/// Every figure that any scenario can have.
std::map<std::string, Told> all_figures() {
  const auto dialect = make_dialect("chat.v1", {});
  REQUIRE(dialect.has_value());
  std::map<std::string, Told> all;
  for (std::size_t i = 0; i < scenario_names().size(); ++i) {
    for (const std::size_t outstanding : {0U, 64U}) {
      Plan plan = plan_for(static_cast<Scenario>(i));
      plan.outstanding = plan.sends() ? outstanding : 0;
      for (const auto& figure : summary_of(plan, **dialect, {full_result()}).figures) {
        auto& told = all[figure.name];
        told.title = figure.title;
        told.unit = figure.unit;
        told.better.insert(word_of(figure.better));
      }
    }
  }
  return all;
}

/// Those of its words that say which way is better.
std::set<std::string> better_in(const std::string& cell) {
  std::set<std::string> found;
  for (const char* word : {"lower", "higher", "flaw", "–"}) {
    if (cell.find(word) != std::string::npos) found.insert(word);
  }
  return found;
}

std::map<std::string, Told> figures_of_page() {
  const std::string dots = "…";
  std::map<std::string, Told> all;
  for (const auto& [name, cells] : table_of("figures")) {
    REQUIRE(cells.size() == 5);
    CHECK_FALSE(cells[4].empty());
    const Told told{cells[1], cells[2], better_in(cells[3])};
    const auto at = name.find(dots);
    if (at == std::string::npos) {
      all[name] = told;
      continue;
    }
    for (const char* percentile : {"p50", "p90", "p95", "p99", "p99.9", "max"}) {
      Told each = told;
      each.title.replace(each.title.find(dots), dots.size(), percentile);
      all[name.substr(0, at) + percentile] = each;
    }
  }
  return all;
}

}  // namespace

TEST_CASE("bench page: docs/bench.md says what each scenario does by itself", "[bench][page]") {
  const auto rows = table_of("scenarios");
  CHECK(rows.size() == scenario_names().size());
  for (std::size_t i = 0; i < scenario_names().size(); ++i) {
    const Plan plan = plan_for(static_cast<Scenario>(i));
    const std::string name(scenario_names()[i]);
    CAPTURE(name);
    REQUIRE(rows.count(name) == 1);
    CHECK(rows.at(name) == row_of(plan));
    CHECK(plan.payload == "100");  // as the page says before the table
    CHECK(plan.outstanding == 0);
    CHECK(plan.connect_rate == 0);
  }
}

TEST_CASE("bench page: docs/bench.md has each figure, and none that there is not",
          "[bench][page]") {
  const auto written = figures_of_page();
  const auto told = all_figures();
  CHECK(told.size() > 40);
  for (const auto& [name, figure] : told) {
    CAPTURE(name, figure.title, figure.unit);
    REQUIRE(written.count(name) == 1);
    CHECK(written.at(name).title == figure.title);
    CHECK(written.at(name).unit == figure.unit);
    CHECK(written.at(name).better == figure.better);
  }
  for (const auto& [name, figure] : written) {
    CAPTURE(name);
    CHECK(told.count(name) == 1);
  }
}
