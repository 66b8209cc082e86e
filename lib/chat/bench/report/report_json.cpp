#include "chat/bench/report/report_json.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "chat/base/text.hpp"
#include "chat/bench/report/better_word.hpp"

namespace chat::bench {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormat = "chat-bench/1";
constexpr int kMaxDepth = 16;  // what is deeper is nothing that is known
constexpr std::size_t kMostItems = 1000;
constexpr std::size_t kMostTextBytes = 4096;
constexpr std::size_t kMostUnitBytes = 32;
constexpr double kMostNumber = 1e18;
constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

/// A value of the text and the way to it; `json` is null where there is none.
struct Place {
  const Json* json;
  std::string where;

  explicit operator bool() const noexcept { return json != nullptr; }
};

/// Takes values out of a JSON text; remembers the first thing that is not as it must be.
class Reader {
 public:
  const std::string& problem() const noexcept { return problem_; }

  void fail(const std::string& where, const std::string& what) {
    if (problem_.empty()) problem_ = where + " " + what;
  }

  /// Nothing where it is missing or null.
  Place optional(const Place& of, const char* key) {
    std::string where = of.where.empty() ? key : of.where + "." + key;
    if (of && !of.json->is_object()) fail(of.where, "is not an object");
    if (!of || !of.json->is_object()) return {nullptr, std::move(where)};
    const auto found = of.json->find(key);
    const bool is_there = found != of.json->end() && !found->is_null();
    return {is_there ? &*found : nullptr, std::move(where)};
  }

  Place required(const Place& of, const char* key) {
    Place found = optional(of, key);
    if (!found && of) fail(found.where, "is missing");
    return found;
  }

  std::string text(const Place& at, std::size_t most = kMostTextBytes) {
    if (!at) return {};
    const auto* const text = at.json->get_ptr<const std::string*>();
    if (text == nullptr) return fail(at.where, "is not a text"), std::string();
    if (text->size() > most) {
      return fail(at.where, "is longer than " + std::to_string(most) + " bytes"), std::string();
    }
    return *text;
  }

  /// From `least` up to what any load test could measure.
  double number(const Place& at, double least, double missing = 0) {
    if (!at) return missing;
    if (!at.json->is_number()) return fail(at.where, "is not a number"), missing;
    const auto value = at.json->get<double>();
    if (value < least || value > kMostNumber) fail(at.where, "is out of range");
    return value;
  }

  std::uint64_t natural(const Place& at) {
    if (!at) return 0;
    if (!at.json->is_number_unsigned()) return fail(at.where, "is not a whole number"), 0;
    return at.json->get<std::uint64_t>();
  }

  bool flag(const Place& at, bool missing = false) {
    if (!at) return missing;
    if (!at.json->is_boolean()) return fail(at.where, "is neither true nor false"), missing;
    return at.json->get<bool>();
  }

  /// `read(place)` of each item.
  template <class Read>
  auto list(const Place& at, std::size_t most, Read read) {
    std::vector<decltype(read(at))> items;
    if (!at) return items;
    if (!at.json->is_array()) return fail(at.where, "is not a list"), items;
    if (at.json->size() > most) {
      return fail(at.where, "has more than " + std::to_string(most) + " items"), items;
    }
    items.reserve(at.json->size());
    for (std::size_t i = 0; i < at.json->size() && problem_.empty(); ++i) {
      items.push_back(read(Place{&(*at.json)[i], at.where + "[" + std::to_string(i) + "]"}));
    }
    return items;
  }

 private:
  std::string problem_;
};

std::string shown(const std::string& text) { return "\"" + base::escape_for_log(text, 40) + "\""; }

// ---- the parts of a report

void check_format(Reader& reader, const Place& root) {
  const Place at = reader.required(root, "format");
  const std::string format = reader.text(at);
  if (at && format != kFormat) {
    reader.fail(at.where, "is " + shown(format) + ", not \"" + std::string(kFormat) + "\"");
  }
}

std::vector<std::string> read_texts(Reader& reader, const Place& at) {
  return reader.list(at, kMostItems, [&reader](const Place& item) { return reader.text(item); });
}

std::vector<Fact> read_facts(Reader& reader, const Place& at) {
  return reader.list(at, kMostItems, [&reader](const Place& fact) {
    return Fact{reader.text(reader.required(fact, "name")),
                reader.text(reader.required(fact, "text"))};
  });
}

std::vector<double> read_numbers(Reader& reader, const Place& at, std::size_t most, double least) {
  return reader.list(at, most,
                     [&reader, least](const Place& item) { return reader.number(item, least); });
}

Figure::Better read_better(Reader& reader, const Place& at) {
  const std::string word = reader.text(at);
  for (const auto& [better, known] : kBetterWords) {
    if (word == known) return better;
  }
  if (at) reader.fail(at.where, "is " + shown(word) + ", not lower, higher, neither or zero");
  return Figure::Better::neither;
}

Figure read_figure(Reader& reader, const Place& at) {
  Figure figure;
  figure.name = reader.text(reader.required(at, "name"));
  figure.title = reader.text(reader.required(at, "title"));
  figure.unit = reader.text(reader.required(at, "unit"), kMostUnitBytes);
  figure.better = read_better(reader, reader.required(at, "better"));
  const Place values = reader.required(at, "values");
  figure.values = read_numbers(reader, values, kMostRepeats, -kMostNumber);
  if (values && figure.values.empty()) reader.fail(values.where, "is empty");
  return figure;
}

/// Each once: two of a name could not be compared.
std::vector<Figure> read_figures(Reader& reader, const Place& at) {
  auto figures = reader.list(at, kMostFigures,
                             [&reader](const Place& each) { return read_figure(reader, each); });
  std::set<std::string> names;
  for (const auto& figure : figures) {
    if (!names.insert(figure.name).second)
      reader.fail(at.where, "has " + shown(figure.name) + " twice");
  }
  return figures;
}

Objective read_objective(Reader& reader, const Place& at) {
  Objective objective;
  objective.name = reader.text(reader.required(at, "name"));
  objective.title = reader.text(reader.required(at, "title"));
  objective.is_met = reader.flag(reader.required(at, "met"));
  objective.is_measured = reader.flag(reader.optional(at, "measured"), true);
  objective.measured = reader.number(reader.required(at, "value"), -kMostNumber);
  objective.unit = reader.text(reader.required(at, "unit"), kMostUnitBytes);
  return objective;
}

Search read_search(Reader& reader, const Place& at) {
  Search search;
  if (!at) return search;
  search.of = reader.text(reader.required(at, "of"));
  search.unit = reader.text(reader.required(at, "unit"), kMostUnitBytes);
  search.held = reader.number(reader.optional(at, "held"), 0, -1);
  search.failed = reader.number(reader.optional(at, "failed"), 0, -1);
  search.why = reader.text(reader.required(at, "why"));
  search.levels = read_numbers(reader, reader.required(at, "levels"), kMostItems, 0);
  const Place holds = reader.required(at, "holds");
  for (const char held : reader.list(holds, kMostItems, [&reader](const Place& item) {
         return static_cast<char>(reader.flag(item));
       })) {
    search.holds.push_back(held != 0);
  }
  if (search.holds.size() != search.levels.size()) {
    reader.fail(holds.where, "is not as long as " + at.where + ".levels");
  }
  return search;
}

Second read_second(Reader& reader, const Place& at) {
  Second second;
  second.at_s = reader.number(reader.required(at, "at_s"), 0);
  second.deliveries = reader.number(reader.required(at, "deliveries"), 0);
  second.sent = reader.number(reader.required(at, "sent"), 0);
  second.p50_ms = reader.number(reader.required(at, "p50_ms"), 0);
  second.p99_ms = reader.number(reader.required(at, "p99_ms"), 0);
  second.generator = reader.number(reader.required(at, "generator"), 0);
  second.server = reader.number(reader.optional(at, "server"), 0, -1);
  return second;
}

using Bucket = base::Histogram::Bucket;

Bucket read_bucket(Reader& reader, const Place& at) {
  const bool is_pair = at.json->is_array() && at.json->size() == 2;
  if (!is_pair) return reader.fail(at.where, "is not [INDEX, COUNT]"), Bucket{0, 0};
  const auto index = reader.natural({&(*at.json)[0], at.where + "[0]"});
  const auto count = reader.natural({&(*at.json)[1], at.where + "[1]"});
  if (index >= base::Histogram::kBuckets) reader.fail(at.where + "[0]", "is out of range");
  if (count == 0) reader.fail(at.where + "[1]", "is not above 0");
  return {static_cast<std::uint32_t>(index), count};
}

bool is_in(std::uint64_t value, const Bucket& bucket) {
  base::Histogram of_one;
  of_one.record(value);
  return of_one.buckets().front().index == bucket.index;
}

void read_latency(Reader& reader, const Place& at, base::Histogram& latency) {
  if (!at) return;
  const Place sum_at = reader.required(at, "sum_ns");
  const Place max_at = reader.required(at, "max_ns");
  const Place buckets_at = reader.required(at, "buckets");
  const auto sum = reader.natural(sum_at);
  const auto max = reader.natural(max_at);
  const auto buckets =
      reader.list(buckets_at, base::Histogram::kBuckets,
                  [&reader](const Place& bucket) { return read_bucket(reader, bucket); });
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].index <= buckets[i - 1].index) {
      reader.fail(buckets_at.where + "[" + std::to_string(i) + "]", "is not above the one before");
    }
  }
  if (buckets.empty()) {
    if (max != 0) reader.fail(max_at.where, "is not 0, but there is no bucket");
    if (sum != 0) reader.fail(sum_at.where, "is not 0, but there is no bucket");
    return;
  }
  if (!is_in(max, buckets.back())) {
    reader.fail(max_at.where, "is not in the last of the buckets");
  }
  if (sum < max) reader.fail(sum_at.where, "is less than " + max_at.where);
  if (reader.problem().empty()) latency.add(buckets, sum, max);
}

Report read_report(Reader& reader, const Place& root) {
  Report report;
  check_format(reader, root);
  report.scenario = reader.text(reader.required(root, "scenario"));
  report.is_interrupted = reader.flag(reader.optional(root, "interrupted"));
  report.warnings = read_texts(reader, reader.optional(root, "warnings"));
  report.notes = read_texts(reader, reader.optional(root, "notes"));
  report.workload = read_facts(reader, reader.optional(root, "workload"));
  report.setup = read_facts(reader, reader.optional(root, "setup"));
  report.figures = read_figures(reader, reader.required(root, "figures"));
  report.objectives =
      reader.list(reader.optional(root, "objectives"), kMostItems,
                  [&reader](const Place& at) { return read_objective(reader, at); });
  report.search = read_search(reader, reader.optional(root, "search"));
  read_latency(reader, reader.optional(root, "latency"), report.latency);
  report.seconds =
      reader.list(reader.optional(root, "seconds"), kMostRepeats, [&reader](const Place& repeat) {
        return reader.list(repeat, kAny,
                           [&reader](const Place& at) { return read_second(reader, at); });
      });
  return report;
}

tl::expected<Json, std::string> parse(std::string_view text) {
  if (text.size() > kMostReportBytes) {
    return tl::unexpected("it is longer than " + std::to_string(kMostReportBytes >> 20U) + " MiB");
  }
  // nlohmann takes a NUL for the end of a text.
  if (text.find('\0') != std::string_view::npos)
    return tl::unexpected(std::string("it is no JSON: it has a NUL"));
  const auto is_shallow = [](int depth, Json::parse_event_t, const Json&) {
    return depth < kMaxDepth;
  };
  try {
    return Json::parse(text, is_shallow);
  } catch (const Json::exception& error) {
    const std::string_view what = error.what();
    const std::size_t id_end = what.find("] ");
    return tl::unexpected("it is no JSON: " + base::escape_for_log(what.substr(id_end + 2)));
  }
}

}  // namespace

tl::expected<Report, std::string> report_from_json(std::string_view text) {
  auto json = parse(text);
  if (!json) return tl::unexpected(std::move(json.error()));
  if (!json->is_object()) return tl::unexpected(std::string("it is not an object"));
  Reader reader;
  Report report = read_report(reader, {&*json, ""});
  if (!reader.problem().empty()) return tl::unexpected(reader.problem());
  return report;
}

}  // namespace chat::bench
