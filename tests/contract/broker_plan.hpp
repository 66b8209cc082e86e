#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat/broker/broker.hpp"

namespace chat::tests {

/// Brokers over the same rooms, as several workers see them, on virtual time, with faults.
class PlanWorld {
 public:
  virtual ~PlanWorld() = default;
  virtual std::vector<broker::Broker*> views() = 0;
  /// Does something of what is ready, or lets a little time pass.
  virtual void go_on(std::mt19937_64& random) = 0;
  /// Goes on until nothing is left to do.
  virtual void finish() = 0;
  /// New brokers over the same stores. After finish, with nobody subscribed.
  virtual void restart() = 0;
  /// All that is stored of a room.
  virtual std::vector<wire::MessagePtr> log(const base::RoomName& room) = 0;
};

/// Plays a seeded plan of publishes, repeats, subscriptions, reads and restarts on a world with
/// faults, and holds what came of it against what is promised.
class BrokerPlan {
 public:
  BrokerPlan(PlanWorld& world, std::uint64_t seed) : world_(world), random_(seed) {
    for (std::size_t i = 0; i < world_.views().size() * kSinksPerView; ++i) {
      sinks_.push_back(std::make_unique<PlanSink>());
      sinks_.back()->view = i / kSinksPerView;
    }
    for (std::size_t view = 0; view < world_.views().size(); ++view) {
      senders_.push_back(std::make_shared<InOrder>());
      senders_.back()->view = view;
      senders_.back()->client = base::ClientId("in order " + std::to_string(view));
    }
  }

  void play(std::size_t rounds, std::size_t steps) {
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < steps; ++i) step();
      world_.finish();
      end_subscriptions();
      world_.finish();
      judge();
      world_.restart();
    }
  }

 private:
  static constexpr std::size_t kSinksPerView = 2;
  static constexpr std::size_t kClients = 3;

  struct Attempt {
    base::RoomName room;
    base::ClientId client;
    std::uint64_t n;
    std::string body;  // of this attempt alone
    std::size_t answers = 0;
    std::optional<broker::Published> published;  // unset: refused
  };
  /// A sender that goes back to what was refused, once all behind it is answered.
  struct InOrder {
    std::size_t view = 0;
    base::ClientId client;
    std::uint64_t said = 0;
    std::uint64_t next = 1;
    std::set<std::uint64_t> open;  // said, and not acknowledged
    std::size_t unanswered = 0;
    bool goes_back = false;
  };
  struct Subscription {
    base::RoomName room;
    bool open = true;
    bool refused = false;
    bool was_open_at_end = false;
    std::optional<broker::RoomHead> head;
    std::vector<wire::MessagePtr> heard;
  };
  struct PlanSink final : broker::Sink {
    void on_message(const base::RoomName& room, const wire::MessagePtr& message) override {
      const auto found = current.find(room);
      if (found == current.end()) {
        ++heard_unasked;
      } else {
        found->second->heard.push_back(message);
      }
    }
    void on_restart(const base::RoomName&, const broker::RoomHead&) override {
      FAIL("a restart without a reason");
    }
    std::size_t view = 0;
    std::size_t heard_unasked = 0;
    std::map<base::RoomName, std::shared_ptr<Subscription>> current;
  };

  std::size_t any(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  base::RoomName any_room() {
    static const char* const names[] = {"ops", "dev", "комната"};
    return base::RoomName(names[any(3)]);
  }
  broker::Broker& any_view() { return *world_.views()[any(world_.views().size())]; }

  void step() {
    const std::size_t dice = any(100);
    if (dice < 35) {
      publish_new();
    } else if (dice < 50) {
      publish_again();
    } else if (dice < 65) {
      toggle_subscription();
    } else if (dice < 70) {
      read();
    } else if (dice < 80) {
      say_in_order(senders_[any(senders_.size())]);
    } else {
      world_.go_on(random_);
    }
  }

  void say_in_order(const std::shared_ptr<InOrder>& sender) {
    for (std::size_t i = any(4); i > 0; --i) sender->open.insert(++sender->said);
    if (sender->goes_back && sender->unanswered > 0) return;
    if (std::exchange(sender->goes_back, false)) sender->next = *sender->open.begin();
    while (sender->next <= sender->said && !sender->goes_back) {
      const std::uint64_t n = sender->next++;
      ++sender->unanswered;
      publish(base::RoomName("ops"), sender->client, n, *world_.views()[sender->view],
              [sender, n](bool taken) {
                --sender->unanswered;
                if (taken) {
                  sender->open.erase(n);
                } else {
                  sender->goes_back = true;
                }
              });
    }
  }

  void publish_new() {
    const auto room = any_room();
    const auto client = any(kClients);
    const std::uint64_t n = ++counters_[{room, client}];
    publish(room, base::ClientId("client" + std::to_string(client)), n, any_view());
  }

  void publish_again() {
    if (attempts_.empty()) return;
    const std::size_t newest = std::min<std::size_t>(attempts_.size(), 20);
    const Attempt& earlier = *attempts_[attempts_.size() - 1 - any(newest)];
    for (const auto& sender : senders_) {
      if (sender->client == earlier.client) return;  // has its own way
    }
    publish(earlier.room, earlier.client, earlier.n, any_view());
  }

  void publish(const base::RoomName& room, const base::ClientId& client, std::uint64_t n,
               broker::Broker& view, std::function<void(bool)> then = nullptr) {
    auto attempt = std::make_shared<Attempt>();
    attempt->room = room;
    attempt->client = client;
    attempt->n = n;
    attempt->body = std::to_string(attempts_.size());
    attempts_.push_back(attempt);
    broker::Publish publish;
    publish.room = room;
    publish.client = client;
    publish.n = n;
    publish.body = attempt->body;
    view.publish(std::move(publish), [attempt, then](wire::Result<broker::Published> published) {
      ++attempt->answers;
      if (then) then(published.has_value());
      if (published) attempt->published = std::move(*published);
    });
  }

  void toggle_subscription() {
    PlanSink& sink = *sinks_[any(sinks_.size())];
    const auto room = any_room();
    const auto found = sink.current.find(room);
    if (found == sink.current.end()) return subscribe(sink, room);
    if (!found->second->refused) world_.views()[sink.view]->unsubscribe(room, sink);
    found->second->open = false;
    sink.current.erase(found);
  }

  void subscribe(PlanSink& sink, const base::RoomName& room) {
    auto subscription = std::make_shared<Subscription>();
    subscription->room = room;
    subscriptions_.push_back(subscription);
    sink.current[room] = subscription;
    auto done = [subscription](wire::Result<broker::RoomHead> head) {
      if (!subscription->open) FAIL("an answer to a subscribe that was taken back");
      if (subscription->head || subscription->refused) FAIL("a second answer to a subscribe");
      if (head) {
        subscription->head = std::move(*head);
      } else {
        subscription->refused = true;
      }
    };
    world_.views()[sink.view]->subscribe(room, sink, std::move(done));
  }

  void end_subscriptions() {
    for (auto& sink : sinks_) {
      for (auto& [room, subscription] : sink->current) {
        subscription->was_open_at_end = true;
        if (!subscription->head && !subscription->refused) FAIL("a subscribe without an answer");
        if (!subscription->refused) world_.views()[sink->view]->unsubscribe(room, *sink);
        subscription->open = false;
      }
      sink->current.clear();
    }
  }

  void read() {
    const auto room = any_room();
    any_view().read(room, base::Epoch(), history::Range(), [this, room](auto answer) {
      if (!answer) return;
      for (const auto& message : answer->page.messages) read_.push_back({room, message});
    });
  }

  // ---- what is promised

  void judge() {
    logs_.clear();
    for (const char* name : {"ops", "dev", "комната"}) {
      const base::RoomName room(name);
      logs_[room] = world_.log(room);
      judge_log(room);
      judge_orders(room);
    }
    for (const auto& attempt : attempts_) judge_attempt(*attempt);
    for (const auto& subscription : subscriptions_) judge_subscription(*subscription);
    for (const auto& [room, message] : read_) {
      if (find(room, message->body) == nullptr) FAIL("read what is not stored: " << message->body);
    }
    for (const auto& sink : sinks_) {
      if (sink->heard_unasked > 0) FAIL("delivered to a sink that was not subscribed");
    }
    subscriptions_.clear();
    read_.clear();
  }

  /// Ascending, each (client, n) once, and nothing that was not acknowledged as new.
  void judge_log(const base::RoomName& room) {
    base::Seq last;
    std::set<std::pair<base::ClientId, std::uint64_t>> seen;
    for (const auto& message : logs_[room]) {
      if (message->seq <= last) FAIL("seqs do not ascend at " << message->seq);
      last = message->seq;
      if (!seen.insert({message->client, message->n}).second) {
        FAIL("stored twice: " << message->client << " " << message->n);
      }
      const Attempt& attempt = *attempts_[std::stoul(message->body)];
      if (!attempt.published || attempt.published->repeat) {
        FAIL("stored, but not acknowledged as new: " << message->body);
      }
    }
  }

  /// Nobody's message has overtaken one of its own that was refused.
  void judge_orders(const base::RoomName& room) {
    std::map<base::ClientId, std::uint64_t> newest;
    for (const auto& sender : senders_) newest[sender->client] = 0;
    for (const auto& message : logs_[room]) {
      const auto found = newest.find(message->client);
      if (found == newest.end()) continue;
      if (message->n <= found->second) FAIL(message->client << " was overtaken by its own");
      found->second = message->n;
    }
  }

  void judge_attempt(const Attempt& attempt) {
    if (attempt.answers != 1) FAIL(attempt.answers << " answers to " << attempt.body);
    const wire::Message* stored = find(attempt.room, attempt.body);
    if (!attempt.published || attempt.published->repeat) {
      if (stored != nullptr) FAIL("refused or a repeat, but stored: " << attempt.body);
    }
    if (!attempt.published) return;
    const wire::Message* first = find(attempt.room, attempt.published->seq);
    if (first == nullptr) FAIL("acknowledged, but not stored: " << attempt.body);
    if (first->client != attempt.client || first->n != attempt.n) {
      FAIL("acknowledged with another's seq: " << attempt.body);
    }
    if (!attempt.published->repeat && first != stored) {
      FAIL("acknowledged as new with another body: " << attempt.body);
    }
  }

  /// Heard: what is above its head, without a gap, and all of it when it stayed to the end.
  void judge_subscription(const Subscription& subscription) {
    if (!subscription.head) {
      if (!subscription.heard.empty()) FAIL("heard before it was subscribed");
      return;
    }
    std::vector<base::Seq> expected;
    for (const auto& message : logs_[subscription.room]) {
      if (message->seq > subscription.head->head) expected.push_back(message->seq);
    }
    std::vector<base::Seq> heard;
    for (const auto& message : subscription.heard) heard.push_back(message->seq);
    if (!subscription.was_open_at_end && heard.size() < expected.size()) {
      expected.resize(heard.size());
    }
    if (heard != expected) {
      FAIL("heard " << Catch::Detail::stringify(heard) << " instead of "
                    << Catch::Detail::stringify(expected));
    }
  }

  const wire::Message* find(const base::RoomName& room, const std::string& body) {
    for (const auto& message : logs_[room]) {
      if (message->body == body) return message.get();
    }
    return nullptr;
  }
  const wire::Message* find(const base::RoomName& room, base::Seq seq) {
    for (const auto& message : logs_[room]) {
      if (message->seq == seq) return message.get();
    }
    return nullptr;
  }

  PlanWorld& world_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<PlanSink>> sinks_;
  std::vector<std::shared_ptr<InOrder>> senders_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
  std::vector<std::pair<base::RoomName, wire::MessagePtr>> read_;
  std::map<std::pair<base::RoomName, std::size_t>, std::uint64_t> counters_;
  std::map<base::RoomName, std::vector<wire::MessagePtr>> logs_;
};

}  // namespace chat::tests
