// A node's broker over a real RabbitMQ: what `--broker amqp://…` promises is what `local` does.

#include "broker_contract.hpp"
#include "chat/base/log.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"
#include "chat/rabbitmq/stream_broker.hpp"
#include "chat/rabbitmq/stream_log.hpp"
#include "support/rabbit_vhost.hpp"

namespace chat::tests {
namespace {

constexpr auto kQuiet = std::chrono::milliseconds(2);

class RabbitWorld final : public BrokerWorld {
 public:
  RabbitWorld() {
    base::Log::configure(base::LogFormat::text, base::LogLevel::off);
    log_.set_lane_of([](const RoomName&) { return std::size_t{0}; });
    log_.start();
    REQUIRE(time_.run_until([this] { return log_.ready(); }));
    run();
  }
  broker::Broker& broker() override { return stream_; }
  void run() override { time_.run(kQuiet); }

 private:
  static rabbitmq::StreamLog::Options options(const RabbitVhost& vhost) {
    rabbitmq::StreamLog::Options options;
    options.endpoints = {vhost.endpoint("contract")};
    options.node = "a";
    options.random_seed = 1;
    options.partitions = 2;
    options.make_epoch = [count = 0]() mutable {
      return base::Epoch("E" + std::to_string(++count));
    };
    return options;
  }

  RabbitVhost vhost_;
  ManualExecutor executor_;
  RealTime time_{executor_};
  rabbitmq::RabbitmqcConnector connector_;
  rabbitmq::LogStates states_;
  history::MemoryStore store_{history::Retention(),
                              [this](const RoomName& room) { return states_.birth(room); }};
  broker::LocalBroker rooms_{executor_, store_, broker::LocalBroker::Options()};
  rabbitmq::StreamLog log_{executor_, connector_, options(vhost_)};
  rabbitmq::StreamBroker stream_{executor_, log_, rooms_, store_, states_};
};

}  // namespace

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<RabbitWorld>(); }

}  // namespace chat::tests
