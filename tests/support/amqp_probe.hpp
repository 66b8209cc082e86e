#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::tests {

/// A channel with a listener that writes down what it hears. Thread: the channel's loop.
class AmqpProbe final : public rabbitmq::AmqpChannel::Listener {
 public:
  using Delivery = rabbitmq::Delivery;
  using Failure = rabbitmq::Failure;

  void connect(rabbitmq::AmqpConnector& connector, const rabbitmq::Endpoint& endpoint,
               base::Executor& executor) {
    channel_ = connector.connect(endpoint, executor, *this);
  }
  void drop() { channel_.reset(); }
  rabbitmq::AmqpChannel& channel() { return *channel_; }

  void on_open() override {
    open = true;
    log.emplace_back("open");
  }
  void on_lost(const Failure& failure) override {
    lost = failure;
    log.emplace_back("lost");
  }
  void on_deliveries(std::vector<Delivery>& batch) override {
    log.emplace_back("deliveries");
    ++batches;
    for (auto& delivery : batch) {
      if (acks) channel_->ack(delivery.tag, false);
      bytes += delivery.body.size();
      ++delivered;
      if (keeps) deliveries.push_back(std::move(delivery));
    }
  }
  void on_confirmed(std::uint64_t number, bool multiple, bool stored) override {
    log.emplace_back("confirmed");
    const auto first = multiple ? (open_numbers.empty() ? number : *open_numbers.begin()) : number;
    for (auto one = first; one <= number; ++one) {
      if (open_numbers.erase(one) > 0) (stored ? confirmed : refused).insert(one);
    }
  }
  void on_returned(const std::string& exchange, const std::string& key) override {
    log.emplace_back("returned");
    returned.emplace_back(exchange, key);
  }
  void on_cancelled(const std::string& consumer) override {
    log.emplace_back("cancelled");
    cancelled.push_back(consumer);
  }
  void on_blocked(bool is_blocked, const std::string&) override {
    log.emplace_back(is_blocked ? "blocked" : "unblocked");
    blocked = is_blocked;
  }

  /// Publishes and counts its number; the number.
  std::uint64_t publish(const std::string& key, std::string body, bool mandatory = false,
                        const std::string& exchange = {}) {
    rabbitmq::Outgoing message;
    message.exchange = exchange;
    message.key = key;
    message.body = std::move(body);
    message.mandatory = mandatory;
    channel_->publish(std::move(message));
    open_numbers.insert(++published);
    return published;
  }

  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& delivery : deliveries) all.push_back(delivery.body);
    return all;
  }

  bool acks = false;  ///< acknowledges what comes at once
  bool keeps = true;  ///< what is delivered
  bool open = false;
  bool blocked = false;
  std::optional<Failure> lost;
  std::vector<Delivery> deliveries;
  std::size_t delivered = 0;
  std::size_t batches = 0;
  std::size_t bytes = 0;
  std::uint64_t published = 0;
  std::set<std::uint64_t> open_numbers;
  std::set<std::uint64_t> confirmed;
  std::set<std::uint64_t> refused;
  std::vector<std::pair<std::string, std::string>> returned;
  std::vector<std::string> cancelled;
  std::vector<std::string> log;

 private:
  std::unique_ptr<rabbitmq::AmqpChannel> channel_;
};

}  // namespace chat::tests
