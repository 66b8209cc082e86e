#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "sim/link.hpp"
#include "sim/world.hpp"
#include "sim/ws_bytes.hpp"
#include "support/manual_executor.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::Link;
using tests::World;
using tests::WorldPlan;
using Json = nlohmann::json;

namespace {

const base::RoomName kOps("ops");
const base::RoomName kDev("dev");

/// Hands all on to a broker that the test holds.
class Forward final : public broker::Broker {
 public:
  explicit Forward(broker::Broker& inner) : inner_(inner) {}
  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override {
    inner_.subscribe(room, sink, std::move(done));
  }
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override {
    inner_.unsubscribe(room, sink);
  }
  void publish(broker::Publish publish, PublishDone done) override {
    inner_.publish(std::move(publish), std::move(done));
  }
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override {
    inner_.read(room, epoch, range, std::move(done));
  }
  void rooms(RoomsDone done) override { inner_.rooms(std::move(done)); }

 private:
  broker::Broker& inner_;
};

/// Someone who says and reads frames as they are.
class Caller final : private Link::Listener {
 public:
  Caller(World& world, const base::RoomName& room, const std::string& subprotocol) : world_(world) {
    link_ = world.connect({});
    REQUIRE(link_);
    link_->connect(*this);
    link_->write(tests::upgrade_request("/ws/" + room.value() + "/", subprotocol));
    world.go_on(100ms);
    REQUIRE(open_);
  }
  ~Caller() override { link_->close(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void say(const Json& frame) {
    link_->write(tests::masked_frame(tests::WsOpcode::text, frame.dump(), 7));
    world_.go_on(100ms);
  }
  /// The last frame of a type that has come.
  Json last(const std::string& type) const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      if (frame->value("type", "") == type) return *frame;
    }
    return Json();
  }

  std::vector<Json> frames;
  int closed_with = 0;

 private:
  void on_bytes(std::string_view bytes) override {
    reader_.feed(bytes);
    if (!open_) open_ = reader_.take_status() == 101;
    if (!open_) return;
    while (const auto frame = reader_.take_frame()) {
      if (frame->opcode == tests::WsOpcode::text) frames.push_back(Json::parse(frame->payload));
      if (frame->opcode == tests::WsOpcode::close) closed_with = tests::close_code(frame->payload);
    }
  }
  void on_end() override {}

  World& world_;
  std::shared_ptr<Link> link_;
  tests::WsReader reader_;
  bool open_ = false;
};

/// A server over a broker whose rooms can be begun anew.
struct Server {
  Server() : world(plan(), 1, [](const std::string& finding) { FAIL(finding); }) { world.start(1); }
  WorldPlan plan() {
    WorldPlan plan;
    plan.wrap_broker = [this](broker::Broker&) { return std::make_unique<Forward>(rooms); };
    return plan;
  }
  void replace(const base::RoomName& which) {
    const auto is_it = [&which](const base::RoomName& room) { return room == which; };
    store.forget_rooms(is_it);
    rooms.begin_anew(is_it);
    rooms.announce(is_it);
    world.go_on(100ms);
  }

  int epochs = 0;
  tests::ManualExecutor executor;
  history::MemoryStore store{history::Retention(),
                             [this] { return base::Epoch("E" + std::to_string(++epochs)); }};
  broker::LocalBroker rooms{executor, store, {}};
  World world;
};

}  // namespace

TEST_CASE("sim: when a room's log is replaced its members are told, and come back to the new one",
          "[sim][restart]") {
  Server server;
  Caller ann(server.world, kOps, "chat.v1");
  Caller plain(server.world, kOps, "");
  Caller bob(server.world, kDev, "chat.v1");
  for (Caller* const caller : {&ann, &bob}) caller->say({{"type", "hello"}, {"name", "x"}});
  ann.say({{"type", "send"}, {"n", 1}, {"message", "old"}});
  REQUIRE(plain.frames.back() == Json({{"message", "old"}}));
  const Json cursor = {{"epoch", ann.last("welcome")["epoch"]}, {"seq", ann.last("ack")["seq"]}};
  REQUIRE(cursor["seq"] == 1);

  server.replace(kOps);

  CHECK(ann.last("error")["code"] == "log_replaced");
  CHECK(ann.closed_with == 4201);
  CHECK(plain.frames.back()["error"]["code"] == "log_replaced");
  CHECK(plain.closed_with == 4201);
  CHECK(bob.closed_with == 0);
  CHECK(bob.last("error").is_null());

  Caller again(server.world, kOps, "chat.v1");
  again.say({{"type", "hello"}, {"name", "x"}, {"since", cursor}});
  const auto welcome = again.last("welcome");
  CHECK(welcome["epoch"] != cursor["epoch"]);
  CHECK(welcome["head"] == 0);
  CHECK(welcome["recovered"] == false);
  CHECK(welcome["missing"]["epoch"] == cursor["epoch"]);
  again.say({{"type", "send"}, {"n", 1}, {"message", "new"}});
  CHECK(again.last("ack")["seq"] == 1);
  CHECK(again.last("message")["message"] == "new");
}

TEST_CASE("sim: who joins after a log was replaced, twice in a turn, joins the last one",
          "[sim][restart]") {
  Server server;
  Caller ann(server.world, kOps, "chat.v1");
  ann.say({{"type", "hello"}, {"name", "ann"}});
  ann.say({{"type", "send"}, {"n", 1}, {"message", "old"}});
  Caller bob(server.world, kOps, "chat.v1");

  const auto is_it = [](const base::RoomName& room) { return room == kOps; };
  server.store.forget_rooms(is_it);
  server.rooms.begin_anew(is_it);
  server.rooms.announce(is_it);
  server.rooms.begin_anew(is_it);
  server.rooms.announce(is_it);
  server.world.go_on(100ms);
  // Bob has said no hello yet, and may stay or be sent away; the room is the new one for him too.
  Caller carl(server.world, kOps, "chat.v1");
  carl.say({{"type", "hello"}, {"name", "carl"}});
  CHECK(carl.last("welcome")["head"] == 0);
  CHECK(carl.last("welcome")["epoch"] != ann.last("welcome")["epoch"]);
  CHECK(carl.closed_with == 0);
  CHECK(ann.closed_with == 4201);
}
