#include "sim/cluster_scenario.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "sim/cluster_judge.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRounds = 2;
constexpr std::size_t kSteps = 150;
/// When nothing goes wrong any more everybody has come to rest within this.
constexpr auto kCalm = 60s;
/// Late copies have arrived by then.
constexpr auto kAftermath = 4s;

template <class T>
T one_of(std::mt19937_64& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random() % choices.size());
}

ClusterPlan plan_of(std::uint64_t seed, const std::function<void(ClusterPlan&)>& adjust) {
  std::mt19937_64 random(seed);
  ClusterPlan plan;
  plan.nodes = 1 + random() % 3;
  plan.node.workers = 1 + random() % 2;
  plan.node.partitions = 1 + random() % 3;
  plan.node.own_loop = random() % 2 == 0;
  plan.node.retention.room_messages = one_of<std::size_t>(random, {10'000, 10'000, 10});
  plan.node.rooms.snapshot_every = one_of<std::size_t>(random, {1024, 3});
  plan.node.rooms.idle_rooms = one_of<std::size_t>(random, {256, 0});
  plan.node.queue_messages = one_of<std::size_t>(random, {65'536, 65'536, 5});
  for (const char* room : {"ops", "dev", "\u043a\u043e\u043c\u043d\u0430\u0442\u0430", "x"}) {
    plan.rooms.emplace_back(room);
  }
  if (adjust) adjust(plan);
  return plan;
}

}  // namespace

ClusterScenario::ClusterScenario(std::uint64_t seed,
                                 const std::function<void(ClusterPlan&)>& adjust)
    : random_(seed ^ 0x5eed),
      world_(plan_of(seed, adjust), random_(),
             [this](const std::string& finding) { findings_.add(finding); }),
      faults_(world_, random_()),
      longest_step_(one_of<base::Duration>(random_, {20ms, 60ms, 300ms, 2s})) {}

const Findings& ClusterScenario::play() {
  for (std::size_t i = 0; i < world_.plan().nodes; ++i) world_.start(i);
  if (any(4) != 0) world_.clock().advance(2s);
  for (std::size_t round = 0; round < kRounds && findings_.empty(); ++round) {
    for (std::size_t i = 0; i < kSteps && findings_.empty(); ++i) {
      act();
      faults_.step();
    }
    if (findings_.empty()) settle();
    if (findings_.empty()) judge(world_, findings_);
    count();
    world_.forget_judged();
  }
  outcome_.faults = faults_.counts();
  return findings_;
}

void ClusterScenario::act() {
  const auto place = any(world_.plan().nodes);
  const auto worker = any(world_.plan().node.workers);
  const auto& room = world_.plan().rooms[any(world_.plan().rooms.size())];
  const std::size_t dice = any(100);
  if (dice < 30) {
    publish_new();
  } else if (dice < 45) {
    publish_again();
  } else if (dice < 58) {
    world_.toggle(place, worker, room);
  } else if (dice < 64) {
    world_.read(place, worker, room);
  } else {
    world_.clock().advance(base::Duration(
        static_cast<base::Duration::rep>(any(static_cast<std::size_t>(longest_step_.count())))));
  }
}

void ClusterScenario::publish_new() {
  static const char* const clients[] = {"", "client-00000001", "client-00000002",
                                        "client-00000003"};
  const auto& room = world_.plan().rooms[any(world_.plan().rooms.size())];
  const base::ClientId client(clients[any(4)]);
  const auto n = client.value().empty() ? 0 : ++counters_[{room, client}];
  world_.publish(any(world_.plan().nodes), any(world_.plan().node.workers), room, client, n);
}

/// As a client does that has had no answer, or lost it; at any node.
void ClusterScenario::publish_again() {
  const auto& attempts = world_.attempts();
  if (attempts.empty()) return;
  const auto newest = std::min<std::size_t>(attempts.size(), 20);
  const auto earlier = attempts[attempts.size() - 1 - any(newest)];
  const auto& [room, client, n] = std::tie(earlier->room, earlier->client, earlier->n);
  if (client.value().empty() || faults_.is_retired({room, client, n})) return;
  world_.publish(any(world_.plan().nodes), any(world_.plan().node.workers), room, client, n);
}

void ClusterScenario::settle() {
  faults_.end();
  for (std::size_t i = 0; i < world_.plan().nodes; ++i) world_.start(i);
  const auto begin = world_.clock().now();
  while (!world_.is_settled()) {
    world_.clock().advance(100ms);
    if (world_.clock().now() > begin + kCalm) {
      return findings_.add("never came to rest: " + world_.why_unsettled());
    }
  }
  outcome_.slowest_rest = std::max(outcome_.slowest_rest, world_.clock().now() - begin);
  world_.clock().advance(kAftermath);
  if (!world_.is_settled()) findings_.add("did not stay at rest: " + world_.why_unsettled());
}

void ClusterScenario::count() {
  outcome_.attempts = world_.attempts().size();
  outcome_.acked = outcome_.repeats = outcome_.refused = outcome_.unknown = 0;
  for (const auto& attempt : world_.attempts()) {
    const bool acked = attempt->published.has_value();
    outcome_.acked += acked;
    outcome_.repeats += acked && attempt->published->repeat;
    outcome_.unknown += attempt->answers == 0;
    outcome_.refused += attempt->answers > 0 && !acked;
  }
  for (const auto& subscription : world_.subscriptions()) {
    const auto& stretches = subscription->stretches;
    for (std::size_t i = 0; i < stretches.size(); ++i) {
      outcome_.heard += stretches[i].heard.size();
      outcome_.restarts += i > 0;
      outcome_.gaps += i > 0 && stretches[i].head.epoch == stretches[i - 1].head.epoch;
    }
  }
  outcome_.read += world_.reads().size();
  outcome_.skipped = 0;
  for (std::size_t i = 0; i < world_.plan().node.partitions; ++i) {
    for (const auto& log : world_.truth().logs(i)) outcome_.skipped += log.skipped;
  }
}

}  // namespace chat::tests
