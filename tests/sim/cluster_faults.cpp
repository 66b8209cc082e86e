#include "sim/cluster_faults.hpp"

#include <algorithm>
#include <utility>

#include "chat/rabbitmq/topology.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

/// Whatever is under way has arrived by then, also late copies.
constexpr auto kLongAgo = 8s;
constexpr auto kCollectInterval = 500ms;
constexpr const char* kVhost = "/";

}  // namespace

ClusterFaults::ClusterFaults(ClusterWorld& world, std::uint64_t seed)
    : world_(world), random_(seed) {
  const auto often = [this](unsigned most) { return static_cast<unsigned>(any(most + 1)); };
  const auto seldom = [&](unsigned most) { return one_in(2) ? 0 : often(most); };
  using F = ClusterFaults;
  kinds_ = {{"kill node", often(6), &F::kill_node},
            {"cut", often(20), &F::cut},
            {"stall", often(6), &F::stall},
            {"stall all", seldom(2), &F::stall_all},
            {"kill server", often(3), &F::kill_server},
            {"block", often(3), &F::block},
            {"close", often(4), &F::close},
            {"leader away", often(6), &F::leader_away},
            {"trouble publishes", often(12), &F::trouble_publishes},
            {"trim", seldom(20), &F::trim},
            {"replace vhost", seldom(3), &F::replace_vhost},
            {"delete stream", seldom(4), &F::delete_stream},
            {"delete meta", seldom(1), &F::delete_meta},
            {"refuse credentials", seldom(2), &F::refuse_credentials},
            {"forbid", seldom(2), &F::forbid},
            {"jump clock", often(3), &F::jump_clock},
            {"slow worker", often(6), &F::slow_worker},
            {"freeze", seldom(4), &F::freeze}};
  for (const Kind& kind : kinds_) weights_ += kind.weight;
  calm_ = 4 + any(30);
  if (one_in(2)) return;
  usual_.nacks = static_cast<unsigned>(any(60));
  usual_.lost_confirms = static_cast<unsigned>(any(120));
  usual_.lost_publishes = static_cast<unsigned>(any(60));
  world_.amqp().set_plan(usual_);
}

base::Duration ClusterFaults::up_to(base::Duration most) {
  return base::Duration(
      static_cast<base::Duration::rep>(random_() % static_cast<std::uint64_t>(most.count())));
}

void ClusterFaults::undo_after(base::Duration delay, base::Task run) {
  undos_.push_back({world_.clock().now() + delay, std::move(run)});
}

ClusterNode* ClusterFaults::any_node() {
  const auto first = any(world_.plan().nodes);
  for (std::size_t i = 0; i < world_.plan().nodes; ++i) {
    ClusterNode* node = world_.node((first + i) % world_.plan().nodes);
    if (node != nullptr) return node;
  }
  return nullptr;
}

void ClusterFaults::step() {
  const auto now = world_.clock().now();
  const auto due = std::stable_partition(undos_.begin(), undos_.end(),
                                         [now](const Undo& undo) { return undo.at > now; });
  std::vector<Undo> over(std::make_move_iterator(due), std::make_move_iterator(undos_.end()));
  undos_.erase(due, undos_.end());
  for (auto& undo : over) undo.run();
  if (now > collected_ + kCollectInterval) {
    collected_ = now;
    world_.collect();  // so that it is known how old records are
  }
  if (weights_ == 0 || !one_in(calm_)) return;
  auto dice = static_cast<unsigned>(any(weights_));
  for (const Kind& kind : kinds_) {
    if (dice < kind.weight) {
      if ((this->*kind.happen)()) {
        ++counts_[kind.name];
        if (getenv("TRACE"))
          fprintf(stderr, "%ld %s\n",
                  long(world_.clock().now().time_since_epoch().count() / 1000000), kind.name);
      }
      return;
    }
    dice -= kind.weight;
  }
}

void ClusterFaults::end() {
  for (auto& undo : std::exchange(undos_, {})) undo.run();
  world_.amqp().set_plan({});
}

// ---- what can happen

bool ClusterFaults::kill_node() {
  const auto place = any(world_.plan().nodes);
  if (world_.node(place) == nullptr) return false;
  world_.kill(place);
  undo_after(up_to(one_in(2) ? 4s : 100ms), [this, place] { world_.start(place); });
  return true;
}

bool ClusterFaults::cut() {
  const auto connections = world_.amqp().connections();
  if (connections.empty()) return false;
  world_.amqp().cut(connections[any(connections.size())].id);
  return true;
}

bool ClusterFaults::stall() {
  const auto connections = world_.amqp().connections();
  if (connections.empty()) return false;
  const auto id = connections[any(connections.size())].id;
  world_.amqp().stall(id);
  undo_after(up_to(one_in(2) ? 12s : 1s), [this, id] { world_.amqp().stall(id, false); });
  return true;
}

bool ClusterFaults::stall_all() {
  world_.amqp().stall_all(true);
  undo_after(up_to(12s), [this] { world_.amqp().stall_all(false); });
  return true;
}

bool ClusterFaults::kill_server() {
  if (!world_.amqp().running()) return false;
  world_.amqp().kill();
  undo_after(up_to(3s), [this] { world_.amqp().start(); });
  return true;
}

bool ClusterFaults::block() {
  world_.amqp().block(true);
  undo_after(up_to(one_in(5) ? 40s : 4s), [this] { world_.amqp().block(false); });
  return true;
}

bool ClusterFaults::close() {
  const auto connections = world_.amqp().connections();
  if (connections.empty()) return false;
  const bool forced = one_in(2);
  world_.amqp().close(connections[any(connections.size())].id, forced ? 320 : 541,
                      forced ? "CONNECTION_FORCED - shutdown" : "INTERNAL_ERROR");
  return true;
}

bool ClusterFaults::leader_away() {
  const auto stream =
      one_in(8) ? rabbitmq::kMetaStream : rabbitmq::partition_stream(any_partition());
  if (!world_.amqp().has_queue(kVhost, stream)) return false;
  world_.amqp().lead(kVhost, stream, false);
  undo_after(up_to(4s), [this, stream] { world_.amqp().lead(kVhost, stream, true); });
  return true;
}

bool ClusterFaults::trouble_publishes() {
  FakeAmqp::Plan plan;
  const auto often = [this] { return one_in(2) ? 0U : static_cast<unsigned>(any(300)); };
  plan.nacks = often();
  plan.lost_confirms = often();
  plan.lost_publishes = often();
  plan.late_copies = static_cast<unsigned>(any(1000));
  plan.skipped_offsets = static_cast<unsigned>(any(200));
  plan.same_chunk = often();
  plan.multiple = static_cast<unsigned>(any(1000));
  if (one_in(3)) plan.most_latency = 1ms + up_to(300ms);
  world_.amqp().set_plan(plan);
  undo_after(up_to(3s), [this] { world_.amqp().set_plan(usual_); });
  return true;
}

ClusterFaults::Sent ClusterFaults::sent(const std::string& body) const {
  const auto& attempt = *world_.attempts()[std::stoul(body)];
  // Without a client only a copy of the record can be the same.
  return {attempt.room, attempt.client,
          attempt.client.value().empty() ? std::stoul(body) : attempt.n};
}

/// Not what is under way, or may be sent again, or was and is kept: in truth that is days younger.
bool ClusterFaults::trim() {
  const auto partition = any_partition();
  const auto long_ago = world_.clock().now() - kLongAgo;
  world_.collect();
  const auto may = world_.truth().may_trim(partition, long_ago);
  auto offset = may.until;
  std::set<Sent> stays;
  for (const auto& attempt : world_.attempts()) {
    const bool is_open = attempt->answers == 0 && world_.is_up(attempt->node);
    if (is_open || attempt->begun >= long_ago) stays.insert(sent(attempt->body));
  }
  const auto records = world_.truth().bodies(partition);
  const auto is_kept = [&](const auto& body) { return stays.count(sent(body)) > 0; };
  for (bool moved = true; std::exchange(moved, false);) {
    for (const auto& [at, bodies] : records) {
      if (at < offset) continue;
      for (const auto& body : bodies) stays.insert(sent(body));
    }
    for (const auto& [at, bodies] : records) {
      if (at >= offset || !std::any_of(bodies.begin(), bodies.end(), is_kept)) continue;
      offset = at;
      moved = true;
    }
  }
  const auto first = world_.amqp().stream(kVhost, rabbitmq::partition_stream(partition));
  if (first.empty() || first.front().offset >= offset || offset <= may.above) return false;
  for (const auto& [at, bodies] : records) {
    for (const auto& body : bodies) {
      if (at < offset) retired_.insert(sent(body));
    }
  }
  world_.amqp().trim(kVhost, rabbitmq::partition_stream(partition), offset);
  return true;
}

bool ClusterFaults::replace_vhost() {
  world_.collect();
  world_.amqp().delete_vhost(kVhost);
  for (std::size_t i = 0; i < world_.plan().node.partitions; ++i) world_.truth().deleted(i);
  undo_after(up_to(one_in(2) ? 3s : 20ms), [this] { world_.amqp().create_vhost(kVhost); });
  return true;
}

bool ClusterFaults::delete_stream() {
  const auto partition = any_partition();
  const auto stream = rabbitmq::partition_stream(partition);
  if (!world_.amqp().has_queue(kVhost, stream)) return false;
  world_.collect();
  world_.amqp().delete_queue(kVhost, stream);
  world_.truth().deleted(partition);
  return true;
}

bool ClusterFaults::delete_meta() {
  if (!world_.amqp().has_queue(kVhost, rabbitmq::kMetaStream)) return false;
  world_.amqp().delete_queue(kVhost, rabbitmq::kMetaStream);
  return true;
}

bool ClusterFaults::refuse_credentials() {
  world_.amqp().refuse_credentials(true);
  undo_after(up_to(4s), [this] { world_.amqp().refuse_credentials(false); });
  return true;
}

bool ClusterFaults::forbid() {
  world_.amqp().forbid_configure(true);
  undo_after(up_to(4s), [this] { world_.amqp().forbid_configure(false); });
  return true;
}

bool ClusterFaults::jump_clock() {
  ClusterNode* node = any_node();
  if (node == nullptr) return false;
  const auto offset = static_cast<base::WallMs>(any(7'200'000)) - 3'600'000;
  for (std::size_t i = 0; i < node->workers(); ++i) node->executor(i).set_wall_offset(offset);
  return true;
}

bool ClusterFaults::slow_worker() {
  ClusterNode* node = any_node();
  if (node == nullptr) return false;
  const auto worker = any(node->workers());
  node->executor(worker).hold(true);
  undo_after(up_to(1s), [this, name = node->name(), worker] {
    for (std::size_t i = 0; i < world_.plan().nodes; ++i) {
      ClusterNode* slow = world_.node(i);
      if (slow != nullptr && slow->name() == name) slow->executor(worker).hold(false);
    }
  });
  return true;
}

/// The process stands still, and RabbitMQ gives it up; perhaps for longer than something is kept.
bool ClusterFaults::freeze() {
  const auto place = any(world_.plan().nodes);
  ClusterNode* node = world_.node(place);
  if (node == nullptr) return false;
  const auto hold = [](ClusterNode& one, bool held) {
    for (std::size_t i = 0; i < one.workers(); ++i) one.executor(i).hold(held);
    one.log_executor().hold(held);
  };
  hold(*node, true);
  const auto name = node->name();
  for (const char* purpose : {" reading", " publishing"}) world_.amqp().cut(name + purpose);
  undo_after(up_to(one_in(2) ? 40s : 3s), [this, place, name, hold] {
    for (std::size_t i = 0; i < 4; ++i) trim();
    ClusterNode* frozen = world_.node(place);
    if (frozen != nullptr && frozen->name() == name) hold(*frozen, false);
  });
  return true;
}

}  // namespace chat::tests
