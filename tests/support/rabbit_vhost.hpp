#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/api_url.hpp"
#include "chat/rabbitmq/broker_url.hpp"
#include "chat/rabbitmq/management_api.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {

/// A vhost of its own on the real server that CHAT_TEST_RABBITMQ_AMQP and CHAT_TEST_RABBITMQ_API
/// name, until destruction.
class RabbitVhost {
 public:
  RabbitVhost() : name_("test " + std::to_string(::getpid()) + "/" + std::to_string(++made())) {
    rabbitmq::VhostInfo vhost;
    vhost.name = name_;
    if (const auto put = api().put_vhost(vhost); !put) throw std::runtime_error(put.error().text);
  }
  ~RabbitVhost() { (void)api().remove_vhost(name_); }
  RabbitVhost(const RabbitVhost&) = delete;
  RabbitVhost& operator=(const RabbitVhost&) = delete;

  rabbitmq::Endpoint endpoint(const std::string& connection) const {
    const auto url = rabbitmq::parse_broker_url(variable("CHAT_TEST_RABBITMQ_AMQP")).value();
    rabbitmq::Endpoint endpoint;
    endpoint.host = url.hosts.front().name;
    endpoint.port = url.hosts.front().port;
    endpoint.vhost = name_;
    endpoint.user = url.user;
    endpoint.password = "guest";
    endpoint.name = connection;
    return endpoint;
  }

 private:
  static int& made() {
    static int count = 0;
    return count;
  }
  static std::string variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string(name) + " says where the server is");
    return value;
  }
  static rabbitmq::ManagementApi api() {
    http::HttpTarget target;
    target.url = rabbitmq::parse_api_url(variable("CHAT_TEST_RABBITMQ_API")).value();
    target.password = "guest";
    return rabbitmq::ManagementApi(std::move(target));
  }

  const std::string name_;
};

/// Turns a ManualExecutor as time really goes by, for what lives with a real server.
class RealTime {
 public:
  explicit RealTime(ManualExecutor& executor) : executor_(executor) {}

  /// Everything that is ready, and what comes until nothing has come for `quiet`.
  void run(std::chrono::milliseconds quiet) {
    executor_.run_until([] { return false; }, quiet);
    const auto now = Clock::now();
    executor_.advance(now - last_);
    last_ = now;
  }
  /// False when it is not `done` after half a minute.
  bool run_until(const std::function<bool()>& done) {
    const auto deadline = Clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (Clock::now() > deadline) return false;
      run(std::chrono::milliseconds(1));
    }
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  ManualExecutor& executor_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace chat::tests
