#include "chat/client/client_core.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "chat/wire/codec.hpp"

using namespace chat;
using namespace std::chrono_literals;
using client::ClientCore;
using client::Loss;
using client::ReadFrom;
using Words = std::vector<std::string>;

namespace {

constexpr auto kBurst = 5;  // frames a second that the server of these tests takes

/// A word or two for what a core wants done or tells; frames as they are.
struct Describe {
  std::string operator()(const client::Connect& one) const {
    return "connect " + std::to_string(one.server);
  }
  std::string operator()(const client::Transmit& one) const { return one.frame; }
  std::string operator()(const client::Probe&) const { return "probe"; }
  std::string operator()(const client::Disconnect&) const { return "disconnect"; }
  std::string operator()(const client::Abandon&) const { return "abandon"; }
  std::string operator()(const client::Joined& one) const {
    return "joined as " + one.welcome.name;
  }
  std::string operator()(const client::Received& one) const {
    return "received " + std::to_string(one.message->seq.value());
  }
  std::string operator()(const client::CaughtUp&) const { return "caught up"; }
  std::string operator()(const client::Gap&) const { return "gap"; }
  std::string operator()(const client::Acked& one) const {
    return "acked " + std::to_string(one.n) + " at " + std::to_string(one.seq.value());
  }
  std::string operator()(const client::Failed& one) const {
    return "failed " + std::to_string(one.n) + " " + one.error.code +
           (one.may_be_there ? ", may be there" : "");
  }
  std::string operator()(const client::Told& one) const {
    const auto* error = std::get_if<wire::ErrorFrame>(&one.frame);
    return error != nullptr ? "told " + error->code : "told " + std::to_string(one.frame.index());
  }
  std::string operator()(const client::Lost& one) const { return "lost: " + one.why; }
  std::string operator()(const client::Ended& one) const {
    return "ended with " + std::to_string(one.exit) + ": " + one.why;
  }
};

/// A core, its clock, and what it said.
class Desk {
 public:
  explicit Desk(ClientCore::Options options) : core(std::move(options)) {}

  using Step = std::function<void(client::Actions&)>;
  Words heard(const Step& step) {
    client::Actions actions;
    step(actions);
    Words words;
    for (const auto& action : actions) words.push_back(std::visit(Describe(), action));
    return words;
  }

  Words start() {
    return heard([this](auto& actions) { core.start(now, actions); });
  }
  Words open() {
    return heard([this](auto& actions) { core.on_open(now, actions); });
  }
  Words hear(const std::string& text) {
    return heard([&](auto& actions) { core.on_text(text, now, actions); });
  }
  Words lose(const Loss& loss) {
    return heard([&](auto& actions) { core.on_lost(loss, now, actions); });
  }
  Words cut() {
    Loss loss;
    loss.why = "cut";
    return lose(loss);
  }
  Words closed(std::uint16_t code, const std::string& why = "closed") {
    Loss loss;
    loss.close = code;
    loss.why = why;
    return lose(loss);
  }
  Words send(const std::string& body = "0") {
    return heard([&](auto& actions) { core.send(body, now, actions); });
  }
  /// Lets time pass to the deadline. What is due then must be done by one call.
  Words wake() {
    const auto due = core.deadline();
    REQUIRE(due != base::TimePoint::max());
    now = std::max(now, due);
    const auto words = heard([this](auto& actions) { core.on_time(now, actions); });
    const bool is_to_connect = !words.empty() && words.back().rfind("lost", 0) == 0;
    CAPTURE(words);
    if (!is_to_connect) REQUIRE(core.deadline() > now);
    return words;
  }
  base::Duration until_deadline() const { return core.deadline() - now; }
  Words pass(base::Duration time) {
    now += time;
    return heard([this](auto& actions) { core.on_time(now, actions); });
  }

  ClientCore core;
  base::TimePoint now{1h};
};

ClientCore::Options plain_options() {
  ClientCore::Options options;
  options.secret = "0123456789abcdef";
  options.name = "ann";
  options.random = [] { return std::uint64_t{0}; };
  return options;
}
ClientCore::Options with_servers(std::size_t servers) {
  auto options = plain_options();
  options.servers = servers;
  return options;
}
ClientCore::Options with_random(std::uint64_t random) {
  auto options = plain_options();
  options.random = [random] { return random; };
  return options;
}

wire::Welcome welcome(std::uint64_t head = 0) {
  wire::Welcome made;
  made.room = base::RoomName("ops");
  made.name = "ann";
  made.epoch = base::Epoch("e");
  made.head = base::Seq(head);
  made.count = 1;
  made.limits.frames_per_second = 0;
  return made;
}
std::string resumed(std::uint64_t head = 0) {
  auto made = welcome(head);
  made.recovered = true;
  return wire::encode_welcome(made);
}
std::string ack(std::uint64_t n, std::uint64_t seq) {
  return wire::encode_ack({n, base::Seq(seq), false});
}
std::string refusal(wire::Code code, std::optional<std::uint64_t> n,
                    std::optional<std::uint64_t> retry_after_ms = std::nullopt) {
  wire::Error error = wire::error_of(code);
  error.n = n;
  error.retry_after_ms = retry_after_ms;
  return wire::encode_error(error, wire::Dialect::v1);
}
std::string closing(std::uint64_t ms) {
  return R"({"type":"closing","reconnect_after_ms":)" + std::to_string(ms) + "}";
}
std::string message(std::uint64_t seq) {
  return R"({"type":"message","seq":)" + std::to_string(seq) +
         R"(,"at":1,"name":"bob","message":"x"})";
}
std::string sent(std::uint64_t n, const std::string& body = "0") {
  return wire::encode_send(n, body);
}
std::string sent_first(std::uint64_t n) { return wire::encode_send(n, "0", true); }
Words sent_from_to(std::uint64_t first, std::uint64_t last) {
  Words words;
  for (auto n = first; n <= last; ++n) words.push_back(sent(n));
  return words;
}
void join(Desk& desk, const wire::Welcome& as = welcome()) {
  REQUIRE(desk.start() == Words{"connect 0"});
  REQUIRE(desk.open().size() == 1);
  desk.hear(wire::encode_welcome(as));
  REQUIRE(desk.core.joined());
}
/// From `lost` to the next welcome.
Words come_back(Desk& desk, const std::string& with = resumed()) {
  while (desk.wake() != Words{"connect 0"}) {
  }
  desk.open();
  auto words = desk.hear(with);
  REQUIRE(desk.core.joined());
  return words;
}

}  // namespace

// ---- joining

TEST_CASE("client core: hello, welcome, messages in the order of their frames", "[client]") {
  Desk desk(plain_options());
  CHECK(desk.core.deadline() == base::TimePoint::max());
  CHECK(desk.start() == Words{"connect 0"});
  CHECK(desk.open() ==
        Words{R"({"type":"hello","client":"0123456789abcdef","name":"ann","ordered":true})"});
  CHECK_FALSE(desk.core.joined());
  auto made = welcome();
  made.name = "ann-2";
  CHECK(desk.hear(wire::encode_welcome(made)) == Words{"joined as ann-2", "caught up"});
  CHECK(desk.core.name() == "ann-2");
  CHECK(desk.hear(message(1)) == Words{"received 1"});
  CHECK(desk.hear(message(2)) == Words{"received 2"});
  CHECK(desk.hear(message(2)).empty());
}

TEST_CASE("client core: what is no frame that it knows is passed over", "[client]") {
  Desk desk(plain_options());
  join(desk);
  for (const char* text :
       {"", "nonsense", "{}", "[]", R"({"type":"new"})", R"({"type":"message","seq":-1})",
        R"({"type":"welcome"})", R"({"type":1})"}) {
    CAPTURE(text);
    CHECK(desk.hear(text).empty());
  }
  CHECK(desk.core.joined());
}

TEST_CASE("client core: frames before hello and after the end are passed over", "[client]") {
  Desk desk(plain_options());
  CHECK(desk.hear(message(1)).empty());
  desk.start();
  CHECK(desk.hear(wire::encode_welcome(welcome())).empty());
  desk.open();
  desk.hear(wire::encode_welcome(welcome()));
  CHECK(desk.heard([&](auto& actions) { desk.core.leave(actions); }) == Words{"disconnect"});
  CHECK(desk.hear(message(1)).empty());
  CHECK(desk.cut().empty());
  CHECK(desk.core.deadline() == base::TimePoint::max());
}

TEST_CASE("client core: it gives up when it never came in, and says how", "[client]") {
  Desk desk(plain_options());
  desk.start();
  CHECK(desk.cut() == Words{"ended with 3: cut"});
  CHECK(desk.core.deadline() == base::TimePoint::max());
}

TEST_CASE("client core: a persistent one goes on trying, ever more slowly", "[client]") {
  auto options = with_random(std::uint64_t{1} << 62U);
  options.persistent = true;
  Desk desk(std::move(options));
  desk.start();
  base::Duration longest{};
  for (int i = 0; i < 20; ++i) {
    CHECK(desk.cut() == Words{"lost: cut"});
    CHECK(desk.until_deadline() <= 30s);
    longest = std::max(longest, desk.until_deadline());
    CHECK(desk.wake() == Words{"connect 0"});
  }
  CHECK(longest > 1s);
}

TEST_CASE("client core: several servers are tried in turn, at once before the first welcome",
          "[client]") {
  Desk desk(with_servers(3));
  CHECK(desk.start() == Words{"connect 0"});
  CHECK(desk.cut() == Words{"lost: cut"});
  CHECK(desk.until_deadline() == 0s);
  CHECK(desk.wake() == Words{"connect 1"});
  CHECK(desk.cut() == Words{"lost: cut"});
  CHECK(desk.wake() == Words{"connect 2"});
  SECTION("none takes it") { CHECK(desk.cut() == Words{"ended with 3: cut"}); }
  SECTION("the last one does") {
    desk.open();
    desk.hear(wire::encode_welcome(welcome()));
    CHECK(desk.core.joined());
    CHECK(desk.cut() == Words{"lost: cut"});
    CHECK(desk.wake() == Words{"connect 0"});
  }
}

TEST_CASE("client core: a server whose certificate is wrong does not keep it from the others",
          "[client]") {
  Loss distrust;
  distrust.may_pass = false;
  distrust.why = "distrusted";
  SECTION("before the first welcome") {
    Desk desk(with_servers(2));
    desk.start();
    CHECK(desk.lose(distrust) == Words{"lost: distrusted"});
    CHECK(desk.wake() == Words{"connect 1"});
    CHECK(desk.lose(distrust) == Words{"ended with 3: distrusted"});
  }
  SECTION("after it") {
    Desk desk(with_servers(2));
    join(desk);
    desk.cut();
    CHECK(desk.wake() == Words{"connect 1"});
    CHECK(desk.lose(distrust) == Words{"lost: distrusted"});
    CHECK(desk.wake() == Words{"connect 0"});
    desk.cut();
    CHECK(desk.wake() == Words{"connect 1"});
    CHECK(desk.lose(distrust) == Words{"lost: distrusted"});
  }
  SECTION("when it is the only one") {
    Desk desk(with_servers(1));
    join(desk);
    desk.cut();
    desk.wake();
    CHECK(desk.lose(distrust) == Words{"ended with 3: distrusted"});
  }
}

// ---- coming back

TEST_CASE("client core: it resumes behind what it was told", "[client]") {
  Desk desk(plain_options());
  join(desk);
  desk.hear(message(7));
  CHECK(desk.cut() == Words{"lost: cut"});
  CHECK(desk.wake() == Words{"connect 0"});
  CHECK(desk.open() == Words{R"({"type":"hello","client":"0123456789abcdef","name":"ann",)"
                             R"("since":{"epoch":"e","seq":7},"ordered":true})"});
  CHECK(desk.hear(resumed(8)) == Words{"joined as ann"});
  CHECK(desk.hear(message(7)).empty());
  CHECK(desk.hear(message(8)) == Words{"received 8"});
}

TEST_CASE("client core: a gap is told before what follows it", "[client]") {
  Desk desk(plain_options());
  join(desk);
  desk.hear(message(2));
  desk.cut();
  desk.wake();
  desk.open();
  auto made = welcome(9);
  made.recovered = false;
  made.missing = wire::Missing{{}, {{base::Seq(2), base::Seq(9)}}};
  CHECK(desk.hear(wire::encode_welcome(made)) == Words{"joined as ann", "gap"});
  CHECK(desk.hear(message(9)) == Words{"received 9"});
}

TEST_CASE("client core: a log that was replaced is told, then read from its beginning",
          "[client]") {
  Desk desk(plain_options());
  join(desk);
  desk.hear(message(2));
  desk.cut();
  desk.wake();
  desk.open();
  auto made = welcome(1);
  made.epoch = base::Epoch("f");
  made.recovered = false;
  made.missing = wire::Missing{base::Epoch("e"), {}};
  CHECK(desk.hear(wire::encode_welcome(made)) ==
        Words{"joined as ann", "gap", R"({"type":"history","after":0,"limit":200})"});
  wire::HistoryPage page;
  page.after = base::Seq(0);
  auto only = std::make_shared<wire::Message>();
  only->seq = base::Seq(1);
  only->name = "bob";
  only->body = "1";
  page.messages = {only};
  CHECK(desk.hear(wire::encode_history(page)) == Words{"received 1"});
}

TEST_CASE("client core: what a close code asks for is done", "[client]") {
  const auto code =
      GENERATE(std::uint16_t{1000}, std::uint16_t{1001}, std::uint16_t{1002}, std::uint16_t{1006},
               std::uint16_t{1011}, std::uint16_t{1013}, std::uint16_t{3000}, std::uint16_t{4100},
               std::uint16_t{4199}, std::uint16_t{4200}, std::uint16_t{4201}, std::uint16_t{4999});
  CAPTURE(code);
  Desk desk(plain_options());
  join(desk);
  CHECK(desk.closed(code) == Words{"lost: closed"});
  const bool asks_for_a_pause = code >= 4100 && code <= 4199;
  CHECK(desk.until_deadline() == (asks_for_a_pause ? base::Duration(1s) : base::Duration(0s)));
  come_back(desk);
}

TEST_CASE("client core: 4000 to 4099 are the end, with the exit code of the table", "[client]") {
  const auto [code, exit] =
      GENERATE(table<std::uint16_t, int>({{4000, 3}, {4001, 6}, {4002, 4}, {4050, 3}, {4099, 3}}));
  CAPTURE(code);
  Desk desk(plain_options());
  join(desk);
  CHECK(desk.closed(code) == Words{"ended with " + std::to_string(exit) + ": closed"});
}

TEST_CASE("client core: an error just before the close says why, escaped", "[client]") {
  Desk desk(plain_options());
  join(desk);
  const std::string error = R"({"type":"error","code":"x","text":"go \u001b[31maway"})";
  SECTION("it is the last frame") {
    CHECK(desk.hear(error) == Words{"told x"});
    CHECK(desk.closed(4002) == Words{R"(ended with 4: go \x1b[31maway)"});
  }
  SECTION("also with a code of RFC 6455") {
    desk.hear(error);
    CHECK(desk.closed(1013) == Words{R"(lost: go \x1b[31maway)"});
  }
  SECTION("something else came behind it") {
    desk.hear(error);
    desk.hear(message(1));
    CHECK(desk.closed(4002) == Words{"ended with 4: closed"});
  }
  SECTION("the connection broke without a close") {
    desk.hear(error);
    CHECK(desk.cut() == Words{"lost: cut"});
  }
}

TEST_CASE("client core: a handshake that was refused", "[client]") {
  const auto [status, exit] = GENERATE(table<int, int>({{400, 6},
                                                        {401, 4},
                                                        {403, 4},
                                                        {404, 5},
                                                        {408, 3},
                                                        {426, 6},
                                                        {429, 3},
                                                        {500, 3},
                                                        {503, 3},
                                                        {302, 3}}));
  CAPTURE(status);
  Loss loss;
  loss.http_status = status;
  loss.why = "HTTP";
  const std::string end = "ended with " + std::to_string(exit) + ": HTTP";
  SECTION("at first") {
    Desk desk(plain_options());
    desk.start();
    CHECK(desk.lose(loss) == Words{end});
  }
  SECTION("later") {
    Desk desk(plain_options());
    join(desk);
    desk.cut();
    desk.wake();
    const bool is_for_good = status >= 400 && status < 500 && status != 408 && status != 429;
    loss.retry_after = 7s;
    CHECK(desk.lose(loss) == Words{is_for_good ? end : "lost: HTTP"});
    if (!is_for_good) CHECK(desk.until_deadline() >= 7s);
  }
}

TEST_CASE("client core: it comes back when a draining server said", "[client]") {
  Desk desk(with_random(~std::uint64_t{0} >> 1U));
  join(desk);
  CHECK(desk.hear(closing(2500)) == Words{"told 9"});
  desk.pass(500ms);
  CHECK(desk.closed(4200) == Words{"lost: closed"});
  CHECK(desk.until_deadline() == 2s);
}

TEST_CASE("client core: a time that is past, or absurd, is bounded", "[client]") {
  Desk desk(plain_options());
  join(desk);
  SECTION("past") {
    desk.hear(closing(100));
    desk.pass(1s);
    desk.closed(4200);
    CHECK(desk.until_deadline() == 0s);
  }
  SECTION("absurd") {
    desk.hear(closing((std::uint64_t{1} << 53U) - 1));
    desk.closed(4200);
    CHECK(desk.until_deadline() == 1h);
  }
  SECTION("of an error") {
    desk.hear(refusal(wire::Code::busy, std::nullopt, (std::uint64_t{1} << 53U) - 1));
    desk.closed(1013);
    CHECK(desk.until_deadline() == 1h);
  }
  SECTION("of a refused message") {
    desk.send();
    desk.hear(refusal(wire::Code::busy, 1, (std::uint64_t{1} << 53U) - 1));
    CHECK(desk.until_deadline() > 0s);
    CHECK(desk.until_deadline() <= 90min);
  }
}

TEST_CASE("client core: another server need not be waited for", "[client]") {
  Desk desk(with_servers(2));
  join(desk);
  desk.hear(closing(5000));
  desk.closed(4200);
  CHECK(desk.until_deadline() == 0s);
  CHECK(desk.wake() == Words{"connect 1"});
}

TEST_CASE("client core: waits grow while it fails, and start again after a good connection",
          "[client]") {
  auto options = plain_options();
  options.random = [] { return std::uint64_t{499'999'999}; };
  Desk desk(std::move(options));
  join(desk);
  desk.cut();
  CHECK(desk.until_deadline() == 499'999'999ns);
  desk.wake();
  desk.cut();
  desk.wake();
  desk.open();
  desk.hear(resumed());
  desk.pass(11s);
  desk.cut();
  CHECK(desk.until_deadline() == 499'999'999ns);
}

TEST_CASE("client core: it can be told to try at once", "[client]") {
  Desk desk(with_random(400'000'000));
  join(desk);
  desk.cut();
  CHECK(desk.until_deadline() > 0s);
  const auto retry = [&] {
    return desk.heard([&](auto& actions) { desk.core.retry_now(desk.now, actions); });
  };
  CHECK(retry() == Words{"connect 0"});
  CHECK(retry().empty());
}

// ---- silence

TEST_CASE("client core: a silent connection is asked, then given up", "[client]") {
  Desk desk(plain_options());
  join(desk);
  CHECK(desk.until_deadline() == 45s);
  CHECK(desk.wake() == Words{"probe"});
  CHECK(desk.until_deadline() == 15s);
  SECTION("nothing comes") {
    CHECK(desk.wake() == Words{"abandon", "lost: the server does not answer"});
    CHECK(desk.wake() == Words{"connect 0"});
  }
  SECTION("a pong comes") {
    desk.core.on_alive(desk.now);
    CHECK(desk.until_deadline() == 45s);
  }
}

TEST_CASE("client core: who waits for an answer asks sooner", "[client]") {
  Desk desk(plain_options());
  join(desk);
  desk.pass(40s);
  CHECK(desk.send() == Words{sent(1)});
  CHECK(desk.until_deadline() == 15s);
  CHECK(desk.wake() == Words{"probe"});
  desk.core.on_alive(desk.now);
  CHECK(desk.wake() == Words{"probe"});
  CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1"});
  CHECK(desk.until_deadline() == 45s);
}

TEST_CASE("client core: neither connecting nor greeting lasts for ever", "[client]") {
  const bool is_open = GENERATE(false, true);
  CAPTURE(is_open);
  Desk desk(plain_options());
  desk.start();
  desk.now += 9s;
  if (is_open) desk.open();
  CHECK(desk.until_deadline() == (is_open ? 15s : 6s));
  CHECK(desk.wake() == Words{"abandon", "ended with 27: the server does not answer"});
}

TEST_CASE("client core: a call before its time does nothing", "[client]") {
  Desk desk(plain_options());
  CHECK(desk.pass(1h).empty());
  join(desk);
  CHECK(desk.pass(1s).empty());
  CHECK(desk.until_deadline() == 44s);
}

// ---- sending

TEST_CASE("client core: messages get their n in order, wait for the welcome, and are acked",
          "[client]") {
  Desk desk(plain_options());
  CHECK(desk.send("\"a\"").empty());
  desk.start();
  desk.open();
  CHECK(desk.send("\"b\"").empty());
  CHECK(desk.core.unacknowledged() == 2);
  CHECK_FALSE(desk.core.was_sent(1));
  CHECK(desk.hear(wire::encode_welcome(welcome())) ==
        Words{"joined as ann", "caught up", sent(1, "\"a\""), sent(2, "\"b\"")});
  CHECK(desk.core.was_sent(2));
  CHECK(desk.send("3") == Words{sent(3, "3")});
  CHECK(desk.hear(ack(2, 9)) == Words{"acked 2 at 9"});
  CHECK(desk.hear(ack(2, 9)).empty());
  CHECK(desk.hear(ack(1, 8)) == Words{"acked 1 at 8"});
  CHECK(desk.core.unacknowledged() == 1);
}

TEST_CASE("client core: an ack for what never left is no ack", "[client]") {
  Desk desk(plain_options());
  auto made = welcome();
  made.limits.inflight = 1;
  join(desk, made);
  desk.send();
  desk.send();
  CHECK(desk.hear(ack(2, 5)).empty());
  CHECK(desk.hear(ack(7, 5)).empty());
  CHECK(desk.core.unacknowledged() == 2);
}

TEST_CASE("client core: at most limits.inflight lie between the oldest and the newest",
          "[client]") {
  Desk desk(plain_options());
  join(desk);
  Words words;
  for (int i = 0; i < 300; ++i) {
    for (auto& word : desk.send()) words.push_back(std::move(word));
  }
  CHECK(words == sent_from_to(1, 256));
  CHECK(desk.hear(ack(2, 2)) == Words{"acked 2 at 2"});
  CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1", sent(257), sent(258)});
}

TEST_CASE("client core: no more frames a second than the server takes", "[client]") {
  Desk desk(plain_options());
  auto made = welcome();
  made.limits.frames_per_second = kBurst;
  join(desk, made);
  Words words;
  for (int i = 0; i < 20; ++i) {
    for (auto& word : desk.send()) words.push_back(std::move(word));
  }
  CHECK(words == sent_from_to(1, kBurst));
  const auto began = desk.now;
  while (words.size() < 20) {
    for (auto& word : desk.wake()) words.push_back(std::move(word));
  }
  CHECK(words == sent_from_to(1, 20));
  CHECK(desk.now - began >= 2900ms);
  CHECK(desk.now - began <= 3100ms);
}

TEST_CASE("client core: odd limits of a server do not make it spin", "[client]") {
  auto made = welcome();
  made.limits.frames_per_second = GENERATE(1e-300, 1e-9, 0.3, 1e300);
  made.limits.inflight = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{1} << 50U);
  made.limits.history_page = 0;
  CAPTURE(made.limits.frames_per_second, made.limits.inflight);
  Desk desk(plain_options());
  join(desk, made);
  desk.send();
  desk.send();
  for (int i = 0; i < 10; ++i) {
    if (!desk.core.joined()) break;  // given up: nothing was answered
    REQUIRE(desk.core.deadline() > desk.now);
    desk.wake();
  }
}

TEST_CASE("client core: what had no ack is sent again after a cut, with its n, in order",
          "[client]") {
  Desk desk(plain_options());
  join(desk);
  for (int i = 0; i < 4; ++i) desk.send();
  desk.hear(ack(2, 2));
  desk.cut();
  CHECK(desk.core.was_sent(1));
  CHECK(desk.send().empty());
  CHECK(come_back(desk) == Words{"joined as ann", sent(1), sent(3), sent(4), sent(5)});
  CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1"});
}

TEST_CASE("client core: refused for the moment, it goes back when all on its way is answered",
          "[client]") {
  const auto code = GENERATE(wire::Code::busy, wire::Code::rate_limited,
                             wire::Code::inflight_exceeded, wire::Code::unavailable);
  Desk desk(plain_options());
  join(desk);
  for (int i = 0; i < 3; ++i) desk.send();
  CHECK(desk.hear(refusal(code, 2)).empty());
  CHECK(desk.send().empty());
  desk.now = desk.core.deadline();
  CHECK(desk.wake().empty());  // two are still on their way
  CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1"});
  // The first tells the server that what comes behind it is no longer too early.
  SECTION("the rest is refused too") {
    CHECK(desk.hear(refusal(code, 3)).empty());
    CHECK(desk.wake() == Words{sent_first(2), sent(3), sent(4)});
  }
  SECTION("the rest is taken") {
    CHECK(desk.hear(ack(3, 3)) == Words{"acked 3 at 3", sent_first(2), sent(4)});
  }
  SECTION("the connection is lost") {
    desk.cut();
    CHECK(come_back(desk) == Words{"joined as ann", sent(2), sent(3), sent(4)});
  }
}

TEST_CASE("client core: once it was too fast it keeps an even pace", "[client]") {
  Desk desk(plain_options());
  auto made = welcome();
  made.limits.frames_per_second = 100;
  join(desk, made);
  for (int i = 0; i < 5; ++i) CHECK(desk.send().size() == 1);
  for (std::uint64_t n = 1; n <= 5; ++n) desk.hear(refusal(wire::Code::rate_limited, n));
  CHECK(desk.wake() == Words{sent_first(1)});
  for (std::uint64_t n = 2; n <= 5; ++n) {
    CHECK(desk.until_deadline() > 10ms);
    CHECK(desk.wake() == Words{sent(n)});
  }
}

TEST_CASE("client core: refusals make it slower, `ready` sends at once", "[client]") {
  Desk desk(with_random(0));
  join(desk);
  desk.send();
  base::Duration before{};
  for (int i = 0; i < 5; ++i) {
    desk.hear(refusal(wire::Code::busy, 1));
    CHECK(desk.until_deadline() > before);
    before = desk.until_deadline();
    CHECK(desk.wake() == Words{sent_first(1)});
  }
  desk.hear(refusal(wire::Code::busy, 1));
  CHECK(desk.hear(R"({"type":"ready"})") == Words{sent_first(1)});
  CHECK(desk.hear(R"({"type":"ready"})").empty());
  SECTION("a server's own time counts") {
    desk.hear(refusal(wire::Code::rate_limited, 1, 70));
    CHECK(desk.until_deadline() == 70ms);
  }
}

TEST_CASE("client core: other refusals are for good, and the next ones go on", "[client]") {
  Desk desk(plain_options());
  auto made = welcome();
  made.limits.inflight = 2;
  join(desk, made);
  for (int i = 0; i < 3; ++i) desk.send();
  CHECK(desk.hear(refusal(wire::Code::bad_frame, 1)) == Words{"failed 1 bad_frame", sent(3)});
  CHECK(desk.hear(refusal(wire::Code::bad_frame, 1)).empty());
  CHECK(desk.hear(refusal(wire::Code::bad_frame, 99)).empty());
  CHECK(desk.core.unacknowledged() == 2);
}

TEST_CASE("client core: stale_n does not say whether the message is there", "[client]") {
  Desk desk(plain_options());
  join(desk);
  desk.send();
  desk.cut();
  CHECK(come_back(desk) == Words{"joined as ann", sent(1)});
  CHECK(desk.hear(refusal(wire::Code::stale_n, 1)) == Words{"failed 1 stale_n, may be there"});
  CHECK(desk.core.unacknowledged() == 0);
}

TEST_CASE("client core: a message over the limit never leaves, and the next ones do", "[client]") {
  Desk desk(plain_options());
  auto made = welcome();
  made.limits.message_bytes = 10;
  desk.send("\"123456789\"");
  desk.send("\"12345678\"");
  desk.start();
  desk.open();
  CHECK(desk.hear(wire::encode_welcome(made)) ==
        Words{"joined as ann", "caught up", "failed 1 too_large", sent(2, "\"12345678\"")});
  SECTION("one that left under a wider limit may be there") {
    desk.cut();
    made.limits.message_bytes = 5;
    made.recovered = true;
    CHECK(come_back(desk, wire::encode_welcome(made)) ==
          Words{"joined as ann", "failed 2 too_large, may be there"});
  }
}

// ---- pages, names

TEST_CASE("client core: at most three pages of its user are unanswered", "[client]") {
  Desk desk(plain_options());
  join(desk);
  wire::HistoryRequest request;
  request.before = base::Seq(9);
  const auto ask = [&] {
    bool is_asked = false;
    desk.heard(
        [&](auto& actions) { is_asked = desk.core.ask_history(request, desk.now, actions); });
    return is_asked;
  };
  for (int i = 0; i < 3; ++i) CHECK(ask());
  CHECK_FALSE(ask());
  SECTION("a page makes room for one") {
    wire::HistoryPage page;
    page.before = request.before;
    CHECK(desk.hear(wire::encode_history(page)) == Words{"told 6"});
    CHECK(ask());
    CHECK_FALSE(ask());
  }
  SECTION("an error does not say which it answers: none is waited for any more") {
    CHECK(desk.hear(refusal(wire::Code::unavailable, std::nullopt)) == Words{"told unavailable"});
    CHECK(ask());
  }
  SECTION("a new connection knows of none") {
    desk.cut();
    CHECK_FALSE(ask());
    come_back(desk);
    CHECK(ask());
  }
}

TEST_CASE("client core: a page that failed for the moment is asked for again", "[client]") {
  auto options = plain_options();
  options.from.kind = ReadFrom::Kind::all;
  Desk desk(std::move(options));
  desk.start();
  desk.open();
  const std::string request = R"({"type":"history","after":0,"limit":200})";
  CHECK(desk.hear(wire::encode_welcome(welcome(1))) == Words{"joined as ann", request});
  CHECK(desk.hear(refusal(wire::Code::unavailable, std::nullopt)) == Words{"told unavailable"});
  CHECK(desk.wake() == Words{request});
}

TEST_CASE("client core: another name is asked for, and said again after a cut", "[client]") {
  Desk desk(plain_options());
  const auto rename = [&](const std::string& name) {
    return desk.heard([&](auto& actions) { desk.core.rename(name, desk.now, actions); });
  };
  const auto hello_has = [&](const std::string& name) {
    desk.cut();
    desk.wake();
    const auto words = desk.open();
    desk.hear(resumed());
    return words.front().find("\"name\":\"" + name + "\"") != std::string::npos;
  };
  SECTION("before it is in the room") {
    CHECK(rename("bob").empty());
    desk.start();
    CHECK(desk.open().front().find("\"bob\"") != std::string::npos);
  }
  SECTION("answered") {
    join(desk);
    CHECK(rename("bob") == Words{R"({"type":"rename","name":"bob"})"});
    CHECK(desk.hear(R"({"type":"renamed","name":"bob"})") == Words{"told 4"});
    CHECK(desk.core.name() == "bob");
    CHECK(hello_has("bob"));
  }
  SECTION("refused") {
    join(desk);
    rename("bob");
    desk.hear(refusal(wire::Code::bad_name, std::nullopt));
    CHECK(hello_has("ann"));
  }
  SECTION("refused for now, it is asked again") {
    join(desk);
    rename("bob");
    desk.send();
    CHECK(desk.hear(refusal(wire::Code::rate_limited, std::nullopt)) == Words{"told rate_limited"});
    CHECK(desk.wake() == Words{R"({"type":"rename","name":"bob"})"});
    CHECK(desk.hear(R"({"type":"renamed","name":"bob"})") == Words{"told 4", sent(1)});
    CHECK(hello_has("bob"));
  }
  SECTION("the connection is lost before the answer") {
    join(desk);
    rename("bob");
    CHECK(hello_has("bob"));
  }
  SECTION("asked for while another is unanswered: one at a time, the last counts") {
    join(desk);
    rename("bob");
    CHECK(rename("carl").empty());
    CHECK(rename("dora").empty());
    SECTION("taken") {
      CHECK(desk.hear(R"({"type":"renamed","name":"bob"})") ==
            Words{"told 4", R"({"type":"rename","name":"dora"})"});
    }
    SECTION("refused") {
      CHECK(desk.hear(refusal(wire::Code::bad_name, std::nullopt)) ==
            Words{"told bad_name", R"({"type":"rename","name":"dora"})"});
    }
    CHECK(hello_has("dora"));
  }
  SECTION("messages go under the name that was the own one when they were written") {
    join(desk);
    desk.send();
    CHECK(rename("bob").empty());
    CHECK(desk.send().empty());
    CHECK(rename("carl").empty());
    SECTION("with a connection") {
      CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1", R"({"type":"rename","name":"bob"})"});
      CHECK(desk.send().empty());
      CHECK(desk.hear(R"({"type":"renamed","name":"bob"})") == Words{"told 4", sent(2)});
      CHECK(desk.hear(ack(2, 2)) == Words{"acked 2 at 2", R"({"type":"rename","name":"carl"})"});
      CHECK(desk.hear(R"({"type":"renamed","name":"carl"})") == Words{"told 4", sent(3)});
    }
    SECTION("over a cut") {
      CHECK(hello_has("ann"));
      CHECK(desk.hear(ack(1, 1)) == Words{"acked 1 at 1", R"({"type":"rename","name":"bob"})"});
      CHECK(hello_has("bob"));
      CHECK(desk.hear(ack(2, 2)) == Words{"acked 2 at 2", R"({"type":"rename","name":"carl"})"});
      CHECK(hello_has("carl"));
    }
  }
  SECTION("given unasked: the own wish stays") {
    join(desk);
    desk.hear(R"({"type":"renamed","name":"ann-2"})");
    CHECK(desk.core.name() == "ann-2");
    CHECK(hello_has("ann"));
  }
}

TEST_CASE("client core: typing is said in the room alone", "[client]") {
  Desk desk(plain_options());
  const auto type = [&] { return desk.heard([&](auto& actions) { desk.core.typing(actions); }); };
  CHECK(type().empty());
  join(desk);
  CHECK(type() == Words{R"({"type":"typing"})"});
}
