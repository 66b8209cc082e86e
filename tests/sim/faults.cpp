#include "sim/faults.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostWorkers = 3;

}  // namespace

Faults::Faults(World& world, std::vector<std::unique_ptr<V1Client>>& members,
               std::vector<std::unique_ptr<PlainClient>>& plain, std::uint64_t seed)
    : world_(world), members_(members), plain_(plain), random_(seed) {
  const auto often = [this](unsigned most) { return static_cast<unsigned>(any(most + 1)); };
  kinds_ = {{often(20), &Faults::cut},          {often(4), &Faults::silence},
            {often(6), &Faults::stall},         {often(6), &Faults::slow_down},
            {often(4), &Faults::kill},          {often(3), &Faults::drain},
            {often(6), &Faults::trouble_store}, {10 + often(20), &Faults::repeat},
            {often(8), &Faults::come_or_go},    {5 + often(20), &Faults::page}};
  for (const Kind& kind : kinds_) weights_ += kind.weight;
  calm_ = 2 + any(8);
  may_wipe_ = one_in(4);
  may_stall_long_ = one_in(2);
}

base::Duration Faults::up_to(base::Duration most) {
  return base::Duration(
      static_cast<base::Duration::rep>(random_() % static_cast<std::uint64_t>(most.count())));
}

SimClient& Faults::any_client() {
  const auto chosen = any(members_.size() + plain_.size());
  if (chosen < members_.size()) return *members_[chosen];
  return *plain_[chosen - members_.size()];
}

void Faults::step() {
  tend_server();
  if (!one_in(calm_)) return;
  auto dice = static_cast<unsigned>(any(weights_));
  for (const Kind& kind : kinds_) {
    if (dice < kind.weight) return (this->*kind.happen)();
    dice -= kind.weight;
  }
}

void Faults::tend_server() {
  if (!world_.is_up() && world_.outside().now() >= start_at_) {
    world_.start(1 + any(kMostWorkers));
  }
  if (store_well_at_ != base::TimePoint{} && world_.outside().now() >= store_well_at_) {
    store_well_at_ = {};
    world_.set_store_faults({0, 50, 20ms});
  }
}

void Faults::end() {
  start_at_ = {};
  tend_server();
  world_.set_store_faults({0, 0, 20ms});
  const auto calm_down = [](SimClient& client) {
    client.set_conditions({});
    client.stall(0ms);
    client.come();
  };
  for (auto& member : members_) calm_down(*member);
  for (auto& member : plain_) calm_down(*member);
}

// ---- what can happen

void Faults::cut() {
  Link* link = any_client().link();
  if (link == nullptr) return;
  ++counts_.cuts;
  if (one_in(3)) return link->cut();
  link->cut_after(any(one_in(2) ? 40 : 3000), one_in(2));
}

void Faults::silence() {
  Link* link = any_client().link();
  if (link == nullptr) return;
  ++counts_.silences;
  link->fall_silent();
}

void Faults::stall() {
  ++counts_.stalls;
  any_client().stall(up_to(may_stall_long_ && one_in(2) ? base::Duration(25s) : 2s));
}

void Faults::slow_down() {
  LinkConditions conditions;
  conditions.latency = 1ms + up_to(one_in(2) ? 300ms : 10ms);
  conditions.chunk_bytes = 1 + any(one_in(2) ? 60 : 3000);
  conditions.window_bytes = 256 + any(8U << 10);
  any_client().set_conditions(one_in(2) ? LinkConditions{} : conditions);
}

void Faults::kill() {
  if (!world_.is_up()) return;
  ++counts_.kills;
  world_.kill();
  if (may_wipe_ && one_in(4)) {
    ++counts_.wipes;
    world_.store().wipe();
  }
  start_at_ = world_.outside().now() + up_to(1500ms);
}

void Faults::drain() {
  if (!world_.is_up() || world_.is_draining()) return;
  ++counts_.drains;
  world_.drain();
}

void Faults::trouble_store() {
  ++counts_.store_troubles;
  FaultyStore::Plan plan;
  plan.fails_percent = static_cast<unsigned>(any(2) * (1 + any(60)));
  plan.late_percent = static_cast<unsigned>(any(101));
  plan.latest = 1ms + up_to(one_in(3) ? 800ms : 40ms);
  world_.set_store_faults(plan);
  store_well_at_ = world_.outside().now() + up_to(3s);
}

void Faults::repeat() {
  ++counts_.repeats;
  any_member().repeat();
}

void Faults::come_or_go() {
  SimClient& client = any_client();
  if (!client.wants_in()) return client.come();
  ++counts_.leaves;
  client.leave(one_in(2));
}

void Faults::page() {
  ++counts_.pages;
  any_member().ask_history();
  any_member().type();
}

}  // namespace chat::tests
