#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "chat/broker/broker.hpp"

namespace chat::tests {

/// A broker with a mistake in it, over a right one: proves that the simulation would notice.
class BrokenBroker final : public broker::Broker {
 public:
  enum class Mistake {
    delivers_twice,
    swaps,            ///< hands on one message after the next
    skips,            ///< does not hand on every tenth message
    forgets_acked,    ///< acknowledges every tenth publish without publishing it
    stores_twice,     ///< publishes every tenth one again under another n
    loses_acks,       ///< does not answer every tenth publish
    reads_with_holes  ///< leaves a message out of longer pages
  };

  BrokenBroker(broker::Broker& inner, Mistake mistake) : inner_(inner), mistake_(mistake) {}

  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override {
    auto& way = ways_[{room, &sink}];
    way = std::make_unique<Way>(sink, mistake_);
    inner_.subscribe(room, *way, std::move(done));
  }
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override {
    const auto way = ways_.find({room, &sink});
    if (way == ways_.end()) return;
    inner_.unsubscribe(room, *way->second);
    way->second->cut();
    // Kept: it may be what calls this.
    cut_.push_back(std::move(way->second));
    ways_.erase(way);
  }
  void publish(broker::Publish publish, PublishDone done) override {
    const bool chosen = ++publishes_ % 10 == 0;
    if (chosen && mistake_ == Mistake::forgets_acked) {
      return done(broker::Published{last_.seq, last_.epoch, false});
    }
    if (chosen && mistake_ == Mistake::stores_twice) {
      auto again = publish;
      again.n += 1'000'000;
      inner_.publish(std::move(again), [](const wire::Result<broker::Published>&) {});
    }
    if (chosen && mistake_ == Mistake::loses_acks) done = [](const auto&) {};
    inner_.publish(std::move(publish), [this, done](const wire::Result<broker::Published>& answer) {
      if (answer) last_ = *answer;
      done(answer);
    });
  }
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override {
    inner_.read(room, epoch, range, [this, done](wire::Result<broker::ReadAnswer> answer) {
      if (answer && mistake_ == Mistake::reads_with_holes && answer->page.messages.size() > 2) {
        answer->page.messages.erase(answer->page.messages.begin() + 1);
      }
      done(std::move(answer));
    });
  }
  void rooms(RoomsDone done) override { inner_.rooms(std::move(done)); }

 private:
  /// From the right broker to one sink.
  class Way final : public broker::Sink {
   public:
    Way(broker::Sink& sink, Mistake mistake) : sink_(&sink), mistake_(mistake) {}
    void cut() { sink_ = nullptr; }

    void on_message(const base::RoomName& room, const wire::MessagePtr& message) override {
      const bool chosen = ++messages_ % 10 == 0;
      if (chosen && mistake_ == Mistake::skips) return;
      if (chosen && mistake_ == Mistake::swaps) {
        held_ = message;
        return;
      }
      hand_on(room, message);
      if (chosen && mistake_ == Mistake::delivers_twice) hand_on(room, message);
      if (held_) hand_on(room, std::exchange(held_, nullptr));
    }

    void on_restart(const base::RoomName& room, const broker::RoomHead& head) override {
      if (sink_ != nullptr) sink_->on_restart(room, head);
    }

   private:
    void hand_on(const base::RoomName& room, const wire::MessagePtr& message) {
      if (sink_ != nullptr) sink_->on_message(room, message);
    }

    broker::Sink* sink_;
    Mistake mistake_;
    wire::MessagePtr held_;
    std::size_t messages_ = 0;
  };

  broker::Broker& inner_;
  const Mistake mistake_;
  std::map<std::pair<base::RoomName, broker::Sink*>, std::unique_ptr<Way>> ways_;
  std::vector<std::unique_ptr<Way>> cut_;
  broker::Published last_;
  std::size_t publishes_ = 0;
};

}  // namespace chat::tests
