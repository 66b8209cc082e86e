#include "store_contract.hpp"

#include <map>
#include <random>

#include "chat/room/dedup.hpp"

namespace chat::tests {
namespace {

using base::RoomName;
using base::Seq;
using history::OpenedRoom;
using history::Page;
using history::Range;
using history::Retention;

wire::MessagePtr a_message(std::uint64_t seq, const std::string& body, base::WallMs at = 1000) {
  auto message = std::make_shared<wire::Message>();
  message->seq = Seq(seq);
  message->at = at;
  message->name = "ann";
  message->client = base::ClientId("client-ann1");
  message->n = seq;
  message->body = body;
  return message;
}

Retention unbounded() { return {0, 0, 0, 0}; }

/// Calls a store and waits for its answers.
class Caller {
 public:
  explicit Caller(Retention retention = unbounded()) : world_(make_store_world(retention)) {}

  history::Store& store() { return world_->store(); }
  StoreWorld& world() { return *world_; }

  OpenedRoom open(const std::string& room) {
    std::optional<wire::Result<OpenedRoom>> answer;
    store().open(RoomName(room), [&](wire::Result<OpenedRoom> opened) { answer = opened; });
    world_->run_until([&] { return answer.has_value(); });
    REQUIRE(*answer);
    return **answer;
  }
  void append(const std::string& room, std::vector<wire::MessagePtr> messages,
              std::string dedup = {}) {
    std::optional<wire::Result<void>> answer;
    store().append({RoomName(room), std::move(messages), std::move(dedup)},
                   [&](wire::Result<void> outcome) { answer = outcome; });
    world_->run_until([&] { return answer.has_value(); });
    REQUIRE(*answer);
  }
  void fill(const std::string& room, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t seq = from; seq <= to; ++seq) {
      append(room, {a_message(seq, std::to_string(seq))});
    }
  }
  Page read(const std::string& room, Range range) {
    std::optional<wire::Result<Page>> answer;
    store().read(RoomName(room), range, [&](wire::Result<Page> page) { answer = page; });
    world_->run_until([&] { return answer.has_value(); });
    REQUIRE(*answer);
    return **answer;
  }
  std::vector<history::Store::Listed> list() {
    std::optional<wire::Result<std::vector<history::Store::Listed>>> answer;
    store().list([&](auto rooms) { answer = rooms; });
    world_->run_until([&] { return answer.has_value(); });
    REQUIRE(*answer);
    return **answer;
  }

 private:
  std::unique_ptr<StoreWorld> world_;
};

Range range_of(Range::Kind kind, std::uint64_t seq, std::size_t limit) {
  Range range;
  range.kind = kind;
  range.seq = Seq(seq);
  range.limit = limit;
  return range;
}

std::vector<std::uint64_t> seqs_of(const Page& page) {
  std::vector<std::uint64_t> seqs;
  for (const auto& message : page.messages) seqs.push_back(message->seq.value());
  return seqs;
}

using Seqs = std::vector<std::uint64_t>;

TEST_CASE("store: a new room is empty and has an epoch", "[store]") {
  Caller caller;
  const auto opened = caller.open("ops");
  CHECK_FALSE(opened.epoch.value().empty());
  CHECK(opened.head == Seq(0));
  CHECK(opened.floor == Seq(0));
  CHECK(opened.after_snapshot.empty());
  CHECK(caller.read("ops", range_of(Range::Kind::newest, 0, 10)).messages.empty());
}

TEST_CASE("store: a message comes back as it was stored", "[store]") {
  Caller caller;
  caller.open("ops");
  auto message = std::make_shared<wire::Message>();
  message->seq = Seq((std::uint64_t{1} << 53) - 1);
  message->at = 1'700'000'000'123;
  message->name = "聊天 \xF0\x9F\x98\x80";
  message->client = base::ClientId("rmeIdTqnzUT");
  message->n = (std::uint64_t{1} << 53) - 1;
  message->body = std::string("\"nul \\u0000 and ") + std::string(1, '\0') + " bytes\"";
  caller.append("ops", {message});
  const auto page = caller.read("ops", range_of(Range::Kind::newest, 0, 1));
  REQUIRE(page.messages.size() == 1);
  const auto& stored = *page.messages[0];
  CHECK(stored.seq == message->seq);
  CHECK(stored.at == message->at);
  CHECK(stored.name == message->name);
  CHECK(stored.client == message->client);
  CHECK(stored.n == message->n);
  CHECK(stored.body == message->body);
}

TEST_CASE("store: ranges page in both directions and say whether there is more", "[store]") {
  Caller caller;
  caller.open("ops");
  caller.fill("ops", 1, 20);
  using Kind = Range::Kind;
  const auto [kind, seq, limit, seqs, more] =
      GENERATE(table<Kind, std::uint64_t, std::size_t, Seqs, bool>({
          {Kind::newest, 0, 3, {18, 19, 20}, true},
          {Kind::newest,
           0,
           20,
           {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
           false},
          {Kind::before, 3, 5, {1, 2}, false},
          {Kind::before, 10, 2, {8, 9}, true},
          {Kind::before, 1, 2, {}, false},
          {Kind::before, 0, 2, {}, false},
          {Kind::before, 100, 1, {20}, true},
          {Kind::after, 0, 2, {1, 2}, true},
          {Kind::after, 18, 2, {19, 20}, false},
          {Kind::after, 20, 2, {}, false},
          {Kind::after, 99, 2, {}, false},
      }));
  CAPTURE(static_cast<int>(kind), seq, limit);
  const auto page = caller.read("ops", range_of(kind, seq, limit));
  CHECK(seqs_of(page) == seqs);
  CHECK(page.more == more);
  CHECK(page.head == Seq(20));
}

TEST_CASE("store: a page keeps to its bytes, but one message always comes", "[store]") {
  Caller caller;
  caller.open("ops");
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    caller.append("ops", {a_message(seq, std::string(1000, 'x'))});
  }
  Range range = range_of(Range::Kind::after, 0, 10);
  range.max_bytes = 2 * a_message(1, std::string(1000, 'x'))->cost();
  CHECK(seqs_of(caller.read("ops", range)) == Seqs{1, 2});
  range.max_bytes = 1;
  CHECK(seqs_of(caller.read("ops", range)) == Seqs{1});
  CHECK(caller.read("ops", range).more);
}

TEST_CASE("store: what is behind the last dedup snapshot is brought along at open", "[store]") {
  Caller caller;
  caller.open("ops");
  caller.append("ops", {a_message(1, "1"), a_message(2, "2")}, "snapshot-of-2");
  caller.append("ops", {a_message(3, "3")});
  const auto opened = caller.open("ops");
  CHECK(opened.dedup == "snapshot-of-2");
  REQUIRE(opened.after_snapshot.size() == 1);
  CHECK(opened.after_snapshot[0]->seq == Seq(3));
  CHECK(opened.after_snapshot[0]->client == base::ClientId("client-ann1"));
  CHECK(opened.after_snapshot[0]->n == 3);
}

TEST_CASE("store: rooms do not see each other, and the list has those with messages", "[store]") {
  Caller caller;
  caller.open("a");
  caller.open("b");
  caller.open("empty");
  caller.fill("a", 1, 3);
  caller.fill("b", 1, 2);
  CHECK(seqs_of(caller.read("b", range_of(Range::Kind::newest, 0, 9))) == Seqs{1, 2});
  CHECK(caller.read("never", range_of(Range::Kind::newest, 0, 9)).messages.empty());
  const auto rooms = caller.list();
  REQUIRE(rooms.size() == 2);
  CHECK(rooms[0].room == RoomName("a"));
  CHECK(rooms[0].head == Seq(3));
  CHECK(rooms[1].room == RoomName("b"));
}

TEST_CASE("store: retention by count drops the oldest, moves the floor and tells", "[store]") {
  Retention retention = unbounded();
  retention.room_messages = 100;
  Caller caller(retention);
  std::map<RoomName, Seq> told;
  caller.store().on_trim([&](const RoomName& room, Seq floor) { told[room] = floor; });
  caller.open("ops");
  caller.fill("ops", 1, 300);
  const auto page = caller.read("ops", range_of(Range::Kind::after, 0, 1000));
  CHECK(page.messages.size() >= 100);
  CHECK(page.messages.size() <= 106);
  CHECK(page.floor.value() + 1 == page.messages.front()->seq.value());
  CHECK(page.head == Seq(300));
  caller.world().run_until([&] { return told[RoomName("ops")] == page.floor; });
  CHECK(caller.open("ops").floor == page.floor);
}

TEST_CASE("store: retention by bytes and by age", "[store]") {
  Retention retention = unbounded();
  retention.room_bytes = 10 * a_message(1, std::string(1000, 'x'))->cost();
  retention.age_ms = 5000;
  Caller caller(retention);
  caller.open("ops");
  for (std::uint64_t seq = 1; seq <= 30; ++seq) {
    caller.append("ops",
                  {a_message(seq, std::string(1000, 'x'), static_cast<base::WallMs>(seq) * 1000)});
  }
  const auto kept = caller.read("ops", range_of(Range::Kind::after, 0, 100));
  CHECK(kept.messages.size() >= 10);
  CHECK(kept.messages.size() <= 11);
  caller.store().expire(32'500);
  caller.world().run_until(
      [&] { return caller.read("ops", range_of(Range::Kind::after, 0, 100)).floor == Seq(27); });
  CHECK(seqs_of(caller.read("ops", range_of(Range::Kind::after, 0, 100))) == Seqs{28, 29, 30});
}

TEST_CASE("store: who sent what was dropped since the snapshot is still known", "[store]") {
  Retention retention = unbounded();
  retention.room_messages = 3;
  Caller caller(retention);
  caller.open("ops");
  caller.fill("ops", 1, 4);
  caller.append("ops", {a_message(5, "5")}, "snapshot");
  caller.fill("ops", 6, 30);
  caller.world().restart();
  const auto opened = caller.open("ops");
  Seqs senders;
  for (const auto& message : opened.after_snapshot) {
    senders.push_back(message->seq.value());
    CHECK(message->client == base::ClientId("client-ann1"));
    CHECK(message->n == message->seq.value());
  }
  Seqs expected;
  for (std::uint64_t seq = 6; seq <= 30; ++seq) expected.push_back(seq);
  CHECK(senders == expected);
  CHECK(opened.floor >= Seq(26));
  // What is dropped is read by nobody.
  for (const auto kind : {Range::Kind::after, Range::Kind::newest, Range::Kind::before}) {
    const auto page = caller.read("ops", range_of(kind, kind == Range::Kind::before ? 31 : 0, 50));
    REQUIRE_FALSE(page.messages.empty());
    CHECK(page.messages.front()->seq > page.floor);
    CHECK(page.messages.front()->body == std::to_string(page.messages.front()->seq.value()));
  }
  caller.append("ops", {a_message(31, "31")}, "later snapshot");
  CHECK(caller.open("ops").after_snapshot.empty());
}

TEST_CASE("store: head and epoch stay when every message is gone", "[store]") {
  Retention retention = unbounded();
  retention.age_ms = 1000;
  Caller caller(retention);
  const auto epoch = caller.open("ops").epoch;
  caller.fill("ops", 1, 5);
  caller.store().expire(1'000'000);
  caller.world().run_until(
      [&] { return caller.read("ops", range_of(Range::Kind::newest, 0, 10)).messages.empty(); });
  const auto opened = caller.open("ops");
  CHECK(opened.head == Seq(5));
  CHECK(opened.floor == Seq(5));
  CHECK(opened.epoch == epoch);
}

TEST_CASE("store: appends without waiting are answered in order and all are there", "[store]") {
  Caller caller;
  caller.open("ops");
  std::vector<std::uint64_t> answered;
  for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
    caller.store().append({RoomName("ops"), {a_message(seq, "x")}, {}},
                          [&answered, seq](const wire::Result<void>& outcome) {
                            REQUIRE(outcome);
                            answered.push_back(seq);
                          });
  }
  caller.world().run_until([&] { return answered.size() == 1000; });
  for (std::size_t i = 0; i < answered.size(); ++i) REQUIRE(answered[i] == i + 1);
  CHECK(caller.read("ops", range_of(Range::Kind::after, 0, 2000)).messages.size() == 1000);
}

TEST_CASE("store: after a restart a durable one has everything, with the same epoch", "[store]") {
  Caller caller;
  const auto epoch = caller.open("ops").epoch;
  caller.append("ops", {a_message(1, "1"), a_message(2, "2")}, "snapshot");
  caller.append("ops", {a_message(3, "3")});
  const bool durable = caller.store().durable();
  REQUIRE(caller.world().restart() == durable);
  if (!durable) return;
  const auto opened = caller.open("ops");
  CHECK(opened.epoch == epoch);
  CHECK(opened.head == Seq(3));
  CHECK(opened.dedup == "snapshot");
  CHECK(opened.after_snapshot.size() == 1);
  CHECK(seqs_of(caller.read("ops", range_of(Range::Kind::newest, 0, 10))) == Seqs{1, 2, 3});
}

TEST_CASE("store: agrees with a plain list over random appends, reads, releases and opens",
          "[store][property]") {
  const auto seed = Catch::rngSeed() + GENERATE(range(0U, 15U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Caller caller;
  std::map<std::string, Seqs> model;
  for (int step = 0; step < 150; ++step) {
    const std::string room(1, static_cast<char>('a' + random() % 3));
    auto& seqs = model[room];
    switch (random() % 5) {
      case 0:
      case 1: {
        std::vector<wire::MessagePtr> messages;
        std::uint64_t seq = seqs.empty() ? 0 : seqs.back();
        for (auto count = random() % 5 + 1; count > 0; --count) {
          seq += 1 + random() % 2;
          messages.push_back(a_message(seq, std::to_string(seq)));
          seqs.push_back(seq);
        }
        caller.open(room);
        caller.append(room, std::move(messages));
        break;
      }
      case 2: caller.store().release(RoomName(room)); break;
      case 3: CHECK(caller.open(room).head == Seq(seqs.empty() ? 0 : seqs.back())); break;
      default: {
        const std::uint64_t from = random() % (seqs.empty() ? 1 : seqs.back() + 1);
        Seqs expected;
        for (const auto seq : seqs) {
          if (seq > from && expected.size() < 7) expected.push_back(seq);
        }
        REQUIRE(seqs_of(caller.read(room, range_of(Range::Kind::after, from, 7))) == expected);
        Seqs below;
        for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
          if (*seq < from && below.size() < 4) below.insert(below.begin(), *seq);
        }
        REQUIRE(seqs_of(caller.read(room, range_of(Range::Kind::before, from, 4))) == below);
      }
    }
  }
}

}  // namespace
}  // namespace chat::tests
