#include "chat/bench/run/messages.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <random>

namespace chat::tests {
namespace {

using namespace bench;

constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
constexpr double kMostDouble = std::numeric_limits<double>::max();
const std::string kOddText = "\"\\ \n\t\x01 {}[]: Größe 🙂 </script>";

template <class Message>
Message order_again(const Message& message) {
  const auto line = line_of(Order(message));
  CHECK(line.find('\n') == std::string::npos);
  const auto order = order_of(line);
  REQUIRE(order);
  REQUIRE(std::holds_alternative<Message>(*order));
  CHECK(line_of(*order) == line);
  return std::get<Message>(*order);
}

template <class Message>
Message word_again(const Message& message) {
  const auto line = line_of(Word(message));
  CHECK(line.find('\n') == std::string::npos);
  const auto word = word_of(line);
  REQUIRE(word);
  REQUIRE(std::holds_alternative<Message>(*word));
  CHECK(line_of(*word) == line);
  return std::get<Message>(*word);
}

void check_alike(const base::Histogram& a, const base::Histogram& b) {
  CHECK(a.count() == b.count());
  CHECK(a.sum() == b.sum());
  CHECK(a.max() == b.max());
  for (const double quantile : {0.0, 0.5, 0.9, 0.99, 1.0}) {
    CHECK(a.quantile(quantile) == b.quantile(quantile));
  }
}

base::Histogram odd_histogram() {
  base::Histogram histogram;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, kMost / 3, kMost}) {
    histogram.record(value);
  }
  return histogram;
}

Plan odd_plan() {
  Plan plan;
  plan.scenario = Scenario::fault;
  plan.servers = {{"", 0}, {kOddText, 65535}};
  plan.dialect = "raw";
  plan.dialect_options = {"/ws/{room}?a=b", "key", kOddText};
  plan.run = "abc123_4";
  plan.rooms = kMost;
  plan.members = kMost;
  plan.senders = 1;
  plan.zipf = 1e-300;
  plan.arrivals = Arrivals::Kind::poisson;
  plan.rate = kMostDouble;
  plan.outstanding = 7;
  plan.payload = "100*9,4000*1";
  plan.warm_up = kMost;
  plan.duration = kMost;
  plan.speaks = true;
  plan.connect_rate = 0.1;
  plan.handshakes = kMost;
  plan.affected = 1.0 / 3;
  plan.away = 1;
  plan.between = 2;
  plan.seed = kMost;
  plan.machines = {0, 1, 1, 2};
  plan.worker = 3;
  return plan;
}

TEST_CASE("bench messages: a plan comes as it was sent", "[bench][messages]") {
  const Plan sent = odd_plan();
  const Plan got = order_again(sent);
  CHECK(got.scenario == sent.scenario);
  REQUIRE(got.servers.size() == 2);
  CHECK(got.servers[1].host == sent.servers[1].host);
  CHECK(got.servers[1].port == 65535);
  CHECK(got.dialect == sent.dialect);
  CHECK(got.dialect_options.path == sent.dialect_options.path);
  CHECK(got.dialect_options.app_key == sent.dialect_options.app_key);
  CHECK(got.dialect_options.app_secret == sent.dialect_options.app_secret);
  CHECK(got.run == sent.run);
  CHECK(got.rooms == sent.rooms);
  CHECK(got.members == sent.members);
  CHECK(got.senders == sent.senders);
  CHECK(got.zipf == sent.zipf);
  CHECK(got.arrivals == sent.arrivals);
  CHECK(got.rate == sent.rate);
  CHECK(got.outstanding == sent.outstanding);
  CHECK(got.payload == sent.payload);
  CHECK(got.warm_up == sent.warm_up);
  CHECK(got.duration == sent.duration);
  CHECK(got.speaks == sent.speaks);
  CHECK(got.connect_rate == sent.connect_rate);
  CHECK(got.handshakes == sent.handshakes);
  CHECK(got.affected == sent.affected);
  CHECK(got.away == sent.away);
  CHECK(got.between == sent.between);
  CHECK(got.seed == sent.seed);
  CHECK(got.machines == sent.machines);
  CHECK(got.worker == sent.worker);
}

TEST_CASE("bench messages: each scenario comes as itself", "[bench][messages]") {
  for (std::size_t i = 0; i < scenario_names().size(); ++i) {
    const auto scenario = static_cast<Scenario>(i);
    CHECK(order_again(plan_for(scenario)).scenario == scenario);
  }
}

TEST_CASE("bench messages: the other orders come as they were sent", "[bench][messages]") {
  order_again(Connect{});
  order_again(Stop{});
  order_again(Quit{});
  const auto begin = order_again(Begin{kMost, kMost - 1});
  CHECK(begin.in == kMost);
  CHECK(begin.at == kMost - 1);
  CHECK(order_again(Drain{{0, UINT32_MAX, 7}}).sent ==
        std::vector<std::uint32_t>{0, UINT32_MAX, 7});
  CHECK(order_again(Drain{}).sent.empty());
}

TEST_CASE("bench messages: what is told of joining comes as it was sent", "[bench][messages]") {
  CHECK(word_again(Ready{kMost}).members == kMost);
  const auto joining = word_again(Joining{kMost, 1, kOddText});
  CHECK(joining.joined == kMost);
  CHECK(joining.failed == 1);
  CHECK(joining.why == kOddText);
  const auto joined = word_again(Joined{kMostDouble, 1e-308, 3, 4, odd_histogram()});
  CHECK(joined.seconds == kMostDouble);
  CHECK(joined.cpu_s == 1e-308);
  CHECK(joined.joined == 3);
  CHECK(joined.failed == 4);
  check_alike(joined.join, odd_histogram());
  const auto unreachable = word_again(Failed{"run_1", kOddText, true, false});
  CHECK(unreachable.run == "run_1");
  CHECK(unreachable.why == kOddText);
  CHECK(unreachable.is_unreachable);
  CHECK_FALSE(unreachable.is_crowded);
  const auto crowded = word_again(Failed{"", "", false, true});
  CHECK_FALSE(crowded.is_unreachable);
  CHECK(crowded.is_crowded);
}

TEST_CASE("bench messages: ticks come as they were sent", "[bench][messages]") {
  const std::int64_t second = GENERATE(-1, 0, 4'000'000'000 - 1);
  const auto tick =
      word_again(Tick{second, 1.000001, true, 1, 2, 3, kMost, 0.5, 5, 6, odd_histogram()});
  CHECK(tick.second == second);
  CHECK(tick.length_s == 1.000001);
  CHECK(tick.is_measured);
  CHECK(tick.sent == 1);
  CHECK(tick.deliveries == 2);
  CHECK(tick.acked == 3);
  CHECK(tick.bytes == kMost);
  CHECK(tick.cpu_s == 0.5);
  CHECK(tick.gaps == 5);
  CHECK(tick.away == 6);
  check_alike(tick.latency, odd_histogram());
  CHECK(word_again(Sent{{1, 0, UINT32_MAX}}).sent == std::vector<std::uint32_t>{1, 0, UINT32_MAX});
}

TEST_CASE("bench messages: an outcome comes as it was sent", "[bench][messages]") {
  Outcome sent;
  sent.verdict = {1, 2, 3, 4, kMost, 6, 7, 1.0 / 3};
  sent.orders = {{3, {{kMost, 1}, {0, 2}}}, {kMost, {}}};
  std::uint64_t next = 10;
  for (auto* count : {&sent.total_sent, &sent.total_deliveries, &sent.untimed, &sent.not_sent,
                      &sent.unacked, &sent.refused, &sent.disconnects, &sent.cuts, &sent.returns,
                      &sent.dropped, &sent.displaced}) {
    *count = next++;
  }
  sent.reasons = {kOddText, ""};
  sent.lag = odd_histogram();
  sent.back.record(5);
  const auto got = word_again(sent);
  CHECK(got.verdict.lost == 1);
  CHECK(got.verdict.duplicated == 2);
  CHECK(got.verdict.misordered == 3);
  CHECK(got.verdict.foreign == 4);
  CHECK(got.verdict.order_mismatch == kMost);
  CHECK(got.verdict.members == 6);
  CHECK(got.verdict.reached == 7);
  CHECK(got.verdict.lowest_reach == 1.0 / 3);
  REQUIRE(got.orders.size() == 2);
  CHECK(got.orders[0].room == 3);
  REQUIRE(got.orders[0].orders.size() == 2);
  CHECK(got.orders[0].orders[0].hash == kMost);
  CHECK(got.orders[0].orders[1].members == 2);
  CHECK(got.orders[1].orders.empty());
  CHECK(got.total_sent == 10);
  CHECK(got.total_deliveries == 11);
  CHECK(got.untimed == 12);
  CHECK(got.not_sent == 13);
  CHECK(got.unacked == 14);
  CHECK(got.refused == 15);
  CHECK(got.disconnects == 16);
  CHECK(got.cuts == 17);
  CHECK(got.returns == 18);
  CHECK(got.dropped == 19);
  CHECK(got.displaced == 20);
  CHECK(got.reasons == sent.reasons);
  check_alike(got.lag, sent.lag);
  check_alike(got.back, sent.back);
}

TEST_CASE("bench messages: a server's text that is no UTF-8 is told as far as it is one",
          "[bench][messages]") {
  const auto word = word_of(line_of(Word(Failed{"r", "odd \xff\xc0 text", false, false})));
  REQUIRE(word);
  CHECK(std::get<Failed>(*word).why == "odd \xef\xbf\xbd\xef\xbf\xbd text");
}

TEST_CASE("bench messages: what is none is told as such", "[bench][messages]") {
  const std::string line = GENERATE(
      "", " ", "{", "{}", "[]", "null", "7", "\"ready\"", "\xff", std::string(1, '\0'),
      R"({"do":7})", R"({"do":"dance"})", R"({"is":"dancing"})", R"({"do":"plan"})",
      R"({"do":"begin"})", R"({"do":"begin","in":-1,"at":0})", R"({"do":"begin","in":1.5,"at":0})",
      R"({"do":"begin","in":1e300,"at":0})", R"({"do":"begin","in":18446744073709551616,"at":0})",
      R"({"do":"begin","in":true,"at":0})", R"({"do":"drain","sent":[4294967296]})",
      R"({"do":"drain","sent":[-1]})", R"({"do":"drain","sent":7})",
      R"({"do":"drain","sent":{"a":"b"}})", R"({"do":"stop"}{"do":"stop"})", R"({"is":"ready"})",
      R"({"is":"ready","members":"7"})", R"({"is":"ready","members":-7})",
      R"({"is":"sent","sent":[null]})", R"({"is":"failed","why":7,"unreachable":false})",
      R"({"is":"failed","why":"","unreachable":0})", R"({"is":"joining","joined":1,"failed":1})",
      std::string(100'000, '['));
  CAPTURE(line.substr(0, 80));
  const auto order = order_of(line);
  REQUIRE_FALSE(order);
  CHECK(order.error().rfind("not a message of a load test's worker or leader", 0) == 0);
  CHECK_FALSE(word_of(line));
}

TEST_CASE("bench messages: a plan with one value that cannot be is none", "[bench][messages]") {
  const std::string line = line_of(Order(odd_plan()));
  const auto with = [&line](const std::string& what, const std::string& other) {
    std::string changed = line;
    const auto at = changed.find(what);
    REQUIRE(at != std::string::npos);
    return changed.replace(at, what.size(), other);
  };
  CHECK_FALSE(order_of(with("\"scenario\":7", "\"scenario\":8")));
  CHECK_FALSE(order_of(with("\"scenario\":7", "\"scenario\":-1")));
  CHECK_FALSE(order_of(with(",65535]", ",65536]")));
  CHECK_FALSE(order_of(with("\"senders\":1", "\"senders\":1.0")));
  CHECK_FALSE(order_of(with("\"machines\":[0", "\"machines\":[-1")));
  CHECK_FALSE(order_of(with("\"speaks\":true", "\"speaks\":1")));
  CHECK_FALSE(order_of(with("\"rate\":", "\"rat\":")));
}

TEST_CASE("bench messages: no change of a byte makes reading fail otherwise than by an answer",
          "[bench][messages]") {
  std::mt19937 random(1);
  Outcome outcome;
  outcome.lag = odd_histogram();
  outcome.orders = {{1, {{2, 3}}}};
  for (const auto& line : {line_of(Order(odd_plan())), line_of(Word(outcome)),
                           line_of(Word(Joined{1, 1, 1, 1, odd_histogram()}))}) {
    for (int i = 0; i < 3000; ++i) {
      std::string changed = line;
      const std::size_t at = random() % changed.size();
      switch (random() % 3) {
        case 0: changed[at] = static_cast<char>(random()); break;
        case 1: changed.erase(at, 1 + random() % 20); break;
        default: changed.insert(at, 1, "-.e\"[]{},0"[random() % 10]); break;
      }
      if (const auto order = order_of(changed)) CHECK(order_of(line_of(*order)));
      if (const auto word = word_of(changed)) CHECK(word_of(line_of(*word)));
    }
  }
}

}  // namespace
}  // namespace chat::tests
