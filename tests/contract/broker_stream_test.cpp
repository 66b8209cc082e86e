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

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<StreamWorld>(); }

}  // namespace chat::tests
