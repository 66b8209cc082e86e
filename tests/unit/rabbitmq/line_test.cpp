#include "chat/rabbitmq/line.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/log.hpp"
#include "support/fake_amqp.hpp"
#include "support/manual_executor.hpp"
#include "support/stderr_capture.hpp"

namespace chat::tests {
namespace {

using rabbitmq::AmqpChannel;
using rabbitmq::Delivery;
using rabbitmq::Endpoint;
using rabbitmq::Failure;
using rabbitmq::Line;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Failure::Kind;
using Strings = std::vector<std::string>;

/// Gives out channels that do nothing; the test says what happens to them.
class ScriptedConnector final : public rabbitmq::AmqpConnector {
 public:
  class Channel final : public AmqpChannel {
   public:
    explicit Channel(std::size_t& alive) : alive_(alive) { ++alive_; }
    ~Channel() override { --alive_; }
    void declare(const rabbitmq::QueueSpec&, DeclareDone) override {}
    void declare(const rabbitmq::ExchangeSpec&, Done) override {}
    void bind(const std::string&, const std::string&, const std::string&, Done) override {}
    void unbind(const std::string&, const std::string&, const std::string&, Done) override {}
    void remove_queue(const std::string&, Done) override {}
    void consume(const rabbitmq::ConsumeSpec&, Done) override {}
    void cancel(const std::string&, Done) override {}
    void publish(rabbitmq::Outgoing) override {}
    void ack(std::uint64_t, bool) override {}

   private:
    std::size_t& alive_;
  };

  std::unique_ptr<AmqpChannel> connect(const Endpoint& endpoint, base::Executor&,
                                       AmqpChannel::Listener& listener) override {
    hosts.push_back(endpoint.host);
    line = &listener;
    return std::make_unique<Channel>(alive);
  }

  Strings hosts;  ///< tried, in turn
  AmqpChannel::Listener* line = nullptr;
  std::size_t alive = 0;
};

class User final : public AmqpChannel::Listener {
 public:
  void on_open() override { events.emplace_back("open"); }
  void on_lost(const Failure& failure) override { events.push_back("lost " + failure.text); }
  void on_deliveries(std::vector<Delivery>&) override { events.emplace_back("deliveries"); }
  void on_confirmed(std::uint64_t, bool, bool) override { events.emplace_back("confirmed"); }
  void on_returned(const std::string&, const std::string&) override {
    events.emplace_back("returned");
  }
  void on_cancelled(const std::string&) override { events.emplace_back("cancelled"); }
  void on_blocked(bool, const std::string&) override { events.emplace_back("blocked"); }

  Strings events;
};

struct Fixture {
  explicit Fixture(const Strings& hosts = {"a"}, std::uint64_t seed = 1) {
    base::Log::configure(base::LogFormat::text, base::LogLevel::off);
    Line::Options options;
    for (const auto& host : hosts) {
      Endpoint endpoint;
      endpoint.host = host;
      endpoint.vhost = "chat";
      endpoint.user = "ann";
      endpoint.password = "s3cret";
      options.endpoints.push_back(endpoint);
    }
    options.purpose = "testing";
    options.random_seed = seed;
    line = std::make_unique<Line>(executor, connector, options, user);
    line->start();
  }

  void lose(Kind kind = Kind::refused, const std::string& text = "x") {
    connector.line->on_lost(Failure{kind, 0, text});
  }
  /// How long it waits before the next try.
  base::Duration wait() {
    const auto tries = connector.hosts.size();
    const auto begin = executor.now();
    executor.run_until_idle();
    while (connector.hosts.size() == tries) {
      if (executor.now() - begin > seconds(60)) FAIL("it does not try again");
      executor.advance(milliseconds(10));
    }
    return executor.now() - begin;
  }
  /// All events that only an open connection has.
  void tell_all() {
    std::vector<Delivery> deliveries(1);
    connector.line->on_deliveries(deliveries);
    connector.line->on_confirmed(1, false, true);
    connector.line->on_returned("", "q");
    connector.line->on_cancelled("c");
    connector.line->on_blocked(true, "memory");
  }

  ManualExecutor executor;
  ScriptedConnector connector;
  User user;
  std::unique_ptr<Line> line;
};

// ---- a connection

TEST_CASE("line: there is a channel from on_open to on_lost", "[rabbitmq][line]") {
  Fixture f;
  CHECK(f.line->channel() == nullptr);
  f.connector.line->on_open();
  CHECK(f.line->channel() != nullptr);
  f.tell_all();
  f.lose(Kind::closed, "reset");
  CHECK(f.line->channel() == nullptr);
  CHECK(f.line->losses() == 1);
  CHECK(f.user.events == Strings{"open", "deliveries", "confirmed", "returned", "cancelled",
                                 "blocked", "lost reset"});
}

TEST_CASE("line: its user hears nothing of tries that fail", "[rabbitmq][line]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) {
    f.lose();
    f.wait();
  }
  CHECK(f.user.events.empty());
  CHECK(f.line->losses() == 0);
}

TEST_CASE("line: a lost channel is destroyed after its call, and before the next try",
          "[rabbitmq][line]") {
  Fixture f;
  f.lose();
  CHECK(f.connector.alive == 1);
  f.executor.run_until_idle();
  CHECK(f.connector.alive <= 1);  // the wait may be over already
  f.wait();
  CHECK(f.connector.alive == 1);
}

TEST_CASE("line: with the line its channels go, lost ones too", "[rabbitmq][line]") {
  Fixture f;
  const bool lost = GENERATE(false, true);
  if (lost) f.lose();
  f.line.reset();
  CHECK(f.connector.alive == 0);
  f.executor.advance(seconds(60));
  CHECK(f.connector.hosts.size() == 1);
}

TEST_CASE("line: hosts are tried in turn", "[rabbitmq][line]") {
  Fixture f({"a", "b", "c"});
  for (int i = 0; i < 3; ++i) {
    f.lose();
    f.wait();
  }
  f.connector.line->on_open();
  f.lose(Kind::closed);
  f.wait();
  CHECK(f.connector.hosts == Strings{"a", "b", "c", "a", "b"});
}

// ---- waits

TEST_CASE("line: the first wait is at most 100 ms, later ones at most 5 s, and they differ",
          "[rabbitmq][line][backoff]") {
  base::Duration longest{};
  std::vector<base::Duration> seconds_waits;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Fixture f({"a"}, seed);
    f.lose();
    CHECK(f.wait() <= milliseconds(110));
    for (int i = 0; i < 12; ++i) {
      f.lose();
      longest = std::max(longest, f.wait());
    }
    f.lose();
    seconds_waits.push_back(f.wait());
  }
  CHECK(longest <= milliseconds(5010));
  CHECK(longest > seconds(3));
  std::sort(seconds_waits.begin(), seconds_waits.end());
  CHECK(seconds_waits.back() - seconds_waits.front() > seconds(1));
}

TEST_CASE("line: a good connection makes the waits begin anew, a short one does not",
          "[rabbitmq][line][backoff]") {
  const auto lasted = GENERATE(milliseconds(0), milliseconds(999), milliseconds(1000));
  base::Duration longest{};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Fixture f({"a"}, seed);
    for (int i = 0; i < 12; ++i) {
      f.lose();
      f.wait();
    }
    f.connector.line->on_open();
    f.executor.advance(lasted);
    f.lose(Kind::closed);
    longest = std::max(longest, f.wait());
  }
  const bool was_good = lasted == milliseconds(1000);
  CHECK((longest <= milliseconds(110)) == was_good);
}

TEST_CASE("line: where somebody has to do something first it is patient",
          "[rabbitmq][line][backoff]") {
  const auto kind = GENERATE(Kind::credentials, Kind::vhost, Kind::forbidden, Kind::differs);
  const bool opens = GENERATE(false, true);  // and is refused what it needs
  Fixture f;
  for (int i = 0; i < 5; ++i) {
    if (opens) f.connector.line->on_open();
    f.lose(kind);
    const auto wait = f.wait();
    CHECK(wait >= seconds(1));
    CHECK(wait <= milliseconds(5010));
  }
  for (int i = 0; i < 3; ++i) {
    if (opens) f.connector.line->on_open();
    f.lose(kind);
    const auto wait = f.wait();
    CHECK(wait >= seconds(15));
    CHECK(wait <= milliseconds(15'010));
  }
}

// ---- restart

TEST_CASE("line: restart gives the connection up and makes another", "[rabbitmq][line][restart]") {
  Fixture f({"a", "b"});
  f.connector.line->on_open();
  f.executor.advance(seconds(10));

  f.line->restart("no confirm");
  CHECK(f.user.events == Strings{"open", "lost no confirm"});
  CHECK(f.line->channel() == nullptr);
  CHECK(f.line->losses() == 1);

  // What the old channel still says is of no meaning.
  f.tell_all();
  f.connector.line->on_open();
  f.lose();
  CHECK(f.line->channel() == nullptr);
  CHECK(f.user.events.size() == 2);

  CHECK(f.wait() <= milliseconds(110));
  CHECK(f.connector.alive == 1);
  CHECK(f.connector.hosts == Strings{"a", "b"});
  f.connector.line->on_open();
  CHECK(f.line->channel() != nullptr);
}

TEST_CASE("line: restart while it connects begins with the next host, while it waits does nothing",
          "[rabbitmq][line][restart]") {
  Fixture f({"a", "b"});
  f.line->restart("tired");
  CHECK(f.user.events.empty());
  f.line->restart("tired");
  f.wait();
  f.executor.advance(seconds(10));
  CHECK(f.connector.hosts == Strings{"a", "b"});
}

// ---- the log

TEST_CASE("line: each trouble with a host is logged once, and its end", "[rabbitmq][line][log]") {
  Fixture f({"a", "b"});
  base::Log::configure(base::LogFormat::text, base::LogLevel::info);
  const StderrCapture captured;
  const auto lines_with = [&captured](const std::string& words) {
    const auto text = captured.text();
    int found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
      ++found;
    }
    return found;
  };

  for (int i = 0; i < 10; ++i) {
    f.lose(Kind::refused, "try " + std::to_string(i));
    f.wait();
  }
  CHECK(lines_with("RabbitMQ: cannot connect: try") == 2);
  CHECK(lines_with("host=a:5672") == 1);
  CHECK(lines_with("host=b:5672") == 1);
  f.lose(Kind::credentials);
  f.wait();
  CHECK(lines_with("wrong user or password") == 1);

  // What is lost at once is no news, as when its user finds the same wrong each time.
  for (int i = 0; i < 4; ++i) {
    f.connector.line->on_open();
    f.lose(Kind::credentials);
    f.wait();
  }
  CHECK(lines_with("connected again") == 0);
  CHECK(lines_with("wrong user or password") == 2);  // one for each host

  f.connector.line->on_open();
  f.executor.advance(seconds(1));
  CHECK(lines_with("connected again") == 1);
  f.lose(Kind::refused, "try");
  CHECK(lines_with("cannot connect") == 3);
  CHECK(lines_with("for=testing") == 6);
  CHECK(lines_with("s3cret") == 0);
  base::Log::configure(base::LogFormat::text, base::LogLevel::off);
}

TEST_CASE("line: a connection that comes at once is nothing to tell", "[rabbitmq][line][log]") {
  Fixture f;
  base::Log::configure(base::LogFormat::text, base::LogLevel::debug);
  const StderrCapture captured;
  f.connector.line->on_open();
  CHECK(captured.text().empty());
  base::Log::configure(base::LogFormat::text, base::LogLevel::off);
}

TEST_CASE("line: a failure is described", "[rabbitmq][line]") {
  CHECK(rabbitmq::describe({Kind::refused, 0, ""}) == "cannot connect");
  CHECK(rabbitmq::describe({Kind::vhost, 530, "not allowed"}) ==
        "no such vhost, or no access to it: not allowed");
}

// ---- over a server

TEST_CASE("line: comes back to a server that was killed, and to one that takes its password again",
          "[rabbitmq][line]") {
  ManualExecutor executor;
  FakeAmqp amqp(executor, 1);
  base::Log::configure(base::LogFormat::text, base::LogLevel::off);
  Endpoint endpoint;
  endpoint.host = "rabbit";
  endpoint.vhost = "/";
  endpoint.user = "guest";
  endpoint.password = "guest";
  User user;
  Line line(executor, amqp.connector(), {{endpoint}, "testing", 1}, user);
  line.start();
  executor.advance(seconds(1));
  REQUIRE(line.channel() != nullptr);

  SECTION("killed") { amqp.kill(); }
  SECTION("refused") {
    amqp.refuse_credentials(true);
    amqp.cut(amqp.connections().front().id);
  }
  executor.advance(seconds(30));
  CHECK(line.channel() == nullptr);
  CHECK(amqp.opened() == 1);
  amqp.start();
  amqp.refuse_credentials(false);
  executor.advance(seconds(16));
  CHECK(line.channel() != nullptr);
  CHECK(line.losses() == 1);
  CHECK(user.events.size() == 3);
  CHECK(amqp.connections().size() == 1);
}

}  // namespace
}  // namespace chat::tests
