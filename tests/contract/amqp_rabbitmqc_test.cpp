// RabbitmqcConnector against a real server: CHAT_TEST_RABBITMQ_AMQP and CHAT_TEST_RABBITMQ_API say
// where it is (amqp://guest@127.0.0.1:5672 and http://guest@127.0.0.1:15672).

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "amqp_contract.hpp"
#include "amqp_exchange_contract.hpp"
#include "chat/base/text.hpp"
#include "chat/rabbitmq/broker_url.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kBound = seconds(60);

std::string required_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " says where the server is");
  return value;
}

// ---- sockets

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
const sockaddr* any(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the sockets API
}
int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (::connect(fd, any(address), sizeof address) == 0) return fd;
  ::close(fd);
  throw std::runtime_error("nothing listens at port " + std::to_string(port));
}
/// A listening socket, and its port.
std::pair<int, std::uint16_t> listen_somewhere() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (::bind(fd, any(address), length) != 0 || ::listen(fd, 8) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {  // NOLINT
    throw std::runtime_error("cannot listen");
  }
  return {fd, ntohs(address.sin_port)};
}
bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// ---- the management API

struct Answer {
  int status = 0;
  std::string body;
};

Answer ask_api(const std::string& method, const std::string& path) {
  auto text = required_variable("CHAT_TEST_RABBITMQ_API");
  const auto url = rabbitmq::parse_broker_url("amqp" + text.substr(std::string("http").size()));
  const int fd = connect_to(url.value().hosts.front().port);
  write_all(fd, method + " " + path +
                    " HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
                    "Content-Length: 0\r\n\r\n");
  std::string answer;
  std::array<char, 65'536> buffer{};
  for (auto count = ::recv(fd, buffer.data(), buffer.size(), 0); count > 0;
       count = ::recv(fd, buffer.data(), buffer.size(), 0)) {
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  const auto head = answer.find("\r\n\r\n");
  if (answer.size() < 12 || head == std::string::npos) throw std::runtime_error("no answer");
  return {std::stoi(answer.substr(9, 3)), answer.substr(head + 4)};
}

// ---- a link that can go dark

/// Between a channel and the server. Stalled, it keeps its sockets open and moves nothing.
class Proxy {
 public:
  explicit Proxy(std::uint16_t server_port)
      : listener_(listen_somewhere()), thread_([this, server_port] { run(server_port); }) {}
  ~Proxy() {
    stopping_ = true;
    thread_.join();
    ::close(listener_.first);
    for (const int fd : fds_) ::close(fd);
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return listener_.second; }
  void stall() { stalled_ = true; }

 private:
  static constexpr int kTickMs = 5;

  /// The client's and the server's sockets stand side by side in `fds_`.
  void run(std::uint16_t server_port) {
    while (!stopping_) {
      std::vector<pollfd> polled{{listener_.first, POLLIN, 0}};
      for (const int fd : fds_) polled.push_back({fd, POLLIN, 0});
      if (stalled_) polled.clear();
      if (::poll(polled.data(), polled.size(), kTickMs) <= 0 || stalled_) continue;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) forward(i - 1);
      }
      if (polled[0].revents == 0) continue;
      fds_.push_back(::accept4(listener_.first, nullptr, nullptr, SOCK_CLOEXEC));
      fds_.push_back(connect_to(server_port));
    }
  }
  void forward(std::size_t from) {
    std::array<char, 65'536> buffer{};
    const auto count = ::recv(fds_[from], buffer.data(), buffer.size(), MSG_DONTWAIT);
    const int to = fds_[from ^ 1U];
    if (count <= 0) {
      ::shutdown(to, SHUT_RDWR);
      ::shutdown(fds_[from], SHUT_RDWR);
      return;
    }
    write_all(to, {buffer.data(), static_cast<std::size_t>(count)});
  }

  std::atomic<bool> stalled_{false};
  std::atomic<bool> stopping_{false};
  std::pair<int, std::uint16_t> listener_;
  std::vector<int> fds_;  // of the thread
  std::thread thread_;
};

// ---- the world

std::string new_vhost() {
  static int last = 0;
  const auto vhost = "contract " + std::to_string(::getpid()) + "/" + std::to_string(++last);
  const auto answer = ask_api("PUT", "/api/vhosts/" + base::percent_encode(vhost));
  if (answer.status != 201) throw std::runtime_error("vhost: " + answer.body);
  return vhost;
}

class RabbitWorld final : public AmqpWorld {
 public:
  RabbitWorld() : vhost_(new_vhost()) {}
  ~RabbitWorld() override { ask_api("DELETE", api_path()); }

  rabbitmq::AmqpConnector& connector() override { return connector_; }
  ManualExecutor& executor() override { return executor_; }
  rabbitmq::Endpoint endpoint() override {
    const auto url =
        rabbitmq::parse_broker_url(required_variable("CHAT_TEST_RABBITMQ_AMQP")).value();
    rabbitmq::Endpoint endpoint;
    endpoint.host = url.hosts.front().name;
    endpoint.port = url.hosts.front().port;
    endpoint.vhost = vhost_;
    endpoint.user = url.user;
    endpoint.password = "guest";
    endpoint.name = "contract";
    endpoint.confirms = true;
    return endpoint;
  }
  rabbitmq::Endpoint closed_port() override {
    const auto [fd, port] = listen_somewhere();
    ::close(fd);
    auto closed = endpoint();
    closed.port = port;
    return closed;
  }
  bool until(const std::function<bool()>& done) override {
    return executor_.run_until(done, kBound);
  }
  std::string api_path() const { return "/api/vhosts/" + base::percent_encode(vhost_); }

 private:
  std::string vhost_;
  ManualExecutor executor_;
  rabbitmq::RabbitmqcConnector connector_;
};

/// A test with a channel over a proxy.
struct ProxiedTest : AmqpTest {
  ProxiedTest() : AmqpTest(false), proxy(world->endpoint().port) {}
  void open_through_proxy() {
    auto endpoint = world->endpoint();
    endpoint.host = "127.0.0.1";
    endpoint.port = proxy.port();
    connect(probe, endpoint);
    REQUIRE(world->until([&] { return probe.open || probe.lost; }));
    REQUIRE(probe.open);
  }
  /// How long the loss takes.
  Clock::duration time_to_loss() {
    const auto begin = Clock::now();
    REQUIRE(world->until([&] { return probe.lost.has_value(); }));
    return Clock::now() - begin;
  }

  Proxy proxy;
};

TEST_CASE("rabbitmqc: a link that goes dark is noticed within its bound", "[amqp][real]") {
  ProxiedTest test;
  test.open_through_proxy();
  REQUIRE(test.declare(a_stream("log")));
  test.publish_singly("log", 1, 1);
  auto bound = seconds(10);
  SECTION("while nothing is asked") { test.proxy.stall(); }
  SECTION("in a call") {
    test.proxy.stall();
    test.probe.channel().declare(a_stream("log"), nullptr);
    bound = seconds(5);
  }
  SECTION("while much is published") {
    test.proxy.stall();
    for (int i = 0; i < 20'000; ++i) test.probe.publish("log", std::string(1000, 'x'));
  }
  SECTION("in the middle of a large body") {
    test.proxy.stall();
    test.probe.publish("log", std::string(40U << 20, 'x'));
  }
  const auto took = test.time_to_loss();
  CHECK(test.probe.lost->kind == Kind::timed_out);
  CHECK(took < bound + seconds(4));
  CHECK(took > bound - seconds(6));
  CHECK(test.probe.confirmed.size() == 1);
}

TEST_CASE("rabbitmqc: a server that does not answer the login is given up", "[amqp][real]") {
  ProxiedTest test;
  test.proxy.stall();
  auto endpoint = test.world->endpoint();
  endpoint.host = "127.0.0.1";
  endpoint.port = test.proxy.port();
  SECTION("after three seconds") {
    const auto begin = Clock::now();
    CHECK(test.loss_of(endpoint).kind == Kind::timed_out);
    CHECK(Clock::now() - begin < seconds(8));
  }
  SECTION("at once when the channel goes, and neither end of it waits") {
    test.connect(test.probe, endpoint);
    const auto begin = Clock::now();
    test.probe.drop();
    CHECK(Clock::now() - begin < seconds(1));
    test.world.reset();
    CHECK(Clock::now() - begin < seconds(8));
  }
}

TEST_CASE("rabbitmqc: a channel that goes while its socket is full waits for nothing",
          "[amqp][real]") {
  ProxiedTest test;
  test.open_through_proxy();
  REQUIRE(test.declare(a_stream("log")));
  test.proxy.stall();
  for (int i = 0; i < 20'000; ++i) test.probe.publish("log", std::string(1000, 'x'));
  const auto begin = Clock::now();
  test.probe.drop();
  CHECK(Clock::now() - begin < seconds(1));
}

TEST_CASE("rabbitmqc: what was published before the channel is destroyed is sent", "[amqp][real]") {
  AmqpTest test;
  REQUIRE(test.declare(a_queue("farewell")));
  REQUIRE(test.consume(taking("farewell")));
  AmqpProbe other;
  test.open(other);
  other.publish("farewell", "good bye");
  other.drop();
  REQUIRE(test.delivered(test.probe, 1));
}

TEST_CASE("rabbitmqc: a connection that an operator closes says why", "[amqp][real]") {
  AmqpTest test;
  auto& world = dynamic_cast<RabbitWorld&>(*test.world);
  std::string name;
  const auto end = Clock::now() + kBound;
  while (name.empty() && Clock::now() < end) {  // the API knows of it some seconds later
    for (const auto& one :
         nlohmann::json::parse(ask_api("GET", world.api_path() + "/connections").body)) {
      CHECK(one.value("user_provided_name", "contract") == "contract");
      name = one.value("name", "");
    }
  }
  REQUIRE_FALSE(name.empty());
  CHECK(ask_api("DELETE", "/api/connections/" + base::percent_encode(name)).status == 204);
  REQUIRE(test.world->until([&] { return test.probe.lost.has_value(); }));
  CHECK(test.probe.lost->kind == Kind::closed);
  CHECK(test.probe.lost->code == 320);
}

TEST_CASE("rabbitmqc: a vhost that is deleted cancels its readers and closes the connection",
          "[amqp][real]") {
  AmqpTest test;
  REQUIRE(test.declare(a_stream("log")));
  REQUIRE(test.consume(reading("log", 0)));
  ask_api("DELETE", dynamic_cast<RabbitWorld&>(*test.world).api_path());
  REQUIRE(test.world->until([&] { return test.probe.lost.has_value(); }));
  CHECK(test.probe.cancelled == Bodies{"tag-log"});
  CHECK(test.probe.lost->code == 320);
}

TEST_CASE("rabbitmqc: memory stays flat over a hundred thousand deliveries", "[amqp][real]") {
  constexpr std::size_t kMessages = 100'000;
  constexpr std::size_t kWarmUp = 10'000;
  constexpr std::size_t kMostGrowth = 24U << 20;  // what is posted and not handled, and arenas
  AmqpTest test;
  REQUIRE(test.declare(a_stream("log")));
  for (std::size_t sent = 0; sent < kMessages; sent += kWarmUp) {
    for (std::size_t i = 0; i < kWarmUp; ++i) test.probe.publish("log", std::string(1024, 'x'));
    test.confirm_all();
  }
  AmqpProbe reader;
  test.open(reader);
  reader.acks = true;
  reader.keeps = false;
  REQUIRE(test.consume(reader, reading("log", 0, 500)));
  REQUIRE(test.delivered(reader, kWarmUp));
  const auto in_use = [] {
    const auto all = ::mallinfo2();
    return all.uordblks + all.hblkhd;
  };
  const auto before = in_use();
  REQUIRE(test.delivered(reader, kMessages));
  CHECK(in_use() < before + kMostGrowth);
  CHECK(reader.bytes == kMessages * 1024);
}

}  // namespace

std::unique_ptr<AmqpWorld> make_amqp_world() { return std::make_unique<RabbitWorld>(); }

}  // namespace chat::tests
