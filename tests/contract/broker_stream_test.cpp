#include "broker_contract.hpp"
#include "support/cluster.hpp"

namespace chat::tests {
namespace {

/// One node over a simulated RabbitMQ; CHAT_TEST_WORKERS workers share its rooms.
class StreamWorld final : public BrokerWorld {
 public:
  StreamWorld() {
    while (!node_.log().ready()) clock_.advance(std::chrono::milliseconds(10));
    clock_.advance(std::chrono::milliseconds(10));
  }
  broker::Broker& broker() override { return node_.view(0); }
  void run() override { clock_.advance(std::chrono::milliseconds(20)); }
  void wait(base::Duration time) { clock_.advance(time); }
  FakeAmqp::Connection reading() const {
    for (const auto& connection : amqp_.connections()) {
      if (connection.name == "a reading") return connection;
    }
    FAIL("there is no such connection");
    return {};
  }

 private:
  static ClusterNode::Options options() {
    ClusterNode::Options options;
    options.workers = CHAT_TEST_WORKERS;
    return options;
  }

  SimClock clock_{1};
  SimExecutor server_{clock_};
  FakeAmqp amqp_{server_, 1};
  ClusterNode node_{clock_, amqp_, "a", options(), 1};
};

}  // namespace

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
