#include "amqp_contract.hpp"
#include "amqp_exchange_contract.hpp"
#include "support/fake_amqp.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

class FakeWorld final : public AmqpWorld {
 public:
  FakeWorld() { amqp_.create_vhost("test"); }
  rabbitmq::AmqpConnector& connector() override { return amqp_.connector(); }
  base::Executor& executor() override { return executor_; }
  rabbitmq::Endpoint endpoint() override {
    rabbitmq::Endpoint endpoint;
    endpoint.host = "localhost";
    endpoint.vhost = "test";
    endpoint.user = "guest";
    endpoint.password = "guest";
    endpoint.confirms = true;
    return endpoint;
  }
  rabbitmq::Endpoint closed_port() override {
    amqp_.kill();
    return endpoint();
  }
  bool until(const std::function<bool()>& done) override {
    for (int tenths = 0; tenths < 600; ++tenths) {
      executor_.run_until_idle();
      if (done()) return true;
      executor_.advance(std::chrono::milliseconds(100));
    }
    return done();
  }

 private:
  ManualExecutor executor_;
  FakeAmqp amqp_{executor_, 1};
};

}  // namespace

std::unique_ptr<AmqpWorld> make_amqp_world() { return std::make_unique<FakeWorld>(); }

}  // namespace chat::tests
