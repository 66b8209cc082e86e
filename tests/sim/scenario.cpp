#include "sim/scenario.hpp"

#include <string>

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRooms[] = {"ops", "\u043a\u043e\u043c\u043d\u0430\u0442\u0430"};
constexpr std::size_t kSteps = 400;
constexpr auto kLongestStep = 40ms;
/// Everything that goes by itself is gone in this: dead links, timeouts, waits before coming back.
constexpr auto kCalm = 90s;

template <class T>
T one_of(std::mt19937_64& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random() % choices.size());
}

WorldPlan plan_of(std::uint64_t seed, const std::function<void(WorldPlan&)>& adjust) {
  std::mt19937_64 random(seed);
  WorldPlan plan;
  plan.workers = 1 + random() % 3;
  plan.retention.room_messages = one_of<std::size_t>(random, {10'000, 60, 12});
  plan.retention.room_bytes = one_of<std::size_t>(random, {8U << 20, 8U << 20, 30'000});
  plan.broker.snapshot_every = one_of<std::size_t>(random, {1024, 20, 3});
  plan.broker.queue_limit_per_room = one_of<std::size_t>(random, {4096, 4096, 10});
  plan.broker.idle_rooms = one_of<std::size_t>(random, {256, 0});
  plan.store.late_percent = one_of<unsigned>(random, {0, 30, 100});
  plan.config.limits.inflight = one_of<std::size_t>(random, {256, 16, 3});
  plan.config.limits.history_page = 30;
  plan.config.max_outbox_bytes = one_of<std::size_t>(random, {4U << 20, 64U << 10, 8U << 10});
  plan.config.ping_interval = 4s;
  plan.config.ping_timeout = 4s;
  plan.config.stall_timeout = 6s;
  plan.config.drain_timeout = 4s;
  plan.config.drain_spread = 1s;
  if (adjust) adjust(plan);
  return plan;
}

}  // namespace

Scenario::Scenario(std::uint64_t seed, const std::function<void(WorldPlan&)>& adjust)
    : random_(seed ^ 0x5eed),
      world_(plan_of(seed, adjust), random_(),
             [this](const std::string& finding) { findings_.add(finding); }),
      body_bytes_(one_of<std::size_t>(random_, {20, 20, 200, 4000})),
      quiet_(1 + random_() % 3) {
  const auto room = [this] { return base::RoomName(kRooms[random_() % 4 / 3]); };
  const auto members = 2 + random_() % 4;
  for (std::size_t i = 0; i < members; ++i) {
    members_.push_back(std::make_unique<V1Client>(world_, findings_, "member" + std::to_string(i),
                                                  room(), random_()));
  }
  const auto plain = 1 + random_() % 2;
  for (std::size_t i = 0; i < plain; ++i) {
    plain_.push_back(std::make_unique<PlainClient>(world_, findings_, "plain" + std::to_string(i),
                                                   room(), random_()));
  }
  faults_ = std::make_unique<Faults>(world_, members_, plain_, random_());
}

Scenario::~Scenario() = default;

const Findings& Scenario::play() {
  world_.start(world_.plan().workers);
  for (auto& member : members_) member->come();
  for (auto& member : plain_) member->come();
  play_faults();
  if (findings_.empty()) settle();
  if (findings_.empty()) read_back();
  return findings_;
}

bool Scenario::go_on(base::Duration by) {
  world_.go_on(by);
  check_bounds(world_, findings_);
  const auto slow = world_.load().slow_closes;
  slow_closes_ += slow >= slow_seen_ ? slow - slow_seen_ : slow;
  slow_seen_ = slow;
  return findings_.empty();
}

void Scenario::play_faults() {
  for (std::size_t i = 0; i < kSteps; ++i) {
    speak();
    faults_->step();
    const auto step = static_cast<std::int64_t>(random_() % kLongestStep.count());
    if (!go_on(std::chrono::milliseconds(step))) return;
  }
}

void Scenario::speak() {
  if (random_() % (quiet_ + 1) != 0) return;
  const auto bytes = 1 + random_() % body_bytes_;
  const auto chosen = random_() % (members_.size() * 2 + plain_.size());
  if (chosen < members_.size() * 2) return members_[chosen / 2]->say(bytes);
  plain_[chosen - members_.size() * 2]->say(bytes);
}

void Scenario::settle() {
  faults_->end();
  const auto end = world_.outside().now() + kCalm;
  while (!is_settled()) {
    if (!go_on(100ms)) return;
    if (!world_.is_up()) world_.start(world_.plan().workers);
    if (world_.outside().now() > end) return explain_unsettled();
  }
}

bool Scenario::is_settled() const {
  for (const auto& member : members_) {
    if (!member->is_settled()) return false;
  }
  for (const auto& member : plain_) {
    if (!member->is_settled()) return false;
  }
  const auto load = world_.load();
  return world_.is_up() && !world_.is_draining() && load.store_calls == 0 && load.backlog == 0;
}

void Scenario::explain_unsettled() {
  for (const auto& member : members_) {
    if (!member->is_settled()) findings_.add("never came to rest: " + member->state());
  }
  findings_.add("the server or a plain member never came to rest");
}

void Scenario::read_back() {
  // What plain members have sent shows nowhere until it is stored.
  if (!go_on(3s)) return;
  settle();
  for (auto& member : members_) member->read_all();
  settle();
  if (!findings_.empty()) return;
  for (const auto& member : members_) {
    const auto& room = member->room();
    const auto epoch = world_.store().epoch(room);
    const auto kept = world_.store().journal().count_between(
        room, epoch, world_.store().floor(room, epoch), base::Seq(UINT64_MAX));
    if (member->read_count() != kept) {
      findings_.add(member->name() + " read " + std::to_string(member->read_count()) +
                    " messages back of " + std::to_string(kept));
    }
  }
}

Scenario::Outcome Scenario::outcome() const {
  Outcome outcome;
  outcome.faults = faults_->counts();
  outcome.stored = world_.store().journal().size();
  outcome.slow_closes = slow_closes_;
  for (const auto& member : members_) {
    outcome.received += member->messages();
    outcome.acked += member->acked();
    outcome.gaps += member->gaps();
  }
  for (const auto& member : plain_) outcome.received += member->messages();
  return outcome;
}

}  // namespace chat::tests
