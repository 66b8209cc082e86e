#include "sim/cluster_world.hpp"

#include <algorithm>

namespace chat::tests {

/// Who hears rooms at one worker of a node.
class ClusterWorld::Sink final : public broker::Sink {
 public:
  explicit Sink(const std::function<void(const std::string&)>& report) : report_(report) {}

  void on_message(const base::RoomName& room, const wire::MessagePtr& message) override {
    if (auto* stretch = stretch_of(room)) stretch->heard.push_back(message);
  }
  void on_restart(const base::RoomName& room, const broker::RoomHead& head) override {
    if (stretch_of(room) != nullptr) current[room]->stretches.push_back({head, {}});
  }

  std::map<base::RoomName, std::shared_ptr<Subscription>> current;

 private:
  Stretch* stretch_of(const base::RoomName& room) {
    const auto found = current.find(room);
    if (found == current.end() || found->second->stretches.empty()) {
      report_("delivered to a sink that is not subscribed: " + room.value());
      return nullptr;
    }
    return &found->second->stretches.back();
  }

  const std::function<void(const std::string&)>& report_;
};

ClusterWorld::ClusterWorld(ClusterPlan plan, std::uint64_t seed,
                           std::function<void(const std::string&)> report)
    : plan_(std::move(plan)),
      report_(std::move(report)),
      random_(seed),
      clock_(random_()),
      server_(clock_),
      amqp_(server_, random_()),
      truth_(amqp_, plan_.node.partitions),
      places_(plan_.nodes) {
  if (plan_.wrap_connector) connector_ = plan_.wrap_connector(amqp_.connector());
  plan_.node.connector = connector_.get();
}

ClusterWorld::~ClusterWorld() {
  for (std::size_t i = 0; i < places_.size(); ++i) kill(i);
}

// ---- nodes

void ClusterWorld::start(std::size_t index) {
  Place& place = places_[index];
  if (place.node) return;
  const auto name = std::string(1, static_cast<char>('a' + index)) + std::to_string(++place.starts);
  place.node = std::make_unique<ClusterNode>(clock_, amqp_, name, plan_.node, random_());
  for (std::size_t i = 0; i < place.node->workers(); ++i) {
    place.sinks.push_back(std::make_unique<Sink>(report_));
    if (plan_.wrap_broker) place.wrappers.push_back(plan_.wrap_broker(place.node->view(i)));
  }
}

void ClusterWorld::kill(std::size_t index) {
  Place& place = places_[index];
  if (!place.node) return;
  place.node.reset();
  place.wrappers.clear();
  for (const auto& sink : place.sinks) {
    for (const auto& [room, subscription] : sink->current) subscription->open = false;
  }
  place.sinks.clear();
}

bool ClusterWorld::is_up(const std::string& name) const {
  return std::any_of(places_.begin(), places_.end(), [&name](const Place& place) {
    return place.node && place.node->name() == name;
  });
}

std::size_t ClusterWorld::count_up() const {
  return static_cast<std::size_t>(std::count_if(
      places_.begin(), places_.end(), [](const auto& place) { return place.node != nullptr; }));
}

broker::Broker& ClusterWorld::view(Place& place, std::size_t worker) {
  return place.wrappers.empty() ? place.node->view(worker) : *place.wrappers[worker];
}

// ---- calls

void ClusterWorld::publish(std::size_t index, std::size_t worker, const base::RoomName& room,
                           const base::ClientId& client, std::uint64_t n) {
  Place& place = places_[index];
  if (!place.node) return;
  auto attempt = std::make_shared<Attempt>();
  attempt->room = room;
  attempt->client = client;
  attempt->n = n;
  attempt->body = std::to_string(attempts_.size());
  attempt->node = place.node->name();
  attempt->begun = clock_.now();
  attempts_.push_back(attempt);
  place.node->executor(worker).post([&broker = view(place, worker), attempt] {
    broker::Publish publish;
    publish.room = attempt->room;
    publish.client = attempt->client;
    publish.n = attempt->n;
    publish.body = attempt->body;
    broker.publish(std::move(publish), [attempt](wire::Result<broker::Published> published) {
      ++attempt->answers;
      if (published) attempt->published = std::move(*published);
    });
  });
}

void ClusterWorld::toggle(std::size_t index, std::size_t worker, const base::RoomName& room) {
  Place& place = places_[index];
  if (!place.node) return;
  Sink& sink = *place.sinks[worker];
  place.node->executor(worker).post([this, &broker = view(place, worker), &sink, room,
                                     name = place.node->name()] {
    const auto found = sink.current.find(room);
    if (found != sink.current.end()) {
      broker.unsubscribe(room, sink);
      found->second->open = false;
      sink.current.erase(found);
      return;
    }
    auto subscription = std::make_shared<Subscription>();
    subscription->room = room;
    subscription->node = name;
    subscriptions_.push_back(subscription);
    sink.current[room] = subscription;
    broker.subscribe(room, sink, [this, &sink, subscription](wire::Result<broker::RoomHead> head) {
      if (!subscription->open) report_("an answer to a subscribe that was taken back");
      if (subscription->answered) report_("a second answer to a subscribe");
      subscription->answered = true;
      if (head) {
        subscription->stretches.push_back({std::move(*head), {}});
      } else {
        subscription->open = false;
        sink.current.erase(subscription->room);
      }
    });
  });
}

void ClusterWorld::read(std::size_t index, std::size_t worker, const base::RoomName& room) {
  Place& place = places_[index];
  if (!place.node) return;
  broker::RoomHead from;
  const auto& current = place.sinks[worker]->current;
  const auto heard = current.find(room);
  if (heard != current.end() && !heard->second->stretches.empty()) {
    from = heard->second->stretches.front().head;
  }
  place.node->executor(worker).post([this, &broker = view(place, worker), room, from] {
    history::Range range;
    range.kind = history::Range::Kind::after;
    range.seq = from.head;
    range.limit = 10;
    broker.read(room, from.epoch, range, [this, room, from](wire::Result<broker::ReadAnswer> read) {
      if (read) reads_.push_back({room, from.epoch, from.head, std::move(*read)});
    });
  });
}

// ---- what came of it

bool ClusterWorld::is_settled() const { return why_unsettled().empty(); }

std::string ClusterWorld::why_unsettled() const {
  for (const auto& place : places_) {
    if (place.node && !place.node->log().ready()) {
      const auto status = place.node->log().status();
      return place.node->name() + " is not ready: publishing " + std::to_string(status.publishing) +
             ", reading " + std::to_string(status.reading) + ", behind " +
             std::to_string(status.behind) + ", queued " + std::to_string(status.queued_messages);
    }
  }
  for (const auto& attempt : attempts_) {
    if (attempt->answers == 0 && is_up(attempt->node)) {
      return "no answer to " + attempt->body + " at " + attempt->node;
    }
  }
  for (const auto& subscription : subscriptions_) {
    if (subscription->open && !subscription->answered) return "no answer to a subscribe";
  }
  return {};
}

void ClusterWorld::forget_judged() {
  const auto is_over = [](const auto& subscription) { return !subscription->open; };
  subscriptions_.erase(std::remove_if(subscriptions_.begin(), subscriptions_.end(), is_over),
                       subscriptions_.end());
  reads_.clear();
}

}  // namespace chat::tests
