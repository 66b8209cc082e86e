#include "chat/client/client.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "chat/wire/codec.hpp"
#include "support/manual_executor.hpp"
#include "support/ws_peer.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::FakeStream;
using tests::ManualExecutor;
using tests::WsPeer;
using Words = std::vector<std::string>;

namespace {

/// A client whose dials the test answers.
class Bench final : private client::Client::Listener {
 public:
  explicit Bench(const Words& urls = {"ws://h:1"}) {
    client::Client::Options options;
    for (const auto& url : urls) options.servers.push_back(client::parse_server_url(url).value());
    options.room = base::RoomName("ops");
    options.random = [this] { return ++random_; };
    client::Client::Listener& listener = *this;
    client = std::make_unique<client::Client>(
        executor,
        [this](const client::ServerUrl& server, transport::Dial::Done done) {
          dialled.push_back(server.text());
          answer = std::move(done);
          auto alive = std::make_shared<bool>(true);
          is_dialling = alive;
          return alive;
        },
        std::move(options), listener);
  }

  void join() {
    client->start();
    accept();
    executor.run_until_idle();
    CHECK(peer->heard().size() == 1);
    welcome();
  }
  void accept() {
    connect();
    peer->accept();
  }
  void connect() {
    wire = std::make_unique<FakeStream>(executor);
    peer = std::make_unique<WsPeer>(*wire);
    answer(wire->stream());
  }
  void welcome() {
    wire::Welcome made;
    made.room = base::RoomName("ops");
    made.name = "ann";
    made.epoch = base::Epoch("e");
    made.count = 1;
    made.recovered = client->core().backlog().cursor() ? std::optional<bool>(true) : std::nullopt;
    peer->say(wire::encode_welcome(made));
  }

  ManualExecutor executor;
  std::unique_ptr<FakeStream> wire;
  std::unique_ptr<WsPeer> peer;
  Words dialled;
  transport::Dial::Done answer;
  std::weak_ptr<bool> is_dialling;
  Words told;
  std::function<void()> at_next;  // inside the next call
  std::unique_ptr<client::Client> client;

 private:
  void on_told(const client::Action& action) override {
    if (const auto* lost = std::get_if<client::Lost>(&action)) told.push_back("lost: " + lost->why);
    if (const auto* ended = std::get_if<client::Ended>(&action)) {
      told.push_back("ended: " + ended->why);
    }
    if (const auto* acked = std::get_if<client::Acked>(&action)) {
      told.push_back("acked " + std::to_string(acked->n));
    }
    if (std::holds_alternative<client::Joined>(action)) told.emplace_back("joined");
    if (auto task = std::exchange(at_next, nullptr)) task();
  }

  std::uint64_t random_ = 0;
};

}  // namespace

TEST_CASE("client: asks for its room's socket, joins, sends in the turn's end", "[client]") {
  Bench bench({"ws://h:1/chat"});
  bench.client->start();
  CHECK(bench.dialled == Words{"ws://h:1/chat"});
  bench.connect();
  CHECK_THAT(bench.peer->request(),
             Catch::StartsWith("GET /chat/ws/ops/ HTTP/1.1\r\nHost: h:1\r\n"));
  bench.peer->accept();
  bench.executor.run_until_idle();
  const auto hello = bench.peer->heard();
  REQUIRE(hello.size() == 1);
  CHECK_THAT(hello.front(), Catch::StartsWith(R"(text:{"type":"hello","client":")"));
  bench.welcome();
  CHECK(bench.told == Words{"joined"});
  CHECK(bench.client->send("1") == 1);
  CHECK(bench.client->send("2") == 2);
  CHECK(bench.peer->heard().empty());
  bench.executor.run_until_idle();
  CHECK(bench.peer->heard() ==
        Words{"text:" + wire::encode_send(1, "1"), "text:" + wire::encode_send(2, "2")});
}

TEST_CASE("client: what is asked inside a call of its listener is done after it", "[client]") {
  Bench bench;
  bench.at_next = [&] { bench.client->send("1"); };
  bench.join();
  bench.executor.run_until_idle();
  CHECK(bench.peer->heard().size() == 1);
  SECTION("leaving") {
    bench.at_next = [&] { bench.client->leave(); };
    bench.peer->say(wire::encode_ack({1, base::Seq(1), false}));
    CHECK(bench.told == Words{"joined", "acked 1"});
    CHECK(bench.peer->heard() == Words{"close:1000"});
    bench.executor.run_until_idle();
    CHECK(bench.wire->gone());
    bench.executor.advance(1h);
    CHECK(bench.dialled.size() == 1);
  }
}

TEST_CASE("client: a lost connection is dialled again when it is time", "[client]") {
  Bench bench;
  bench.join();
  bench.wire->end(false);
  CHECK(bench.told == Words{"joined", "lost: the connection was lost"});
  bench.executor.advance(1s);
  CHECK(bench.dialled.size() == 2);
  bench.accept();
  bench.executor.run_until_idle();
  CHECK_THAT(bench.peer->heard().front(), Catch::Contains(R"("since":{"epoch":"e","seq":0})"));
  bench.welcome();
  CHECK(bench.told.back() == "joined");
}

TEST_CASE("client: a silent connection is pinged, then let go", "[client]") {
  Bench bench;
  bench.join();
  bench.executor.advance(45s);
  CHECK(bench.peer->heard() == Words{"ping:"});
  SECTION("a pong") {
    bench.wire->send(tests::server_frame(10, ""));
    bench.executor.advance(44s);
    CHECK(bench.told == Words{"joined"});
  }
  SECTION("none") {
    bench.executor.advance(16s);
    CHECK(bench.told == Words{"joined", "lost: the server does not answer"});
    CHECK(bench.wire->gone());
    CHECK(bench.dialled.size() == 2);
  }
}

TEST_CASE("client: the late answer of a dial that was given up is passed over", "[client]") {
  Bench bench({"ws://a", "ws://b"});
  bench.client->start();
  const auto late = bench.answer;
  bench.executor.advance(16s);
  CHECK(bench.dialled == Words{"ws://a", "ws://b"});
  FakeStream other(bench.executor);
  late(other.stream());
  CHECK(other.receive().empty());
  CHECK(other.gone());
  bench.accept();
  bench.executor.run_until_idle();
  bench.welcome();
  CHECK(bench.told.back() == "joined");
}

TEST_CASE("client: a dial may be answered after the client is gone", "[client]") {
  Bench bench;
  bench.client->start();
  const bool leaves = GENERATE(false, true);
  if (leaves) bench.client->leave();
  bench.client.reset();
  FakeStream wire(bench.executor);
  bench.answer(wire.stream());
  CHECK(wire.gone());
  bench.executor.run_until_idle();
  CHECK(bench.is_dialling.expired());
}

TEST_CASE("client: it may go while a turn's end is still to come", "[client]") {
  Bench bench;
  bench.join();
  bench.client->send("1");
  bench.client.reset();
  CHECK(bench.wire->gone());
  bench.executor.advance(1h);
}

TEST_CASE("client: a connection that breaks at once is a lost one", "[client]") {
  Bench bench({"ws://a", "ws://b"});
  bench.client->start();
  FakeStream broken(bench.executor);
  broken.break_writes();
  bench.answer(broken.stream());
  CHECK(bench.told == Words{"lost: the connection was lost"});
  bench.executor.run_until_idle();
  CHECK(bench.dialled == Words{"ws://a", "ws://b"});
  CHECK(broken.gone());
}

TEST_CASE("client: TLS is guessed at only where there is none", "[client]") {
  const auto [url, hint] =
      GENERATE(table<std::string, bool>({{"ws://a", true}, {"wss://a", false}}));
  Bench bench({url});
  bench.client->start();
  bench.connect();
  bench.wire->end();
  REQUIRE(bench.told.size() == 1);
  CHECK((bench.told.front().find("wss://") != std::string::npos) == hint);
}
