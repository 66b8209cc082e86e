#include "chat/bench/report/comparison_json.hpp"

#include <cmath>

#include "chat/base/text.hpp"
#include "chat/bench/report/better_word.hpp"
#include "chat/bench/report/json_layout.hpp"
#include "chat/wire/json_writer.hpp"

namespace chat::bench {
namespace {

std::string_view word_of(Judgement verdict) {
  switch (verdict) {
    case Judgement::first: return "shown";
    case Judgement::missing: return "missing";
    case Judgement::same: return "same";
    case Judgement::better: return "better";
    case Judgement::worse: return "worse";
    case Judgement::too_few: return "too_few_repeats";
    case Judgement::too_noisy: return "too_noisy";
  }
  return "";
}

class Writer {
 public:
  std::string write(const Comparison& comparison) {
    json_.raw(R"({"format":"chat-bench-comparison/1")");
    number("confidence", comparison.options.confidence);
    number("tolerance", comparison.options.tolerance);
    key("runs");
    json_.list(numbers_to(comparison.names.size()),
               [&](std::size_t run) { named_run(comparison, run); });
    facts("workload_differs", comparison.workload);
    facts("setup_differs", comparison.setup);
    key("figures");
    json_.list(comparison.figures, [this](const ComparedFigure& each) { figure(each); });
    key("regressions");
    json_.list(comparison.regressions(), [&](const Regression& each) {
      json_.raw(R"({"run":)").number(each.run);
      text("figure", comparison.figures[each.figure].name);
      json_.raw("}");
    });
    return json_for_people(json_.raw("}").take());
  }

 private:
  static std::vector<std::size_t> numbers_to(std::size_t end) {
    std::vector<std::size_t> numbers(end);
    for (std::size_t i = 0; i < end; ++i) numbers[i] = i;
    return numbers;
  }

  void key(std::string_view name) { json_.raw(",\"").raw(name).raw("\":"); }

  void text(std::string_view value) {
    json_.string(base::is_utf8(value) ? std::string(value) : base::visible(value));
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }

  void number(std::string_view name, double value) {
    key(name);
    if (std::isfinite(value)) {
      json_.number(value);
    } else {
      json_.raw("null");
    }
  }

  void texts(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    json_.list(values, [this](const std::string& value) { text(value); });
  }

  void named_run(const Comparison& comparison, std::size_t run) {
    json_.raw(R"({"name":)");
    text(comparison.names[run]);
    text("scenario", comparison.scenarios[run]);
    texts("remarks", comparison.loud[run]);
    json_.raw("}");
  }

  void facts(std::string_view name, const std::vector<DifferingFact>& facts) {
    key(name);
    json_.list(facts, [this](const DifferingFact& fact) {
      json_.raw(R"({"name":)");
      text(fact.name);
      texts("texts", fact.texts);
      json_.raw("}");
    });
  }

  void figure(const ComparedFigure& figure) {
    json_.raw(R"({"name":)");
    text(figure.name);
    text("title", figure.title);
    text("unit", figure.unit);
    text("better", bench::word_of(figure.better));
    key("runs");
    json_.list(figure.runs, [this](const ComparedFigure::OfRun& run) { of_run(run); });
    json_.raw("}");
  }

  void of_run(const ComparedFigure::OfRun& run) {
    const Spread spread = spread_of(run.values);
    json_.raw(R"({"repeats":)").number(run.values.size());
    number("median", spread.median);
    number("least", spread.least);
    number("most", spread.most);
    text("verdict", word_of(run.verdict));
    if (run.change) {
      number("ratio", run.change->ratio);
      number("low", run.change->low);
      number("high", run.change->high);
      number("confidence", run.change->confidence);
    }
    json_.raw("}");
  }

  wire::JsonWriter json_{1U << 14};
};

}  // namespace

std::string comparison_json(const Comparison& comparison) { return Writer().write(comparison); }

}  // namespace chat::bench
