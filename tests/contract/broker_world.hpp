#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/broker/broker.hpp"
#include "support/broker_probe.hpp"

namespace chat::tests {

/// A broker under contract, with what it lives in.
class BrokerWorld {
 public:
  virtual ~BrokerWorld() = default;
  virtual broker::Broker& broker() = 0;
  /// Lets everything that is ready go on, timers too.
  virtual void run() = 0;
};

/// Made anew for each test by the .cpp of an implementation.
std::unique_ptr<BrokerWorld> make_broker_world();

/// Runs the world until `done`; other threads get their time.
inline void run_until(BrokerWorld& world, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (world.run(); !done(); world.run()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("the broker did not answer in 30 s");
    std::this_thread::yield();
  }
}

/// Calls a broker and waits for its answers.
class Caller {
 public:
  explicit Caller(BrokerWorld& world) : world_(world) {}

  broker::Broker& broker() { return world_.broker(); }

  broker::RoomHead subscribe(const base::RoomName& room, broker::Sink& sink) {
    Answer<broker::RoomHead> answer;
    broker().subscribe(room, sink, answer.done());
    run_until(world_, [&] { return answer.come(); });
    return answer.value();
  }
  Answer<broker::Published> publish(broker::Publish publish) {
    Answer<broker::Published> answer;
    broker().publish(std::move(publish), answer.done());
    run_until(world_, [&] { return answer.come(); });
    return answer;
  }
  broker::Published publish(const base::RoomName& room, const std::string& body) {
    return publish(a_message(room, body)).value();
  }
  broker::ReadAnswer read(const base::RoomName& room, const base::Epoch& epoch,
                          history::Range range) {
    Answer<broker::ReadAnswer> answer;
    broker().read(room, epoch, range, answer.done());
    run_until(world_, [&] { return answer.come(); });
    return answer.value();
  }
  std::vector<history::Store::Listed> rooms() {
    Answer<std::vector<history::Store::Listed>> answer;
    broker().rooms(answer.done());
    run_until(world_, [&] { return answer.come(); });
    return answer.value();
  }

 private:
  BrokerWorld& world_;
};

}  // namespace chat::tests
