#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/rabbitmq/record.hpp"

namespace chat::rabbitmq {

/// Who waits for an answer to a message: a worker, and its number there.
struct CallId {
  std::size_t lane = 0;
  std::uint64_t number = 0;
};

/// What a node still has to bring into a partition's stream. Pure.
///
/// At most one record is in flight: published, and neither confirmed nor read back. Whatever comes
/// meanwhile waits and goes into the next one, so batches come by themselves under load, and a
/// record that is published again cannot overtake another. A message is kept until it is read back,
/// for the log it was confirmed into may be gone before that. Whatever happens, messages go into
/// one log in the order of `add`.
class PartitionWriter {
 public:
  /// `propose` gives another name for a log each time.
  PartitionWriter(NodeId node, std::function<base::Epoch()> propose)
      : node_(std::move(node)), propose_(std::move(propose)) {}

  void add(Entry entry, CallId call);
  /// The next record is a hello; it comes back as `seen`.
  void want_hello() noexcept { wants_hello_ = true; }

  /// The record to be published now; nullptr when one is in flight, or there is no hello to send
  /// and nothing waits, or the log's name is not known, or messages written for another log have
  /// not come back yet. Valid until the next call.
  const std::string* next(const base::Epoch& epoch);
  /// The record in flight, to be published once more: its outcome is not known, or it was refused.
  /// As another attempt; a hello proposes another name then. nullptr when none is. Valid until the
  /// next call.
  const std::string* again();
  bool in_flight() const noexcept { return in_flight_.has_value(); }
  /// Of the newest record, 0 = none yet; the next one has a higher one.
  std::uint64_t last_number() const noexcept { return last_number_; }

  /// The record in flight is in the stream.
  void confirmed();
  /// Record `number` was read back. Returns who waits for its entries, one for each, in their
  /// order; empty for a hello and for what is not known any more. Earlier ones that were not read
  /// back are not in this stream: their messages wait again, in their old place.
  std::vector<CallId> seen(std::uint64_t number);
  /// Record `number` was read back and is not of this log: its messages wait again, in their old
  /// place; a hello is wanted again. Nothing happens for what is not known any more.
  void foreign(std::uint64_t number);
  /// The stream is read anew, and may be another one. The record in flight is in it before any
  /// later one, or never counts: what was published may still be read back, and waits again when a
  /// later one is, a hello at the latest. Until then no messages are sent.
  void begin_anew();

  /// Messages that were not read back, and their bytes (Entry::cost).
  std::size_t messages() const noexcept { return messages_; }
  std::size_t bytes() const noexcept { return bytes_; }
  /// Records that are in the stream and were not read back.
  std::size_t unseen() const noexcept { return unseen_.size(); }

 private:
  struct Waiting {
    Entry entry;
    CallId call;
    std::uint64_t order = 0;  // of its `add`
  };
  struct Sent {
    std::uint64_t number = 0;
    std::uint64_t attempt = 0;
    base::Epoch epoch;
    std::string bytes;
    std::vector<Waiting> messages;  // none: a hello
  };
  using Unseen = std::map<std::uint64_t, Sent>;

  bool awaits_older(const base::Epoch& epoch) const;
  std::vector<Waiting> take_batch();
  void encode_attempt(Sent& sent) const;
  void take_back(std::vector<Waiting> messages);
  void take_back_before(Unseen::iterator end);
  void forget(const Sent& sent);

  const NodeId node_;
  const std::function<base::Epoch()> propose_;
  std::deque<Waiting> waiting_;  // by order
  std::optional<Sent> in_flight_;
  Unseen unseen_;
  std::uint64_t unsure_through_ = 0;  // whether they are in the stream that is read is not known
  std::uint64_t last_number_ = 0;
  std::uint64_t last_order_ = 0;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  bool wants_hello_ = false;
};

}  // namespace chat::rabbitmq
