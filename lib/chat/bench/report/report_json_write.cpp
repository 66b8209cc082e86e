#include <cmath>

#include "chat/base/text.hpp"
#include "chat/bench/report/better_word.hpp"
#include "chat/bench/report/json_layout.hpp"
#include "chat/bench/report/percentiles.hpp"
#include "chat/bench/report/report_json.hpp"
#include "chat/wire/json_writer.hpp"

namespace chat::bench {
namespace {

class Writer {
 public:
  std::string write(const Report& report) {
    json_.raw(R"({"format":"chat-bench/1","scenario":)");
    text(report.scenario);
    flag("interrupted", report.is_interrupted);
    flag("flawed", report.is_flawed());
    flag("good", report.is_good());
    texts("warnings", report.warnings);
    texts("notes", report.notes);
    facts("workload", report.workload);
    facts("setup", report.setup);
    key("figures");
    json_.list(report.figures, [this](const Figure& each) { figure(each); });
    key("objectives");
    json_.list(report.objectives, [this](const Objective& each) { objective(each); });
    if (!report.search.of.empty()) search(report.search);
    latency(report.latency);
    key("seconds");
    json_.list(report.seconds, [this](const std::vector<Second>& repeat) {
      json_.list(repeat, [this](const Second& each) { second(each); });
    });
    return json_for_people(json_.raw("}").take());
  }

 private:
  void key(std::string_view name) { json_.raw(",\"").raw(name).raw("\":"); }

  void text(std::string_view value) {
    json_.string(base::is_utf8(value) ? std::string(value) : base::visible(value));
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }

  void number(double value) {
    if (std::isfinite(value)) {
      json_.number(value + 0.0);  // -0 is 0
    } else {
      json_.raw("null");
    }
  }
  void number(std::string_view name, double value) {
    key(name);
    number(value);
  }
  /// null when it is negative: there is none.
  void number_if_any(std::string_view name, double value) {
    key(name);
    value < 0 ? static_cast<void>(json_.raw("null")) : number(value);
  }
  void numbers(std::string_view name, const std::vector<double>& values) {
    key(name);
    json_.list(values, [this](double value) { number(value); });
  }
  void natural(std::string_view name, std::uint64_t value) {
    key(name);
    json_.number(value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    json_.boolean(value);
  }

  void texts(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    json_.list(values, [this](const std::string& value) { text(value); });
  }

  void facts(std::string_view name, const std::vector<Fact>& facts) {
    key(name);
    json_.list(facts, [this](const Fact& fact) {
      json_.raw(R"({"name":)");
      text(fact.name);
      text("text", fact.text);
      json_.raw("}");
    });
  }

  void figure(const Figure& figure) {
    json_.raw(R"({"name":)");
    text(figure.name);
    text("title", figure.title);
    text("unit", figure.unit);
    text("better", word_of(figure.better));
    const Spread spread = spread_of(figure.values);
    number("median", spread.median);
    number("least", spread.least);
    number("most", spread.most);
    numbers("values", figure.values);
    json_.raw("}");
  }

  void objective(const Objective& objective) {
    json_.raw(R"({"name":)");
    text(objective.name);
    text("title", objective.title);
    flag("met", objective.is_met);
    flag("measured", objective.is_measured);
    number("value", objective.measured);
    text("unit", objective.unit);
    json_.raw("}");
  }

  void search(const Search& search) {
    json_.raw(R"(,"search":{"of":)");
    text(search.of);
    text("unit", search.unit);
    number_if_any("held", search.held);
    number_if_any("failed", search.failed);
    text("why", search.why);
    numbers("levels", search.levels);
    key("holds");
    json_.list(search.holds, [this](bool holds) { json_.boolean(holds); });
    json_.raw("}");
  }

  void latency(const base::Histogram& latency) {
    json_.raw(R"(,"latency":{"count":)").number(latency.count());
    for (const auto& [title, quantile] : kPercentiles) {
      number(std::string(title) + "_ms",
             static_cast<double>(latency.quantile(quantile)) / kNsPerMs);
    }
    number("relative_error", kPercentileError);
    natural("sum_ns", latency.sum());
    natural("max_ns", latency.max());
    key("buckets");
    json_.list(latency.buckets(), [this](const base::Histogram::Bucket& bucket) {
      json_.raw("[").number(bucket.index).raw(",").number(bucket.count).raw("]");
    });
    json_.raw("}");
  }

  void second(const Second& second) {
    json_.raw(R"({"at_s":)");
    number(second.at_s);
    number("deliveries", second.deliveries);
    number("sent", second.sent);
    number("p50_ms", second.p50_ms);
    number("p99_ms", second.p99_ms);
    number("generator", second.generator);
    number_if_any("server", second.server);
    json_.raw("}");
  }

  wire::JsonWriter json_{1U << 16};
};

}  // namespace

std::string to_json(const Report& report) { return Writer().write(report); }

}  // namespace chat::bench
