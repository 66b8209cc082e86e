#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/record.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::tests {

/// A way to RabbitMQ with a mistake in it, over a right one: what a node does that has the mistake
/// itself looks the same from here. Proves that the simulation would notice.
class AmqpTamper final : public rabbitmq::AmqpConnector {
 public:
  enum class Mistake {
    takes_copies,        ///< takes a record that was published twice for two
    takes_repeats,       ///< takes a message that a client sent again for another
    does_not_wait,       ///< publishes the next record before the last is confirmed
    does_not_republish,  ///< takes what it has published once for stored
    goes_on_behind,      ///< reads on behind the position, unseen whether it is still there
    loses_deliveries,    ///< passes over every tenth batch of others
    swaps_deliveries,    ///< takes two records in the wrong order
    ignores_cancels,     ///< does not notice that a stream was deleted
    never_acks,
    ignores_nacks  ///< takes what was refused for stored
  };

  AmqpTamper(rabbitmq::AmqpConnector& inner, Mistake mistake) : inner_(inner), mistake_(mistake) {}

  std::unique_ptr<rabbitmq::AmqpChannel> connect(
      const rabbitmq::Endpoint& endpoint, base::Executor& executor,
      rabbitmq::AmqpChannel::Listener& listener) override {
    return std::make_unique<Channel>(*this, endpoint, executor, listener);
  }

 private:
  using Delivery = rabbitmq::Delivery;
  using Record = rabbitmq::Record;
  using EventListener = rabbitmq::AmqpChannel::Listener;

  class Channel final : public rabbitmq::AmqpChannel, private EventListener {
   public:
    Channel(AmqpTamper& tamper, const rabbitmq::Endpoint& endpoint, base::Executor& executor,
            EventListener& listener)
        : tamper_(tamper), executor_(executor), listener_(listener) {
      inner_ = tamper.inner_.connect(endpoint, executor, *this);
    }

    void declare(const rabbitmq::QueueSpec& queue, DeclareDone done) override {
      inner_->declare(queue, std::move(done));
    }
    void declare(const rabbitmq::ExchangeSpec& exchange, Done done) override {
      inner_->declare(exchange, std::move(done));
    }
    void bind(const std::string& queue, const std::string& exchange, const std::string& key,
              Done done) override {
      inner_->bind(queue, exchange, key, std::move(done));
    }
    void unbind(const std::string& queue, const std::string& exchange, const std::string& key,
                Done done) override {
      inner_->unbind(queue, exchange, key, std::move(done));
    }
    void remove_queue(const std::string& queue, Done done) override {
      inner_->remove_queue(queue, std::move(done));
    }
    void consume(const rabbitmq::ConsumeSpec& consumer, Done done) override {
      auto spec = consumer;
      streams_[spec.tag] = spec.queue;
      auto* offset = spec.arguments.empty()
                         ? nullptr
                         : std::get_if<std::int64_t>(&spec.arguments.front().second);
      if (offset == nullptr || !is(Mistake::goes_on_behind)) {
        return inner_->consume(spec, std::move(done));
      }
      const auto position = (*offset)++;
      inner_->consume(spec, [this, spec, position, done](rabbitmq::AmqpResult<void> outcome) {
        done(outcome);
        if (outcome) pretend(spec, position);
      });
    }
    void cancel(const std::string& consumer, Done done) override {
      inner_->cancel(consumer, std::move(done));
    }
    void publish(rabbitmq::Outgoing message) override {
      const bool is_log = rabbitmq::partition_of_stream(message.key).has_value();
      ++published_;
      const bool again = is_log && !tamper_.published_.insert(message.body).second;
      const bool at_once = is_log && is(Mistake::does_not_wait);
      if ((again && is(Mistake::does_not_republish)) || at_once) confirm_later(published_);
      inner_->publish(std::move(message));
    }
    void ack(std::uint64_t delivery, bool multiple) override {
      if (!is(Mistake::never_acks)) inner_->ack(delivery, multiple);
    }

   private:
    bool is(Mistake mistake) const noexcept { return tamper_.mistake_ == mistake; }

    void confirm_later(std::uint64_t number) {
      executor_.post([this, number, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) listener_.on_confirmed(number, false, true);
      });
    }

    /// As if what was read last had come again.
    void pretend(const rabbitmq::ConsumeSpec& consumer, std::int64_t position) {
      Delivery delivery;
      delivery.consumer = consumer.tag;
      delivery.offset = position;
      delivery.body = tamper_.bodies_[{consumer.queue, position}];
      std::vector<Delivery> deliveries{delivery};
      listener_.on_deliveries(deliveries);
    }

    void on_open() override { listener_.on_open(); }
    void on_lost(const rabbitmq::Failure& failure) override { listener_.on_lost(failure); }
    void on_deliveries(std::vector<Delivery>& deliveries) override {
      std::vector<Delivery> taken;
      for (auto& delivery : deliveries) {
        const auto& stream = streams_[delivery.consumer];
        const bool is_log = rabbitmq::partition_of_stream(stream).has_value();
        if (!is_log || tamper_.take(stream, delivery)) taken.push_back(std::move(delivery));
      }
      const auto size = taken.size();
      if (is(Mistake::swaps_deliveries) && size > 1) {
        // Their bodies: offsets that fall would be noticed by everybody.
        std::swap(taken[size - 1].body, taken[size - 2].body);
      }
      if (!taken.empty()) listener_.on_deliveries(taken);
    }
    void on_confirmed(std::uint64_t number, bool multiple, bool stored) override {
      listener_.on_confirmed(number, multiple, stored || is(Mistake::ignores_nacks));
    }
    void on_returned(const std::string& exchange, const std::string& key) override {
      listener_.on_returned(exchange, key);
    }
    void on_cancelled(const std::string& consumer) override {
      if (!is(Mistake::ignores_cancels)) listener_.on_cancelled(consumer);
    }
    void on_blocked(bool blocked, const std::string& reason) override {
      listener_.on_blocked(blocked, reason);
    }

    AmqpTamper& tamper_;
    base::Executor& executor_;
    EventListener& listener_;
    std::uint64_t published_ = 0;
    std::map<std::string, std::string> streams_;  // by consumer
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::unique_ptr<rabbitmq::AmqpChannel> inner_;
  };

  /// Changes a delivery; false: it is passed over.
  bool take(const std::string& stream, Delivery& delivery) {
    bodies_[{stream, delivery.offset}] = delivery.body;
    auto record = rabbitmq::decode_record(delivery.body);
    if (!record || record->is_hello()) return true;
    const auto [first, is_first] =
        first_.try_emplace({stream, record->node, record->number}, delivery.offset);
    if (mistake_ == Mistake::loses_deliveries) return delivery.offset % 10 != 9;
    if (mistake_ == Mistake::takes_copies && !is_first && first->second < delivery.offset) {
      record->node = "copy-" + std::to_string(delivery.offset);
      record->number = 1;
    }
    if (mistake_ == Mistake::takes_repeats) make_new(stream, delivery.offset, *record);
    delivery.body = rabbitmq::encode_record(*record);
    return true;
  }

  void make_new(const std::string& stream, std::int64_t offset, Record& record) {
    for (auto& entry : record.entries) {
      const auto key = std::make_tuple(stream, entry.room, entry.client, entry.n);
      const auto [sent, is_first] = sent_.try_emplace(key, offset);
      if (!entry.client.value().empty() && sent->second < offset) entry.n += 1'000'000;
    }
  }

  rabbitmq::AmqpConnector& inner_;
  const Mistake mistake_;
  std::set<std::string> published_;
  std::map<std::pair<std::string, std::int64_t>, std::string> bodies_;  // last read at an offset
  std::map<std::tuple<std::string, rabbitmq::NodeId, std::uint64_t>, std::int64_t> first_;
  std::map<std::tuple<std::string, base::RoomName, base::ClientId, std::uint64_t>, std::int64_t>
      sent_;
};

}  // namespace chat::tests
