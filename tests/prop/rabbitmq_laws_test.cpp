#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/rabbitmq/partition_reader.hpp"
#include "chat/rabbitmq/partition_writer.hpp"
#include "chat/rabbitmq/record.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"
#include "generators.hpp"

using namespace chat::rabbitmq;
namespace base = chat::base;
namespace wire = chat::wire;
namespace prop = chat::prop;
using base::ClientId;
using base::Epoch;
using base::Seq;

namespace {

// ---- records

rc::Gen<std::uint64_t> natural(std::uint64_t below) {
  return rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 300),
                        rc::gen::inRange<std::uint64_t>(0, below), rc::gen::just(below - 1));
}

Entry an_entry() {
  Entry entry;
  const auto room = wire::parse_room_name(*prop::text());
  entry.room = room ? *room : base::RoomName(*rc::gen::element<std::string>("ops", "règle", "_"));
  const auto name = wire::parse_member_name(*prop::text());
  entry.name = name ? *name : "";
  entry.client = ClientId(*prop::token(0, 32));
  entry.n = *natural(wire::kMaxInteger);
  entry.at = static_cast<base::WallMs>(*natural(wire::kMaxInteger));
  entry.body = *rc::gen::suchThat(prop::json_value(), [](const std::string& value) {
    return value.find_first_not_of(" \t\r\n") == 0 &&
           value.find_last_not_of(" \t\r\n") + 1 == value.size();
  });
  return entry;
}

Record a_record() {
  Record record;
  record.node = *rc::gen::nonEmpty(rc::gen::resize(60, prop::bytes()));
  record.node.resize(std::min<std::size_t>(record.node.size(), 64));
  record.number = 1 + *natural(~std::uint64_t{0});
  record.attempt = 1 + *natural(~std::uint64_t{0});
  const auto entries = *rc::gen::inRange<std::size_t>(0, 5);
  record.epoch = Epoch(*prop::token(entries == 0 ? 0 : 1, 32));
  if (entries == 0) record.proposal = Epoch(*prop::token(1, 32));
  for (std::size_t i = 0; i < entries; ++i) record.entries.push_back(an_entry());
  return record;
}

}  // namespace

TEST_CASE("law: a record comes back from its bytes", "[prop][rabbitmq][record]") {
  rc::prop("decode ∘ encode = id", [] {
    const Record record = a_record();
    const auto bytes = encode_record(record);
    const auto read = decode_record(bytes);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->id() == record.id());
    RC_ASSERT(read->epoch == record.epoch);
    RC_ASSERT(read->proposal == record.proposal);
    RC_ASSERT(read->entries.size() == record.entries.size());
    for (std::size_t i = 0; i < record.entries.size(); ++i) {
      const Entry& is = read->entries[i];
      const Entry& was = record.entries[i];
      RC_ASSERT(is.room == was.room && is.name == was.name && is.client == was.client);
      RC_ASSERT(is.n == was.n && is.at == was.at && is.body == was.body);
    }
    RC_ASSERT(encode_record(*read) == bytes);
  });
}

TEST_CASE("law: changed bytes are no record, or their own encoding", "[prop][rabbitmq][record]") {
  rc::prop("changed records", [] {
    auto bytes = encode_record(a_record());
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0: bytes[at] = *rc::gen::arbitrary<char>(); break;
      case 1: bytes.insert(at, 1, *rc::gen::arbitrary<char>()); break;
      default: bytes.erase(at, 1);
    }
    const auto read = decode_record(bytes);
    if (read) RC_ASSERT(encode_record(*read) == bytes);
  });
}

// ---- writers and readers on one stream

namespace {

/// A stream as RabbitMQ keeps it: records by offset, with numbers left out, and its first ones
/// trimmed. `life` counts the streams of that name.
struct Stream {
  void store(const std::string& bytes, bool skips) {
    if (skips && next > 0) ++next;
    records.emplace(next++, bytes);
  }

  std::int64_t next = 0;
  std::map<std::int64_t, std::string> records;
  int life = 0;
};

/// A node's part in a partition: what StreamLog does with a writer and a reader.
class Node {
 public:
  Node(std::string name, Stream& stream) : name_(std::move(name)), stream_(stream) {
    attach(false);
  }

  /// Messages are numbered from 1, node by node.
  void add() {
    Entry entry;
    entry.room = base::RoomName("ops");
    entry.body = "\"" + name_ + " " + std::to_string(++added_) + "\"";
    writer_.add(std::move(entry), CallId{0, added_});
  }

  enum class Fate { confirmed, unconfirmed, late, lost };
  /// Publishes what is to be published. The late copies come by `store_late`.
  void publish(Fate fate, bool skips) {
    const std::string* bytes = unsure_ ? writer_.again() : writer_.next(reader_.epoch());
    if (bytes == nullptr) bytes = writer_.again();  // it is repeated without need
    if (bytes == nullptr) return;
    const std::string record = *bytes;
    unsure_ = fate != Fate::confirmed;
    if (fate == Fate::late) late_.push_back(record);
    if (fate == Fate::confirmed || fate == Fate::unconfirmed) stream_.store(record, skips);
    if (fate == Fate::confirmed) writer_.confirmed();
  }
  void store_late() {
    if (late_.empty()) return;
    stream_.store(late_.front(), false);
    late_.erase(late_.begin());
  }

  /// The subscription begins again, at its place.
  void attach(bool from_first) {
    const auto offset = reader_.attach(from_first);
    cursor_ = offset ? *offset : 0;
    life_ = stream_.life;
    heard_ = false;
    greeted_ = false;
    // Whoever goes on somewhere says so once it is sure that it is still there.
    if (!offset) greet();
  }
  /// The next record of the subscription; false when there is none.
  bool read() {
    if (life_ != stream_.life) attach(false);  // RabbitMQ has cancelled it
    const auto found = stream_.records.lower_bound(cursor_);
    if (found == stream_.records.end()) {
      const bool is_deaf = !heard_ && !greeted_;
      if (!is_deaf) return false;
      attach(true);
      return true;
    }
    heard_ = true;
    cursor_ = found->first + 1;
    take(found->first, decode_record(found->second));
    if (!greeted_) greet();
    return true;
  }

  bool is_settled() const {
    return !writer_.in_flight() && writer_.unseen() == 0 && writer_.messages() == 0;
  }
  const std::string& name() const { return name_; }
  const Epoch& epoch() const { return reader_.epoch(); }
  /// It has read the stream up to here.
  std::int64_t cursor() const { return life_ == stream_.life && heard_ ? cursor_ : 0; }
  std::uint64_t added() const { return added_; }
  std::size_t kept_bytes() const { return writer_.bytes(); }
  /// What this log holds.
  const std::vector<std::pair<Seq, std::string>>& log() const { return log_; }
  /// Own messages that were answered, in that order, in which life of the stream.
  const std::vector<std::pair<std::uint64_t, int>>& answered() const { return answered_; }

 private:
  void greet() {
    greeted_ = true;
    writer_.want_hello();
  }
  void take(std::int64_t offset, const std::optional<Record>& record) {
    using Verdict = PartitionReader::Verdict;
    const auto read = reader_.take(offset, record);
    if (read.verdict == Verdict::other_log) {
      reader_.begin_anew();
      writer_.begin_anew();
      unsure_ = false;
      log_.clear();
      return attach(true);
    }
    if (read.floor) log_.clear();
    switch (read.verdict) {
      case Verdict::batch: take_batch(offset, *record); break;
      case Verdict::hello:
        settle(record->number);
        if (reader_.epoch().value().empty()) reader_.name(reader_.first_proposal());
        break;
      case Verdict::foreign: writer_.foreign(record->number); break;
      default: break;
    }
    if (!writer_.in_flight()) unsure_ = false;
  }

  void take_batch(std::int64_t offset, const Record& record) {
    const auto calls = record.node == name_ ? settle(record.number) : std::vector<CallId>();
    if (!calls.empty()) RC_ASSERT(calls.size() == record.entries.size());
    for (std::size_t i = 0; i < record.entries.size(); ++i) {
      const auto& body = record.entries[i].body;
      log_.emplace_back(seq_of(offset, i), body);
      if (calls.empty()) continue;
      RC_ASSERT(body == "\"" + name_ + " " + std::to_string(calls[i].number) + "\"");
      answered_.emplace_back(calls[i].number, stream_.life);
    }
  }

  std::vector<CallId> settle(std::uint64_t number) { return writer_.seen(number); }

  const std::string name_;
  Stream& stream_;
  std::uint64_t added_ = 0;
  int proposals_ = 0;
  PartitionWriter writer_{
      name_, [this] { return Epoch("P-" + name_ + "-" + std::to_string(++proposals_)); }};
  PartitionReader reader_{name_};
  bool unsure_ = false;  // of the record in flight
  std::vector<std::string> late_;
  std::int64_t cursor_ = 0;
  int life_ = 0;
  bool heard_ = false;
  bool greeted_ = false;
  std::vector<std::pair<Seq, std::string>> log_;
  std::vector<std::pair<std::uint64_t, int>> answered_;
};

class Cluster {
 public:
  Cluster() {
    for (const char* name : {"a", "b", "c"})
      nodes_.push_back(std::make_unique<Node>(name, stream_));
  }

  void step(std::uint16_t what, bool replaces) {
    Node& node = *nodes_[what % nodes_.size()];
    const unsigned with = what / 3U;
    const unsigned choice = with % 100U;
    const unsigned detail = with / 100U;
    if (choice < 25) {
      node.add();
    } else if (choice < 55) {
      const auto fate =
          detail % 8 < 4 ? Node::Fate::confirmed : static_cast<Node::Fate>(detail % 4);
      node.publish(fate, detail % 5 == 0);
    } else if (choice < 85) {
      for (unsigned i = 0; i <= detail % 4; ++i) node.read();
    } else if (choice < 91) {
      node.store_late();
    } else if (choice < 95) {
      node.attach(false);
    } else if (choice < 98) {
      trim();
    } else if (replaces) {
      replace();
    }
  }

  /// No more faults.
  void settle() {
    for (int round = 0; round < 1000; ++round) {
      bool idle = true;
      for (auto& node : nodes_) {
        node->publish(Node::Fate::confirmed, false);
        while (node->read()) idle = false;
      }
      if (idle && is_settled()) return;
    }
    RC_FAIL("it does not settle");
  }

  Stream& stream() { return stream_; }
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }

 private:
  bool is_settled() const {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->is_settled(); });
  }
  /// As retention: of what all have read.
  void trim() {
    std::int64_t read = stream_.next;
    for (const auto& node : nodes_) read = std::min(read, node->cursor() - 1);
    while (!stream_.records.empty() && stream_.records.begin()->first < read / 2) {
      stream_.records.erase(stream_.records.begin());
    }
  }
  void replace() {
    stream_.records.clear();
    stream_.next = 0;
    ++stream_.life;
  }

  Stream stream_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

rc::Gen<std::vector<std::uint16_t>> steps() {
  return rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>());
}

/// The bodies of a node's messages in a log, as numbers.
std::vector<std::uint64_t> numbers_of(const Node& node, const Node& reader) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [seq, body] : reader.log()) {
    if (body[1] == node.name()[0]) numbers.push_back(std::stoull(body.substr(3)));
  }
  return numbers;
}

/// The logs are the same, and each message is in order and never twice.
void check_logs(const Cluster& cluster) {
  const Node& first = *cluster.nodes().front();
  for (const auto& node : cluster.nodes()) {
    RC_ASSERT(node->epoch() == first.epoch());
    RC_ASSERT(node->log() == first.log());
    RC_ASSERT(node->kept_bytes() == 0U);
    const auto numbers = numbers_of(*node, first);
    RC_ASSERT(std::is_sorted(numbers.begin(), numbers.end(), std::less_equal<>()));
  }
  RC_ASSERT(std::is_sorted(first.log().begin(), first.log().end(),
                           [](const auto& a, const auto& b) { return a.first <= b.first; }));
}

}  // namespace

TEST_CASE("law: over a stream that loses and repeats, every message is read once, in order",
          "[prop][rabbitmq][log]") {
  rc::prop("one stream", [] {
    Cluster cluster;
    for (const auto what : *steps()) cluster.step(what, false);
    cluster.settle();
    check_logs(cluster);
    for (const auto& node : cluster.nodes()) {
      RC_ASSERT(node->answered().size() == node->added());
      RC_ASSERT(numbers_of(*node, *node).size() == node->added());
      std::uint64_t number = 0;
      for (const auto& answer : node->answered()) RC_ASSERT(answer.first == ++number);
    }
  });
}

TEST_CASE("law: when streams are replaced, what was not read back is in the last one, once",
          "[prop][rabbitmq][log]") {
  rc::prop("several streams", [] {
    Cluster cluster;
    for (const auto what : *steps()) cluster.step(what, true);
    cluster.settle();
    check_logs(cluster);
    for (const auto& node : cluster.nodes()) {
      RC_ASSERT(node->answered().size() == node->added());
      // What was answered in the present stream, and that alone, is there.
      std::vector<std::uint64_t> present;
      std::uint64_t number = 0;
      for (const auto& [answer, life] : node->answered()) {
        RC_ASSERT(answer == ++number);
        if (life == cluster.stream().life) present.push_back(answer);
      }
      RC_ASSERT(numbers_of(*node, *node) == present);
    }
  });
}
