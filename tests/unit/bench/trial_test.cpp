#include "chat/bench/run/trial.hpp"

#include <poll.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "chat/bench/run/agent_listener.hpp"
#include "chat/bench/run/clock.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using namespace bench;

constexpr std::uint64_t kMilli = 1'000'000;

/// A worker as a test writes it: what it hears, and what it says. It plays nobody. Fails by
/// std::runtime_error when something else comes than it waits for.
class Actor {
 public:
  explicit Actor(Channel channel) : channel_(std::move(channel)) {}

  template <class Message>
  Message hear() {
    const auto line = channel_.receive(monotonic_after(20s));
    if (!line || !*line) throw std::runtime_error("no order came");
    const auto order = order_of(**line);
    const auto* message = order ? std::get_if<Message>(&*order) : nullptr;
    if (message == nullptr) throw std::runtime_error("not the order that was to come: " + **line);
    return *message;
  }
  void say(const Word& word) { say_line(line_of(word)); }
  void say_line(const std::string& line) { channel_.send(line); }
  void hang_up() { channel_ = Channel(Descriptor()); }
  /// Until the leader has hung up.
  void stay() {
    while (channel_.receive(monotonic_after(20s))) {
    }
  }

  /// What all do before the window; two of the plan's members are in.
  Plan join() {
    const Plan plan = hear<Plan>();
    say(Ready{2});
    hear<Connect>();
    say_joined();
    return plan;
  }
  void say_joined() {
    Joined joined{0.5, 0.1, 2, 1, {}};
    joined.join.record(kMilli);
    say(joined);
  }

 private:
  Channel channel_;
};

using Part = std::function<void(Actor&)>;

/// A crew whose workers play their parts, each in a thread; to the crew they are an agent's.
class Stage {
 public:
  explicit Stage(std::vector<Part> parts) : wrong_(parts.size()) {
    auto listener = AgentListener::open("127.0.0.1:0", "");
    REQUIRE(listener);
    const auto place = listener->address();
    greeter_ = std::thread([this, parts = std::move(parts), made = std::move(*listener)]() mutable {
      greet(made, parts);
    });
    auto crew = Crew::gather(wrong_.size(), {place}, "");
    REQUIRE(crew);
    crew_ = std::make_unique<Crew>(std::move(*crew));
  }
  ~Stage() {
    crew_.reset();
    greeter_.join();
    for (auto& each : actors_) each.join();
    for (const auto& each : wrong_) CHECK(each == "");
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Crew& crew() { return *crew_; }

 private:
  void greet(AgentListener& listener, const std::vector<Part>& parts) {
    const auto end = monotonic_after(30s);
    while (actors_.size() < parts.size() && monotonic_ns() < end) {
      std::vector<pollfd> fds;
      listener.watch(fds);
      ::poll(fds.data(), fds.size(), 100);
      for (auto& each : listener.step(parts.size()).greeted) {
        const std::size_t number = actors_.size();
        actors_.emplace_back(
            [this, number, part = parts[number], channel = std::move(each.channel)]() mutable {
              play(number, part, std::move(channel));
            });
      }
    }
  }

  void play(std::size_t number, const Part& part, Channel channel) {
    Actor actor(std::move(channel));
    try {
      part(actor);
      actor.stay();
    } catch (const std::exception& error) {
      wrong_[number] = error.what();
    }
  }

  std::vector<std::string> wrong_;  // of each part; each written by its thread alone
  std::unique_ptr<Crew> crew_;
  std::vector<std::thread> actors_;  // the greeter's, until it has ended
  std::thread greeter_;
};

Plan short_plan(Scenario scenario = Scenario::fanout) {
  Plan plan = plan_for(scenario);
  plan.servers = {{"127.0.0.1", 1}};
  plan.run = "r_0";
  plan.members = 4;
  plan.senders = 2;
  plan.warm_up = 0;
  plan.duration = scenario == Scenario::storm ? 0 : 20 * kMilli;
  return plan;
}

tl::expected<TrialResult, TrialFailure> result_of(Stage& stage, const Plan& plan,
                                                  const std::function<bool()>& is_stopped = {}) {
  Trial trial(
      plan, stage.crew(), nullptr, {}, is_stopped ? is_stopped : [] { return false; });
  return trial.run();
}

/// Empty: it has a result.
std::string why_not(const tl::expected<TrialResult, TrialFailure>& result) {
  return result ? std::string() : result.error().why;
}

Tick tick(std::int64_t second, std::uint64_t count, std::uint64_t latency) {
  Tick tick;
  tick.second = second;
  tick.length_s = 0.5;
  tick.is_measured = second >= 0;
  tick.sent = count;
  tick.deliveries = 10 * count;
  tick.cpu_s = 0.1;
  tick.latency.record(latency, 10 * count);
  return tick;
}

Outcome outcome(std::uint64_t lost, std::uint64_t order) {
  Outcome outcome;
  outcome.verdict = {lost, 1, 0, 0, 0, 2, lost == 0 ? 2U : 1U, lost == 0 ? 1 : 0.5};
  outcome.orders = {{0, {{order, 2}}}};
  outcome.total_sent = 5;
  outcome.total_deliveries = 20;
  outcome.refused = 1;
  outcome.reasons = {"the same reason", "reason " + std::to_string(order)};
  outcome.lag.record(kMilli);
  return outcome;
}

/// All that a worker does, with these in the middle.
Part whole_part(std::vector<std::uint32_t> sent, Outcome told, std::uint64_t latency = kMilli) {
  return [=](Actor& actor) {
    actor.join();
    actor.hear<Begin>();
    actor.say(tick(-1, 100, latency));
    actor.say(tick(0, 5, latency));
    actor.say(Sent{sent});
    const auto drain = actor.hear<Drain>();
    if (drain.sent != std::vector<std::uint32_t>{3, 4}) throw std::runtime_error("another sum");
    actor.say(told);
  };
}

TEST_CASE("bench trial: each worker gets the plan with its own number, and the machines of all",
          "[bench][trial]") {
  std::vector<Plan> plans(3);
  std::vector<Part> parts;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    parts.emplace_back([&plans, i](Actor& actor) {
      plans[i] = actor.hear<Plan>();
      actor.hang_up();
    });
  }
  {
    Stage stage(parts);
    CHECK_FALSE(result_of(stage, short_plan()));
  }
  std::vector<std::size_t> numbers;
  for (const auto& plan : plans) {
    if (plan.machines.empty()) continue;  // the run was over before
    CHECK(plan.machines == std::vector<std::size_t>{0, 0, 0});
    CHECK(plan.run == "r_0");
    numbers.push_back(plan.worker);
  }
  std::sort(numbers.begin(), numbers.end());
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
  CHECK(numbers.back() < 3);
}

TEST_CASE("bench trial: a run is the sum of what its workers tell", "[bench][trial]") {
  Stage stage({whole_part({3, 0}, outcome(0, 7)), whole_part({0, 4}, outcome(6, 7), 3 * kMilli)});
  const auto result = result_of(stage, short_plan());
  REQUIRE(why_not(result) == "");
  REQUIRE(result->rounds.size() == 1);
  CHECK(result->rounds[0].joined == 4);
  CHECK(result->rounds[0].failed == 2);
  CHECK(result->rounds[0].seconds == 0.5);
  CHECK(result->rounds[0].join.count() == 2);
  CHECK(result->rounds[0].generator_cpu == Approx(0.2));
  CHECK(result->window_s == 0.5);
  CHECK(result->sent == 10);
  CHECK(result->deliveries == 100);
  CHECK(result->generator_cpu == Approx(0.2));
  REQUIRE(result->seconds.size() == 1);
  CHECK(result->seconds[0].at_s == 0);
  CHECK(result->seconds[0].deliveries == Approx(200));
  CHECK(result->seconds[0].sent == Approx(20));
  CHECK(result->seconds[0].p50_ms == Approx(1).epsilon(0.01));
  CHECK(result->seconds[0].p99_ms == Approx(3).epsilon(0.01));
  CHECK(result->outcome.verdict.lost == 6);
  CHECK(result->outcome.verdict.duplicated == 2);
  CHECK(result->outcome.verdict.members == 4);
  CHECK(result->outcome.verdict.reached == 3);
  CHECK(result->outcome.verdict.lowest_reach == 0.5);
  CHECK(result->outcome.verdict.order_mismatch == 0);
  CHECK(result->outcome.total_deliveries == 40);
  CHECK(result->outcome.refused == 2);
  CHECK(result->outcome.lag.count() == 2);
  CHECK(result->outcome.reasons == std::vector<std::string>{"the same reason", "reason 7"});
  CHECK_FALSE(result->is_interrupted);
  CHECK_FALSE(result->begin);
}

TEST_CASE("bench trial: seconds are in their order, also when a worker stood still for some",
          "[bench][trial]") {
  const auto part = [](std::vector<std::int64_t> seconds, std::vector<std::uint32_t> sent) -> Part {
    return [=](Actor& actor) {
      actor.join();
      actor.hear<Begin>();
      for (const auto second : seconds) actor.say(tick(second, 5, kMilli));
      actor.say(Sent{sent});
      actor.hear<Drain>();
      actor.say(outcome(0, 7));
    };
  };
  Stage stage({part({0, 1, 2, 3}, {3, 0}), part({0, 3}, {0, 4})});
  const auto result = result_of(stage, short_plan());
  REQUIRE(why_not(result) == "");
  std::vector<double> seconds;
  for (const auto& second : result->seconds) seconds.push_back(second.at_s);
  CHECK(seconds == std::vector<double>{0, 1, 2, 3});
}

TEST_CASE("bench trial: the rate of a second is the sum of its workers', also of one that was late",
          "[bench][trial]") {
  const auto part = [](double length, std::vector<std::uint32_t> sent) -> Part {
    return [=](Actor& actor) {
      actor.join();
      actor.hear<Begin>();
      Tick told = tick(0, 5, kMilli);
      told.length_s = length;
      actor.say(told);
      actor.say(Sent{sent});
      actor.hear<Drain>();
      actor.say(outcome(0, 7));
    };
  };
  Stage stage({part(0.5, {3, 0}), part(2, {0, 4})});
  const auto result = result_of(stage, short_plan());
  REQUIRE(why_not(result) == "");
  REQUIRE(result->seconds.size() == 1);
  CHECK(result->seconds[0].deliveries == Approx(125));
  CHECK(result->seconds[0].sent == Approx(12.5));
}

TEST_CASE("bench trial: members of two workers that saw two orders are told apart",
          "[bench][trial]") {
  Stage stage({whole_part({3, 0}, outcome(0, 7)), whole_part({0, 4}, outcome(0, 8))});
  const auto result = result_of(stage, short_plan());
  REQUIRE(why_not(result) == "");
  CHECK(result->outcome.verdict.order_mismatch == 2);
}

TEST_CASE("bench trial: a storm connects twice", "[bench][trial]") {
  const Part part = [](Actor& actor) {
    actor.join();
    actor.hear<Connect>();
    actor.say_joined();
    actor.hear<Begin>();
    actor.say(Sent{});
    actor.hear<Drain>();
    actor.say(Outcome{});
  };
  Stage stage({part, part});
  const auto result = result_of(stage, short_plan(Scenario::storm));
  REQUIRE(why_not(result) == "");
  REQUIRE(result->rounds.size() == 2);
  CHECK(result->rounds[1].joined == 4);
}

TEST_CASE("bench trial: a worker that fails ends the run with its reason", "[bench][trial]") {
  const bool is_unreachable = GENERATE(true, false);
  Stage stage({[is_unreachable](Actor& actor) {
                 actor.hear<Plan>();
                 actor.say(Failed{"r_0", "it does not work", is_unreachable, false});
               },
               [](Actor&) {}});
  const auto result = result_of(stage, short_plan());
  REQUIRE_FALSE(result);
  CHECK(result.error().why == "it does not work");
  CHECK(result.error().is_unreachable == is_unreachable);
  CHECK_FALSE(result.error().is_crowded);
}

TEST_CASE("bench trial: that nobody of one worker's was let in where others were is no dead server",
          "[bench][trial]") {
  Stage stage({[](Actor& actor) {
    actor.hear<Plan>();
    actor.say(Ready{2});
    actor.hear<Connect>();
    actor.say(Joining{1, 1, "full"});
    actor.say(Failed{"r_0", "full", true, false});
  }});
  const auto result = result_of(stage, short_plan());
  REQUIRE_FALSE(result);
  CHECK(result.error().why == "full");
  CHECK_FALSE(result.error().is_unreachable);
  CHECK(result.error().is_crowded);
}

TEST_CASE("bench trial: a run that failed is given up by all", "[bench][trial]") {
  Stage stage({[](Actor& actor) {
                 actor.hear<Plan>();
                 actor.say(Failed{"r_0", "it does not work", false, false});
                 actor.hear<Quit>();
               },
               [](Actor& actor) {
                 actor.hear<Plan>();
                 actor.hear<Quit>();
               }});
  CHECK_FALSE(result_of(stage, short_plan()));
}

TEST_CASE("bench trial: who fails in the window is heard, too", "[bench][trial]") {
  Stage stage({[](Actor& actor) {
    actor.join();
    actor.hear<Begin>();
    actor.say(Failed{"r_0", "out of memory", false, false});
  }});
  Plan plan = short_plan();
  plan.duration = 600'000 * kMilli;  // it is not waited for
  const auto result = result_of(stage, plan);
  REQUIRE_FALSE(result);
  CHECK(result.error().why == "out of memory");
}

TEST_CASE("bench trial: what is said of an earlier run is nothing of this one", "[bench][trial]") {
  const auto late = [](Part part) -> Part {
    return [part](Actor& actor) {
      actor.say(tick(0, 1000, kMilli));
      actor.say(Failed{"r_before", "of the run before", true, false});
      part(actor);
    };
  };
  Stage stage({late(whole_part({3, 4}, outcome(0, 7)))});
  const auto result = result_of(stage, short_plan());
  REQUIRE(why_not(result) == "");
  CHECK(result->sent == 5);
}

TEST_CASE("bench trial: a worker that hangs up ends the run", "[bench][trial]") {
  const int when = GENERATE(range(0, 4));
  CAPTURE(when);
  Stage stage({[when](Actor& actor) {
    actor.hear<Plan>();
    if (when > 0) {
      actor.say(Ready{2});
      actor.hear<Connect>();
    }
    if (when > 1) {
      actor.say_joined();
      actor.hear<Begin>();
    }
    if (when > 2) {
      actor.say(Sent{{1, 1}});
      actor.hear<Drain>();
    }
    actor.hang_up();
  }});
  Plan plan = short_plan();
  plan.duration = when == 2 ? 600'000 * kMilli : plan.duration;
  const auto result = result_of(stage, plan);
  REQUIRE_FALSE(result);
  CHECK(result.error().why.find("the other side has ended the connection") != std::string::npos);
  CHECK(result.error().why.rfind("127.0.0.1:", 0) == 0);
  CHECK_FALSE(result.error().is_unreachable);
}

TEST_CASE("bench trial: a worker that says nonsense ends the run", "[bench][trial]") {
  Stage stage({[](Actor& actor) {
    actor.hear<Plan>();
    actor.say_line("hello");
  }});
  const auto result = result_of(stage, short_plan());
  REQUIRE_FALSE(result);
  CHECK(result.error().why.find("not a message of a load test's worker or leader") !=
        std::string::npos);
}

TEST_CASE("bench trial: a worker that measured before the window began ends the run",
          "[bench][trial]") {
  Stage stage({[](Actor& actor) {
    actor.join();
    actor.hear<Begin>();
    Tick told = tick(-1, 5, kMilli);
    told.is_measured = true;
    actor.say(told);
  }});
  const auto result = result_of(stage, short_plan());
  REQUIRE_FALSE(result);
  CHECK(result.error().why.find("a second before the window began") != std::string::npos);
}

TEST_CASE("bench trial: a run that is stopped tells its workers, and has a result",
          "[bench][trial]") {
  bool is_stopped = false;
  Stage stage({[](Actor& actor) {
    actor.join();
    actor.hear<Begin>();
    actor.hear<Stop>();
    actor.say(tick(0, 5, kMilli));
    actor.say(Sent{{3, 4}});
    actor.hear<Drain>();
    actor.say(outcome(0, 7));
  }});
  Plan plan = short_plan();
  plan.duration = 600'000 * kMilli;
  Trial trial(
      plan, stage.crew(), nullptr,
      [&is_stopped](const Progress& progress) {
        if (progress.phase == Progress::Phase::measuring) is_stopped = true;
      },
      [&is_stopped] { return is_stopped; });
  const auto result = trial.run();
  REQUIRE(why_not(result) == "");
  CHECK(result->is_interrupted);
  CHECK(result->sent == 5);
  CHECK(result->window_s == 0.5);
}

TEST_CASE("bench trial: one that is stopped before it begins is over at once", "[bench][trial]") {
  Stage stage({[](Actor& actor) {
    const auto plan = actor.hear<Plan>();
    actor.hear<Stop>();
    actor.say(Ready{2});
    actor.hear<Connect>();
    actor.hear<Stop>();
    actor.say_joined();
    actor.hear<Begin>();
    actor.hear<Stop>();
    actor.say(Sent{});
    actor.hear<Drain>();
    actor.say(Outcome{});
  }});
  const auto result = result_of(stage, short_plan(), [] { return true; });
  REQUIRE(why_not(result) == "");
  CHECK(result->is_interrupted);
}

/// Tells what it is told to, one reading after the other.
class WrittenMeter final : public ServerMeter {
 public:
  explicit WrittenMeter(std::size_t good) : good_(good) {}
  tl::expected<ServerUse, std::string> read() override {
    if (count_ >= good_) return tl::unexpected(std::string("the process is gone"));
    ServerUse use;
    use.cpu_s = static_cast<double>(count_++);
    use.rss_bytes = 1000 * count_;
    return use;
  }

 private:
  const std::size_t good_;
  std::size_t count_ = 0;
};

TEST_CASE("bench trial: what the server uses is read around connecting and around the window",
          "[bench][trial]") {
  Stage stage({whole_part({3, 4}, outcome(0, 7))});
  WrittenMeter meter(100);
  Trial trial(short_plan(), stage.crew(), &meter, {}, [] { return false; });
  const auto result = trial.run();
  REQUIRE(why_not(result) == "");
  const auto& round = result->rounds[0];
  REQUIRE(round.before);
  REQUIRE(round.after);
  REQUIRE(result->begin);
  REQUIRE(result->end);
  CHECK(round.before->cpu_s == 0);
  CHECK(round.after->cpu_s == 1);
  CHECK(result->begin->cpu_s == 2);
  CHECK(result->end->cpu_s >= 2);
}

TEST_CASE(
    "bench trial: a server that tells no more what it uses ends the run, but where it is killed",
    "[bench][trial]") {
  const bool is_fault = GENERATE(true, false);
  Plan plan = short_plan(is_fault ? Scenario::fault : Scenario::fanout);
  Stage stage({[is_fault](Actor& actor) {
    actor.join();
    if (!is_fault) return;
    actor.hear<Begin>();
    actor.say(Sent{{3, 4}});
    actor.hear<Drain>();
    actor.say(outcome(0, 7));
  }});
  WrittenMeter meter(1);
  Trial trial(plan, stage.crew(), &meter, {}, [] { return false; });
  const auto result = trial.run();
  REQUIRE(result.has_value() == is_fault);
  if (is_fault) {
    CHECK_FALSE(result->rounds[0].after);
    CHECK_FALSE(result->end);
  } else {
    CHECK(result.error().why == "the process is gone");
  }
}

/// Tells CPU times that a test gives it, nothing for a negative one.
class KilledMeter final : public ServerMeter {
 public:
  explicit KilledMeter(std::vector<double> times) : times_(std::move(times)) {}
  tl::expected<ServerUse, std::string> read() override {
    const double time = times_.at(count_++);
    if (count_ == times_.size()) end_.set_value();
    if (time < 0) return tl::unexpected(std::string("the process is gone"));
    ServerUse use;
    use.cpu_s = time;
    return use;
  }
  /// What a worker does who sends until all of them were told.
  Part part(std::int64_t seconds) {
    return [seconds, end = std::make_shared<std::future<void>>(end_.get_future())](Actor& actor) {
      actor.join();
      actor.hear<Begin>();
      for (std::int64_t i = 0; i < seconds; ++i) actor.say(tick(i, 5, kMilli));
      end->wait_for(20s);
      actor.say(Sent{{3, 4}});
      actor.hear<Drain>();
      actor.say(outcome(0, 7));
    };
  }

 private:
  const std::vector<double> times_;
  std::size_t count_ = 0;
  std::promise<void> end_;
};

TEST_CASE("bench trial: what a killed server used, and the one behind it, is not one number",
          "[bench][trial]") {
  // Before and behind connecting, at the begin of the window, and at its end.
  const bool is_killed = GENERATE(true, false);
  KilledMeter meter({1, 2, 3, is_killed ? 0.5 : 3.5});
  Stage stage({meter.part(1)});
  Trial trial(short_plan(Scenario::fault), stage.crew(), &meter, {}, [] { return false; });
  const auto result = trial.run();
  REQUIRE(why_not(result) == "");
  CHECK(result->begin.has_value() != is_killed);
  CHECK(result->end.has_value());
}

TEST_CASE("bench trial: what the server used stands in its second, whatever was not read before",
          "[bench][trial]") {
  Plan plan = short_plan(Scenario::fault);
  plan.duration = 2'050 * kMilli;
  KilledMeter meter({1, 1, 1, -1, 2, 3});  // it is away at the end of the first second
  Stage stage({meter.part(3)});
  Trial trial(plan, stage.crew(), &meter, {}, [] { return false; });
  const auto result = trial.run();
  REQUIRE(why_not(result) == "");
  REQUIRE(result->seconds.size() == 3);
  CHECK(result->seconds[0].server < 0);
  CHECK(result->seconds[1].server < 0);
  CHECK(result->seconds[2].server > 0);
}

}  // namespace
}  // namespace chat::tests
