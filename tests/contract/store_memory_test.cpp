#include "chat/history/memory_store.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "store_contract.hpp"

namespace chat::tests {
namespace {

class MemoryWorld final : public StoreWorld {
 public:
  explicit MemoryWorld(history::Retention retention)
      : store_(retention, [this] { return base::Epoch("E" + std::to_string(++epochs_)); }) {}
  history::Store& store() override { return store_; }
  void run_until(const std::function<bool()>& done) override { REQUIRE(done()); }

 private:
  int epochs_ = 0;
  history::MemoryStore store_;
};

TEST_CASE("memory store: over its total bound the room not used for longest goes first",
          "[store][memory]") {
  history::Retention retention{0, 0, 0, 0};
  retention.total_bytes = 10'000;
  int epochs = 0;
  history::MemoryStore store(retention,
                             [&] { return base::Epoch("E" + std::to_string(++epochs)); });
  const auto append = [&store](const std::string& room, std::uint64_t seq) {
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(seq);
    message->body = std::string(800, 'x');
    store.append({base::RoomName(room), {message}, {}}, [](const wire::Result<void>&) {});
  };
  for (std::uint64_t seq = 1; seq <= 4; ++seq) append("old", seq);
  for (std::uint64_t seq = 1; seq <= 30; ++seq) append("new", seq);
  CHECK(store.bytes() <= retention.total_bytes);
  base::Epoch epoch;
  store.open(base::RoomName("old"), [&](const wire::Result<history::OpenedRoom>& opened) {
    CHECK(opened->head == base::Seq(0));
    epoch = opened->epoch;
  });
  CHECK(epoch == base::Epoch("E3"));
}

TEST_CASE("memory store: rooms without messages count, and are forgotten past the total bound",
          "[store][memory]") {
  history::Retention retention{0, 0, 0, 0};
  retention.room_bytes = 1;  // no message stays, who sent it does
  retention.total_bytes = 100'000;
  int epochs = 0;
  history::MemoryStore store(retention,
                             [&] { return base::Epoch("E" + std::to_string(++epochs)); });
  const bool snapshots = GENERATE(false, true);
  const auto epoch_of = [&store](const std::string& room) {
    base::Epoch epoch;
    store.open(base::RoomName(room),
               [&](const wire::Result<history::OpenedRoom>& opened) { epoch = opened->epoch; });
    return epoch;
  };
  for (int i = 1; i <= 1000; ++i) {
    const base::RoomName room("room" + std::to_string(i));
    CHECK(epoch_of(room.value()) == base::Epoch("E" + std::to_string(i)));
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(1);
    message->client = base::ClientId("client-ann1");
    message->n = 1;
    store.append({room, {message}, snapshots ? std::string(5000, 's') : std::string()},
                 [](const wire::Result<void>&) {});
    store.release(room);
    REQUIRE(store.bytes() > 1000);
    REQUIRE(store.bytes() <= retention.total_bytes);
  }
  CHECK(epoch_of("room1000") == base::Epoch("E1000"));
  CHECK(epoch_of("room1") == base::Epoch("E1001"));
}

/// A store whose rooms begin as the test says, that notes what it forgot.
struct BornStore {
  explicit BornStore(const history::Retention& retention)
      : store(retention, [this](const base::RoomName&) { return birth; }) {
    store.on_forget([this](const base::RoomName& room, base::Seq head) {
      forgotten.emplace_back(room.value(), head.value());
    });
  }
  void append(const std::string& room, std::uint64_t seq, base::WallMs at = 0) {
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(seq);
    message->at = at;
    message->body = std::string(800, '1');
    store.append({base::RoomName(room), {message}, {}}, [](const wire::Result<void>&) {});
  }
  history::OpenedRoom open(const std::string& room) {
    history::OpenedRoom opened;
    store.open(base::RoomName(room), [&opened](auto result) { opened = *result; });
    return opened;
  }

  history::Birth birth{base::Epoch("LOG"), base::Seq(100)};
  history::MemoryStore store;
  std::vector<std::pair<std::string, std::uint64_t>> forgotten;
};
using Forgotten = std::vector<std::pair<std::string, std::uint64_t>>;

TEST_CASE("memory store: a room begins as its birth says", "[store][memory][birth]") {
  BornStore s(history::Retention{});
  auto opened = s.open("ops");
  CHECK(opened.epoch == base::Epoch("LOG"));
  CHECK(opened.head == base::Seq(100));
  CHECK(opened.floor == base::Seq(100));
  s.append("ops", 150);

  s.birth = {base::Epoch("NEXT"), base::Seq(900)};
  opened = s.open("ops");  // it has been born
  CHECK(opened.epoch == base::Epoch("LOG"));
  CHECK(opened.head == base::Seq(150));
  CHECK(opened.floor == base::Seq(100));
  CHECK(s.open("dev").floor == base::Seq(900));
}

TEST_CASE("memory store: a room that never had a message is nothing to come back to",
          "[store][memory][birth]") {
  BornStore s(history::Retention{});
  s.open("ops");
  s.store.release(base::RoomName("ops"));
  s.birth = {base::Epoch("NEXT"), base::Seq(900)};
  CHECK(s.open("ops").epoch == base::Epoch("NEXT"));
  CHECK(s.forgotten.empty());
}

TEST_CASE("memory store: whole rooms can be forgotten, and begin anew", "[store][memory][birth]") {
  BornStore s(history::Retention{});
  s.append("ops", 150);
  s.append("dev", 160);
  s.open("ops");
  s.birth = {base::Epoch("NEXT"), base::Seq(0)};
  s.store.forget_rooms([](const base::RoomName& room) { return room.value() == "ops"; });

  const auto opened = s.open("ops");
  CHECK(opened.epoch == base::Epoch("NEXT"));
  CHECK(opened.head == base::Seq(0));
  CHECK(opened.after_snapshot.empty());
  CHECK(s.open("dev").head == base::Seq(160));
  CHECK(s.forgotten.empty());  // whoever asked for it knows
  s.store.forget_rooms([](const base::RoomName&) { return true; });
  CHECK(s.store.bytes() == 0);
}

TEST_CASE("memory store: tells which rooms its total bound made it forget, and where they stood",
          "[store][memory][forget]") {
  history::Retention retention{0, 0, 0, 0};
  retention.total_bytes = 10'000;
  BornStore s(retention);
  s.open("silent");
  s.store.release(base::RoomName("silent"));
  s.append("old", 150);
  s.append("old", 160);
  s.append("older", 120);
  for (std::uint64_t seq = 200; seq <= 230; ++seq) s.append("new", seq);
  CHECK(s.forgotten == Forgotten{{"old", 160}, {"older", 120}});
}

TEST_CASE("memory store: tells which rooms have gone with their last message, past their age",
          "[store][memory][forget]") {
  history::Retention retention{0, 0, 0, 0};
  retention.age_ms = 1000;
  BornStore s(retention);
  s.append("old", 150, 5000);
  s.append("open", 160, 5000);
  s.append("new", 170, 9000);
  s.open("open");
  s.store.expire(6000);
  CHECK(s.forgotten.empty());
  s.store.expire(6001);
  CHECK(s.forgotten == Forgotten{{"old", 150}});
  CHECK(s.open("open").head == base::Seq(160));
}

TEST_CASE("memory store: at its total bound an append costs the same however many rooms are open",
          "[store][memory]") {
  constexpr int kRooms = 20'000;
  history::Retention retention{0, 0, 0, 0};
  retention.total_bytes = 32U << 20;
  history::MemoryStore store(retention, [] { return base::Epoch("E"); });
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kRooms; ++i) {
    const base::RoomName room("room" + std::to_string(i));
    store.open(room, [](const wire::Result<history::OpenedRoom>&) {});
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(1);
    message->body = std::string(100'000, 'x');
    store.append({room, {message}, {}}, [](const wire::Result<void>&) {});
  }
  // A walk over the emptied rooms for each append takes minutes.
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(15));
  CHECK(store.bytes() <= retention.total_bytes);
}

}  // namespace

std::unique_ptr<StoreWorld> make_store_world(history::Retention retention) {
  return std::make_unique<MemoryWorld>(retention);
}

}  // namespace chat::tests
