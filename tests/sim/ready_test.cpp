#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

#include "sim/invariants.hpp"
#include "sim/sim_client.hpp"
#include "sim/world.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::Findings;
using tests::World;
using tests::WorldPlan;
using Strings = std::vector<std::string>;

namespace {

/// A broker that takes no messages for a while.
class BusyBroker final : public broker::Broker {
 public:
  explicit BusyBroker(broker::Broker& inner) : inner_(inner) {}

  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override {
    sinks_[room].insert(&sink);
    inner_.subscribe(room, sink, std::move(done));
  }
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override {
    sinks_[room].erase(&sink);
    inner_.unsubscribe(room, sink);
  }
  void publish(broker::Publish publish, PublishDone done) override {
    if (busy) return done(wire::fail(wire::Code::busy));
    inner_.publish(std::move(publish), std::move(done));
  }
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override {
    inner_.read(room, epoch, range, std::move(done));
  }
  void rooms(RoomsDone done) override { inner_.rooms(std::move(done)); }

  void tell_ready(const base::RoomName& room) {
    busy = false;
    for (broker::Sink* sink : sinks_[room]) sink->on_ready(room);
  }
  bool busy = false;

 private:
  broker::Broker& inner_;
  std::map<base::RoomName, std::set<broker::Sink*>> sinks_;
};

/// A member that sends when it is told to and keeps what it hears.
class Listener final : public tests::SimClient {
 public:
  Listener(World& world, Findings& findings, const char* subprotocol, const std::string& room,
           std::uint64_t seed)
      : SimClient(world, findings, "client" + std::to_string(seed), base::RoomName(room), seed),
        subprotocol_(subprotocol) {
    come();
  }

  void send(std::uint64_t n) {
    send_text(R"({"type":"send","message":"hi","n":)" + std::to_string(n) + "}");
  }
  /// The frames that are about sending.
  Strings told() const { return told_; }

 private:
  void say(std::size_t) override {}
  bool is_settled() const override { return is_open(); }
  std::size_t messages() const noexcept override { return 0; }
  void on_open() override {
    if (*subprotocol_ != '\0') send_text(R"({"type":"hello"})");
  }
  void on_text(const std::string& text) override {
    for (const char* kind : {"ready", "ack", "busy"}) {
      if (text.find('"' + std::string(kind) + '"') != std::string::npos) told_.emplace_back(kind);
    }
  }
  void on_lost() override {}
  const char* subprotocol() const noexcept override { return subprotocol_; }

  const char* subprotocol_;
  Strings told_;
};

}  // namespace

TEST_CASE("sim: who was refused as busy is told once that the room takes messages again",
          "[sim][busy]") {
  BusyBroker* broker = nullptr;
  WorldPlan plan;
  plan.wrap_broker = [&broker](broker::Broker& inner) {
    auto busy = std::make_unique<BusyBroker>(inner);
    broker = busy.get();
    return busy;
  };
  Findings findings;
  World world(plan, 1, [&findings](const std::string& finding) { findings.add(finding); });
  world.start(1);
  Listener refused(world, findings, "chat.v1", "ops", 1);
  Listener silent(world, findings, "chat.v1", "ops", 2);
  Listener elsewhere(world, findings, "chat.v1", "dev", 3);
  Listener plain(world, findings, "", "ops", 4);
  world.go_on(1s);

  broker->busy = true;
  for (auto* one : {&refused, &elsewhere, &plain}) one->send(1);
  refused.send(2);
  world.go_on(1s);
  broker->tell_ready(base::RoomName("ops"));
  world.go_on(1s);
  refused.send(1);
  world.go_on(1s);
  broker->tell_ready(base::RoomName("ops"));
  world.go_on(1s);

  CHECK(refused.told() == Strings{"busy", "busy", "ready", "ack"});
  CHECK(silent.told().empty());
  CHECK(elsewhere.told() == Strings{"busy"});
  CHECK(plain.told() == Strings{"busy"});
  if (!findings.empty()) FAIL(findings.first());
}
