#include "broker_contract.hpp"
#include "support/cluster.hpp"

namespace chat::tests {
namespace {

/// One node over a simulated RabbitMQ; CHAT_TEST_WORKERS workers share its rooms.
class StreamWorld final : public BrokerWorld {
 public:
  explicit StreamWorld(std::size_t queue_messages = 65'536, std::size_t queue_bytes = 64U << 20)
      : node_(clock_, amqp_, "a", options(queue_messages, queue_bytes), 1) {
    while (!node_.log().ready()) clock_.advance(std::chrono::milliseconds(10));
    clock_.advance(std::chrono::milliseconds(10));
  }
  broker::Broker& broker() override { return node_.view(0); }
  void run() override { clock_.advance(std::chrono::milliseconds(20)); }
  FakeAmqp& amqp() { return amqp_; }
  void wait(base::Duration time) { clock_.advance(time); }
  FakeAmqp::Connection reading() const {
    for (const auto& connection : amqp_.connections()) {
      if (connection.name == "a reading") return connection;
    }
    FAIL("there is no such connection");
    return {};
  }

 private:
  static ClusterNode::Options options(std::size_t queue_messages, std::size_t queue_bytes) {
    ClusterNode::Options options;
    options.workers = CHAT_TEST_WORKERS;
    options.queue_messages = queue_messages;
    options.queue_bytes = queue_bytes;
    return options;
  }

  SimClock clock_{1};
  SimExecutor server_{clock_};
  FakeAmqp amqp_{server_, 1};
  ClusterNode node_;
};

}  // namespace

TEST_CASE("stream broker: who was refused as busy is told when messages are taken again",
          "[broker][stream][busy]") {
  StreamWorld world(8);
  Caller caller(world);
  const RoomName room = any_room();
  const RoomName quiet("quiet");
  RecordingSink ann;
  RecordingSink bob;
  caller.subscribe(room, ann);
  caller.subscribe(room, bob);
  caller.subscribe(quiet, ann);
  caller.publish(quiet, "0");

  world.amqp().block(true);
  world.run();
  std::vector<Answer<broker::Published>> waiting(8);
  std::vector<Answer<broker::Published>> refused(3);
  for (auto& answer : waiting) world.broker().publish(a_message(room, "1"), answer.done());
  for (auto& answer : refused) world.broker().publish(a_message(room, "2"), answer.done());
  world.wait(std::chrono::minutes(1));
  for (const auto& answer : waiting) CHECK_FALSE(answer.come());
  for (const auto& answer : refused) CHECK(answer.code() == wire::Code::busy);
  CHECK(ann.readies(room) == 0);

  world.amqp().block(false);
  run_until(world, [&] { return ann.readies(room) > 0; });
  caller.publish(room, "3");
  world.wait(std::chrono::seconds(1));
  for (const auto& answer : waiting) CHECK_FALSE(answer.value().repeat);
  CHECK(ann.bodies(room) == Strings{"1", "1", "1", "1", "1", "1", "1", "1", "3"});
  CHECK(ann.readies(room) == 1);
  CHECK(bob.readies(room) == 1);
  CHECK(ann.readies(quiet) == 0);
}

TEST_CASE("stream broker: what was sent behind a refused message does not overtake it",
          "[broker][stream][busy]") {
  StreamWorld world(65'536, 1000);
  Caller caller(world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);
  world.amqp().block(true);
  world.run();

  std::vector<Answer<broker::Published>> answers(5);
  const auto text = [](std::size_t size) { return '"' + std::string(size, 'x') + '"'; };
  const std::size_t bytes[] = {500, 2000, 10, 10};  // the second does not fit, the others would
  for (std::uint64_t n = 1; n <= 4; ++n) {
    auto message = a_message(room, "a", n, text(bytes[n - 1]));
    world.broker().publish(std::move(message), answers[n - 1].done());
  }
  world.broker().publish(a_message(room, "b", 1, "2"), answers[4].done());
  world.wait(std::chrono::seconds(1));
  CHECK_FALSE(answers[0].come());
  for (const std::size_t behind : {1U, 2U, 3U}) {
    CHECK(answers[behind].code() == wire::Code::busy);
  }
  CHECK_FALSE(answers[4].come());  // another's is taken

  // Who knows may go on.
  Answer<broker::Published> known;
  world.broker().publish(a_message(room, "a", 3, "3"), known.done());
  world.amqp().block(false);
  run_until(world, [&] { return known.come(); });
  CHECK_FALSE(known.value().repeat);
  CHECK(sink.bodies(room) == Strings{text(500), "2", "3"});
}

TEST_CASE("stream broker: kept records are acknowledged together, and within seconds",
          "[broker][stream]") {
  StreamWorld world;
  Caller caller(world);
  world.wait(std::chrono::seconds(2));
  REQUIRE(world.reading().unacked == 0);
  const auto before = world.reading().acks;
  for (int i = 0; i < 64; ++i) caller.publish(base::RoomName("ops"), std::to_string(i));
  CHECK(world.reading().unacked < 20);
  // One for 16 records, and one for each second that has passed.
  CHECK(world.reading().acks - before <= 4 + 64 * 20 / 1000 + 2);
  world.wait(std::chrono::seconds(2));
  CHECK(world.reading().unacked == 0);
}

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<StreamWorld>(); }

}  // namespace chat::tests
