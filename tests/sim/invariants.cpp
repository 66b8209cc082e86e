#include "sim/invariants.hpp"

#include <algorithm>

namespace chat::tests {
namespace {

/// A turn's messages reach an outbox as merged blocks of at most this, or as one message.
constexpr std::size_t kLargestBlock = (128U << 10) + 8192;
/// Beside messages: the frames that tell of an end, and what each block is counted with.
constexpr std::size_t kFarewell = 1024;

base::Seq seq_of(const Json& frame, const char* key = "seq") {
  return base::Seq(frame.at(key).get<std::uint64_t>());
}

std::string text_of(base::Seq seq) { return std::to_string(seq.value()); }

}  // namespace

// ---- a chat.v1 member

void Reading::wrong(const std::string& what) {
  findings_.add(reader_ + " in " + room_.value() + ": " + what);
}

void Reading::welcome(const Json& frame, const std::optional<wire::Cursor>& since) {
  if (frame.contains("recovered") != since.has_value()) {
    wrong("recovered does not go with since");
  }
  if (since) return welcome_back(frame, *since);
  position_ =
      wire::Cursor{base::Epoch(frame.at("epoch").get<std::string>()), seq_of(frame, "head")};
}

void Reading::welcome_back(const Json& frame, const wire::Cursor& since) {
  const base::Epoch epoch(frame.at("epoch").get<std::string>());
  if (frame.at("recovered").get<bool>()) {
    if (epoch != since.epoch) wrong("recovered, but from another log");
    position_ = since;
    return;
  }
  ++gaps_;
  const Json& missing = frame.at("missing");
  if (missing.contains("after")) {
    missing_between(missing, since);
    position_ = wire::Cursor{epoch, base::Seq(seq_of(missing, "before").value() - 1)};
    return;
  }
  if (missing.at("epoch").get<std::string>() != since.epoch.value()) {
    wrong("another epoch is missing than the one asked for");
  }
  const bool longer = since.seq > store_.journal().head(room_, since.epoch);
  if (since.epoch == epoch && !longer) wrong("its log is said to be gone and is not");
  position_ = wire::Cursor{epoch, seq_of(frame, "head")};
}

void Reading::missing_between(const Json& missing, const wire::Cursor& since) {
  const auto after = seq_of(missing, "after");
  const auto before = seq_of(missing, "before");
  if (after != since.seq) wrong("missing begins elsewhere than the cursor");
  const auto floor = store_.floor(room_, since.epoch);
  if (floor.value() + 1 < before.value()) {
    wrong("said to be missing before " + text_of(before) + ", but kept from " + text_of(floor));
  }
  if (store_.journal().count_between(room_, since.epoch, after, before) == 0) {
    wrong("said to be missing, but nothing was there");
  }
}

bool Reading::equals(const Json& frame, const wire::Message& stored) const {
  const bool same = frame.at("name") == stored.name && frame.at("at") == stored.at &&
                    frame.at("message").dump() == stored.body;
  if (stored.client.value().empty()) return same && !frame.contains("client");
  return same && frame.at("client") == stored.client.value() && frame.at("n") == stored.n;
}

void Reading::check_stored(const Json& frame, const char* where) {
  const auto stored = store_.journal().find(room_, position_->epoch, seq_of(frame));
  if (stored == nullptr) {
    wrong(std::string(where) + " has what is not stored: " + frame.dump());
  } else if (!equals(frame, *stored)) {
    wrong(std::string(where) + " has another content than is stored: " + frame.dump());
  }
}

void Reading::message(const Json& frame) {
  const auto seq = seq_of(frame);
  if (!position_) return wrong("a message before the welcome");
  ++messages_;
  check_stored(frame, "a message");
  if (seq <= position_->seq) {
    wrong("got " + text_of(seq) + " after " + text_of(position_->seq));
  }
  if (store_.journal().count_between(room_, position_->epoch, position_->seq, seq) > 0) {
    wrong("a hole between " + text_of(position_->seq) + " and " + text_of(seq));
  }
  position_->seq = std::max(position_->seq, seq);
}

void Reading::page(const Json& frame) {
  const Json& messages = frame.at("messages");
  for (const Json& message : messages) check_stored(message, "a history page");
  const auto& journal = store_.journal();
  const auto floor = store_.floor(room_, position_->epoch);
  for (std::size_t i = 1; i < messages.size(); ++i) {
    const auto last = seq_of(messages[i - 1]);
    const auto next = seq_of(messages[i]);
    if (next <= last) wrong("a history page does not ascend");
    if (journal.count_between(room_, position_->epoch, last, next) > 0) {
      wrong("a history page has a hole after " + text_of(last));
    }
  }
  if (messages.empty()) return;
  if (frame.contains("after")) {
    const auto from = std::max(seq_of(frame, "after"), floor);
    if (journal.count_between(room_, position_->epoch, from, seq_of(messages.front())) > 0) {
      wrong("a history page begins too late: " + text_of(seq_of(messages.front())));
    }
  }
  if (frame.contains("before")) {
    const auto last = std::max(seq_of(messages.back()), floor);
    if (journal.count_between(room_, position_->epoch, last, seq_of(frame, "before")) > 0) {
      wrong("a history page ends too early: " + text_of(seq_of(messages.back())));
    }
  }
}

void Reading::ack(const Json& frame, const std::string& client, const std::string& body) {
  const auto seq = seq_of(frame);
  const auto stored = store_.journal().find(room_, position_->epoch, seq);
  const auto n = frame.at("n").get<std::uint64_t>();
  if (stored == nullptr) return wrong("acknowledged, but not stored: " + body);
  if (stored->client.value() != client || stored->n != n || stored->body != body) {
    wrong("acknowledged with another's seq " + text_of(seq) + ": " + body);
  }
}

bool Reading::has_all() const {
  if (!position_) return false;
  return position_->epoch == store_.epoch(room_) &&
         position_->seq >= store_.journal().head(room_, position_->epoch);
}

// ---- a plain member

void PlainReading::message(const std::string& body) {
  ++messages_;
  const auto stored = store_.find_body(room_, body, generation_);
  const auto wrong = [&](const std::string& what) {
    findings_.add(reader_ + " in " + room_.value() + ": " + what + ": " + body);
  };
  if (!stored) return wrong("got what is not stored");
  if (position_) {
    if (stored->epoch != position_->epoch) return wrong("got from another log");
    if (stored->seq <= position_->seq) wrong("got again or too late");
    if (store_.journal().count_between(room_, stored->epoch, position_->seq, stored->seq) > 0) {
      wrong("got with a hole before it");
    }
  }
  position_ = stored;
}

// ---- queues

void check_bounds(const World& world, Findings& findings) {
  const auto load = world.load();
  const auto& plan = world.plan();
  // One block goes into an empty outbox whatever its size.
  const auto outbox = std::max(plan.config.max_outbox_bytes, kLargestBlock) + kFarewell;
  if (load.largest_outbox > outbox) {
    findings.add("an outbox of " + std::to_string(load.largest_outbox) + " bytes, allowed are " +
                 std::to_string(outbox));
  }
  constexpr std::size_t kBacklog = 64U << 20;
  if (load.backlog > kBacklog) findings.add("a shard's backlog is over its bound");
}

}  // namespace chat::tests
