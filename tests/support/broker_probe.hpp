#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/broker/broker.hpp"

namespace chat::tests {

/// A message of ann's without a client.
inline broker::Publish a_message(const base::RoomName& room, const std::string& body) {
  broker::Publish publish;
  publish.room = room;
  publish.name = "ann";
  publish.body = body;
  return publish;
}

/// A client's n-th message.
inline broker::Publish a_message(const base::RoomName& room, const std::string& client,
                                 std::uint64_t n, const std::string& body) {
  auto publish = a_message(room, body);
  publish.client = base::ClientId(client);
  publish.n = n;
  return publish;
}

/// Takes the answer of one call, which must come exactly once.
template <class T>
class Answer {
 public:
  std::function<void(wire::Result<T>)> done() {
    return [results = results_](wire::Result<T> result) { results->push_back(std::move(result)); };
  }
  bool come() const { return !results_->empty(); }
  const wire::Result<T>& get() const {
    REQUIRE(results_->size() == 1);
    return results_->front();
  }
  const T& value() const {
    const auto& result = get();
    if (!result) FAIL("refused: " << wire::info(result.error().code).name);
    return *result;
  }
  wire::Code code() const {
    REQUIRE_FALSE(get());
    return get().error().code;
  }

 private:
  std::shared_ptr<std::vector<wire::Result<T>>> results_ =
      std::make_shared<std::vector<wire::Result<T>>>();
};

/// Keeps what it hears, and may do something about it.
class RecordingSink final : public broker::Sink {
 public:
  void on_message(const base::RoomName& room, const wire::MessagePtr& message) override {
    heard_[room].push_back(message);
    if (then) then(room, message);
  }
  void on_restart(const base::RoomName& room, const broker::RoomHead& head) override {
    restarts_[room].push_back(head);
  }
  void on_ready(const base::RoomName& room) override { ++readies_[room]; }

  const std::vector<wire::MessagePtr>& heard(const base::RoomName& room) { return heard_[room]; }
  std::vector<std::string> bodies(const base::RoomName& room) {
    std::vector<std::string> bodies;
    for (const auto& message : heard_[room]) bodies.push_back(message->body);
    return bodies;
  }
  std::vector<base::Seq> seqs(const base::RoomName& room) {
    std::vector<base::Seq> seqs;
    for (const auto& message : heard_[room]) seqs.push_back(message->seq);
    return seqs;
  }

  const std::vector<broker::RoomHead>& restarts(const base::RoomName& room) {
    return restarts_[room];
  }

  /// How often it was told that the room takes messages again.
  int readies(const base::RoomName& room) { return readies_[room]; }

  std::function<void(const base::RoomName&, const wire::MessagePtr&)> then;

 private:
  std::map<base::RoomName, int> readies_;
  std::map<base::RoomName, std::vector<broker::RoomHead>> restarts_;
  std::map<base::RoomName, std::vector<wire::MessagePtr>> heard_;
};

}  // namespace chat::tests
