#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "chat/rabbitmq/record.hpp"

namespace chat::tests {

/// A message of ann's that a record can hold.
inline rabbitmq::Entry an_entry(const std::string& body, const std::string& room = "ops") {
  rabbitmq::Entry entry;
  entry.room = base::RoomName(room);
  entry.name = "ann";
  entry.client = base::ClientId("c");
  entry.n = 7;
  entry.at = 1'700'000'000'000;
  entry.body = body;
  return entry;
}

inline rabbitmq::Record a_hello(const std::string& node, std::uint64_t number,
                                const std::string& proposal, const std::string& epoch = {}) {
  rabbitmq::Record record;
  record.node = node;
  record.number = number;
  record.epoch = base::Epoch(epoch);
  record.proposal = base::Epoch(proposal);
  return record;
}

inline rabbitmq::Record a_batch(const std::string& node, std::uint64_t number,
                                const std::string& epoch) {
  rabbitmq::Record record;
  record.node = node;
  record.number = number;
  record.epoch = base::Epoch(epoch);
  record.entries.push_back(an_entry("1"));
  return record;
}

}  // namespace chat::tests
