#include "chat/session/session.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/wire/names.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using base::Seq;
using base::TimePoint;
using session::Actions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Code;
using wire::Dialect;
using Json = nlohmann::json;

const std::string kSecret = "0123456789abcdef";

/// A session and what it wants done, one step after the other.
class Talk {
 public:
  explicit Talk(Dialect dialect, const wire::Limits& limits = {})
      : limits_(limits), session_(dialect, limits_, now_) {}

  session::Session& session() { return session_; }
  void pass(base::Duration time) { now_ += time; }

  Actions open() {
    return collect([this](Actions& actions) { session_.on_open(actions); });
  }
  Actions text(const std::string& frame) {
    return collect([&](Actions& actions) { session_.on_text(frame, now_, actions); });
  }
  Actions send(std::uint64_t n) {
    return text(R"({"type":"send","message":"hi","n":)" + std::to_string(n) + "}");
  }
  Actions binary() {
    return collect([this](Actions& actions) { session_.on_binary(now_, actions); });
  }
  Actions hello_timeout() {
    return collect([this](Actions& actions) { session_.on_hello_timeout(actions); });
  }
  Actions joined(const std::string& name = "ann") {
    wire::Welcome welcome;
    welcome.room = base::RoomName("ops");
    welcome.name = name;
    welcome.epoch = Epoch("E1");
    welcome.head = Seq(7);
    return collect([&](Actions& actions) { session_.on_joined(welcome, actions); });
  }
  Actions join_failed(Code code) {
    wire::Error error;
    error.code = code;
    return collect([&](Actions& actions) { session_.on_join_failed(error, actions); });
  }
  Actions published(std::uint64_t n, wire::Result<broker::Published> outcome) {
    return collect([&](Actions& actions) { session_.on_published(n, outcome, actions); });
  }
  Actions published(std::uint64_t n, std::uint64_t seq, bool repeat = false) {
    return published(n, broker::Published{Seq(seq), Epoch("E1"), repeat});
  }
  Actions ready() {
    return collect([this](Actions& actions) { session_.on_ready(actions); });
  }
  Actions renamed(const wire::Result<std::string>& name) {
    return collect([&](Actions& actions) { session_.on_renamed(name, actions); });
  }
  Actions renamed_unasked(const std::string& name) {
    return collect([&](Actions& actions) { session_.on_renamed_unasked(name, actions); });
  }
  Actions page(const wire::HistoryRequest& request, const wire::Result<broker::ReadAnswer>& page) {
    return collect([&](Actions& actions) { session_.on_page(request, page, actions); });
  }

 private:
  template <class Step>
  static Actions collect(Step step) {
    Actions actions;
    step(actions);
    return actions;
  }

  wire::Limits limits_;
  TimePoint now_{std::chrono::hours(1)};
  session::Session session_;
};

template <class Action>
const Action& only(const Actions& actions) {
  REQUIRE(actions.size() == 1);
  REQUIRE(std::holds_alternative<Action>(actions[0]));
  return std::get<Action>(actions[0]);
}

Json reply(const Actions& actions, std::size_t at = 0) {
  REQUIRE(actions.size() > at);
  REQUIRE(std::holds_alternative<session::Reply>(actions[at]));
  return Json::parse(std::get<session::Reply>(actions[at]).text);
}

/// The frame that tells `code`, which must be the only thing to be done.
Json only_error(const Actions& actions, Code code) {
  const auto& told = only<session::Reply>(actions);
  REQUIRE(told.error);
  CHECK(wire::info(*told.error).name == wire::info(code).name);
  return Json::parse(told.text);
}

/// The frame that tells `code`, which must be followed by the close and nothing else.
Json last_error(const Actions& actions, Code code) {
  REQUIRE(actions.size() == 2);
  REQUIRE(std::holds_alternative<session::Close>(actions[1]));
  CHECK(std::get<session::Close>(actions[1]).code == code);
  return only_error({actions[0]}, code);
}

Talk v1_talk(const wire::Limits& limits = {}) {
  Talk talk(Dialect::v1, limits);
  CHECK(talk.open().empty());
  only<session::Join>(talk.text(R"({"type":"hello","client":")" + kSecret + R"("})"));
  CHECK(reply(talk.joined()).at("type") == "welcome");
  return talk;
}

Talk plain_talk(const wire::Limits& limits = {}) {
  Talk talk(Dialect::plain, limits);
  only<session::Join>(talk.open());
  CHECK(talk.joined("guest-1").empty());
  return talk;
}

wire::Limits frames(double rate, double burst) {
  wire::Limits limits;
  limits.frames_per_second = rate;
  limits.frames_burst = burst;
  return limits;
}

/// Frames that are mistakes, and what they are told; the connection lives on.
struct Mistake {
  const char* frame;
  Code code;
};
const std::vector<Mistake> kPlainMistakes{
    {"hello", Code::bad_json},
    {"", Code::bad_json},
    {"[]", Code::bad_frame},
    {R"({"text":"hi"})", Code::bad_frame},
    {R"({"message":1e400})", Code::bad_json},
};

// ---- plain

TEST_CASE("plain: joins at once as a guest, without a word", "[session][plain]") {
  Talk talk(Dialect::plain);
  const auto& actions = talk.open();
  CHECK(only<session::Join>(actions).name.empty());
  CHECK_FALSE(only<session::Join>(actions).since);
  CHECK_FALSE(talk.session().joined());
  CHECK_FALSE(talk.session().awaits_hello());

  CHECK(talk.joined("guest-1").empty());
  CHECK(talk.session().joined());
  CHECK(talk.session().name() == "guest-1");
}

TEST_CASE("plain: a message is published as it was written and never acknowledged",
          "[session][plain]") {
  auto talk = plain_talk();
  const auto actions = talk.text(R"({"message": [1.0, "ä"] , "type":"hello"})");
  const auto& publish = only<session::Publish>(actions);
  CHECK(publish.body == R"([1.0, "ä"])");
  CHECK(publish.client == base::ClientId());
  CHECK(talk.session().unanswered() == 1);
  CHECK(talk.published(0, 1).empty());
  CHECK(talk.session().unanswered() == 0);
}

TEST_CASE("plain: every mistake is told in a printable message and costs its frame only",
          "[session][plain][errors]") {
  auto talk = plain_talk();
  for (const auto& mistake : kPlainMistakes) {
    CAPTURE(mistake.frame);
    const auto frame = only_error(talk.text(mistake.frame), mistake.code);
    CHECK(frame.at("message").get<std::string>().rfind("[chat] ", 0) == 0);
    CHECK(frame.at("error").at("code") == wire::info(mistake.code).name);
  }
  only<session::Publish>(talk.text(R"({"message":"still here"})"));
}

TEST_CASE("plain: errors of all kinds carry a message", "[session][plain][errors]") {
  auto limits = frames(1, 4);
  limits.inflight = 1;
  limits.message_bytes = 10;
  auto talk = plain_talk(limits);
  std::vector<Json> told;
  only<session::Publish>(talk.text(R"({"message":"1"})"));
  told.push_back(only_error(talk.text(R"({"message":"2"})"), Code::inflight_exceeded));
  told.push_back(only_error(talk.published(0, wire::fail(Code::unavailable)), Code::unavailable));
  told.push_back(only_error(talk.binary(), Code::binary_frame));
  told.push_back(last_error(talk.text(R"({"message":"12345678901"})"), Code::too_large));
  for (const auto& frame : told) {
    CHECK(frame.at("message").is_string());
    CHECK_FALSE(frame.contains("type"));
    CHECK_FALSE(frame.contains("n"));
  }
}

// ---- hello

TEST_CASE("hello: joins under its name, and resumes from its cursor", "[session][hello]") {
  Talk talk(Dialect::v1);
  CHECK(talk.open().empty());
  CHECK(talk.session().awaits_hello());

  const auto actions = talk.text(R"({"type":"hello","client":")" + kSecret +
                                 R"(","name":" ann  b ","since":{"epoch":"E1","seq":5}})");
  const auto& join = only<session::Join>(actions);
  CHECK(join.name == "ann b");
  CHECK(join.since == wire::Cursor{Epoch("E1"), Seq(5)});
  CHECK_FALSE(talk.session().awaits_hello());
  CHECK(talk.session().client() == wire::derive_client_id(kSecret));
}

TEST_CASE("hello: the welcome is completed with client and limits", "[session][hello]") {
  wire::Limits limits;
  limits.message_bytes = 1234;
  Talk talk(Dialect::v1, limits);
  talk.open();
  talk.text(R"({"type":"hello","client":")" + kSecret + R"("})");
  const auto welcome = reply(talk.joined("ann"));

  CHECK(welcome.at("type") == "welcome");
  CHECK(welcome.at("name") == "ann");
  CHECK(welcome.at("client") == wire::derive_client_id(kSecret)->value());
  CHECK(welcome.at("head") == 7);
  CHECK(welcome.at("limits").at("message_bytes") == 1234);
  CHECK(talk.session().name() == "ann");
  CHECK(talk.session().joined());
}

TEST_CASE("hello: all of it is optional", "[session][hello]") {
  Talk talk(Dialect::v1);
  talk.open();
  const auto actions = talk.text(R"({"type":"hello"})");
  CHECK(only<session::Join>(actions).name.empty());
  CHECK_FALSE(reply(talk.joined()).contains("client"));
  const auto sent = talk.send(1);
  CHECK(only<session::Publish>(sent).client == base::ClientId());
}

TEST_CASE("hello: a second one is refused and changes nothing", "[session][hello]") {
  auto talk = v1_talk();
  only_error(talk.text(R"({"type":"hello","name":"bob"})"), Code::already_joined);
  CHECK(talk.session().joined());
  CHECK(talk.session().name() == "ann");
  only<session::Publish>(talk.send(1));
}

TEST_CASE("hello: anything else before it ends the connection", "[session][hello]") {
  Talk talk(Dialect::v1);
  talk.open();
  SECTION("another frame") { last_error(talk.send(1), Code::hello_expected); }
  SECTION("no frame at all") {
    const auto actions = talk.text("hello");
    REQUIRE(actions.size() == 2);
    CHECK(reply(actions).at("code") == "bad_json");
    CHECK(std::get<session::Close>(actions[1]).code == Code::hello_expected);
  }
  SECTION("a binary frame") {
    const auto actions = talk.binary();
    REQUIRE(actions.size() == 2);
    CHECK(reply(actions).at("code") == "binary_frame");
    CHECK(std::get<session::Close>(actions[1]).code == Code::hello_expected);
  }
  CHECK_FALSE(talk.session().awaits_hello());
  CHECK(talk.text(R"({"type":"hello"})").empty());
}

TEST_CASE("hello: when none comes in time the connection ends", "[session][hello]") {
  Talk talk(Dialect::v1);
  talk.open();
  last_error(talk.hello_timeout(), Code::hello_timeout);
  CHECK(talk.text(R"({"type":"hello"})").empty());
  CHECK(talk.hello_timeout().empty());
}

TEST_CASE("hello: its time does not matter once it came, or where none is needed",
          "[session][hello]") {
  auto v1 = v1_talk();
  CHECK(v1.hello_timeout().empty());
  auto plain = plain_talk();
  CHECK(plain.hello_timeout().empty());
}

TEST_CASE("hello: a bad name is told and does not keep anyone out", "[session][hello]") {
  Talk talk(Dialect::v1);
  talk.open();
  const auto actions = talk.text(R"({"type":"hello","name":"a\u0007b"})");
  REQUIRE(actions.size() == 2);
  CHECK(reply(actions).at("code") == "bad_name");
  CHECK(std::get<session::Join>(actions[1]).name.empty());
}

TEST_CASE("hello: with a bad secret it can be said again", "[session][hello]") {
  Talk talk(Dialect::v1);
  talk.open();
  only_error(talk.text(R"({"type":"hello","client":"short"})"), Code::bad_frame);
  CHECK(talk.session().awaits_hello());
  only<session::Join>(talk.text(R"({"type":"hello","client":")" + kSecret + R"("})"));
}

TEST_CASE("join: refused, it ends the connection whatever the reason", "[session][join]") {
  Talk talk(Dialect::v1);
  talk.open();
  talk.text(R"({"type":"hello"})");
  const auto code = GENERATE(Code::too_many_rooms, Code::unavailable, Code::busy);
  last_error(talk.join_failed(code), code);
  CHECK_FALSE(talk.session().joined());
  CHECK(talk.joined().empty());
  CHECK(talk.send(1).empty());
}

// ---- send

TEST_CASE("send: is published under the client and acknowledged by n", "[session][send]") {
  auto talk = v1_talk();
  const auto sent = talk.send(17);
  const auto& publish = only<session::Publish>(sent);
  CHECK(publish.client == wire::derive_client_id(kSecret));
  CHECK(publish.n == 17);
  CHECK(publish.body == R"("hi")");
  CHECK(talk.session().unanswered() == 1);

  CHECK(reply(talk.published(17, 8)) == Json{{"type", "ack"}, {"n", 17}, {"seq", 8}});
  CHECK(talk.session().unanswered() == 0);
}

TEST_CASE("send: a repeat is acknowledged as one", "[session][send]") {
  auto talk = v1_talk();
  talk.send(17);
  CHECK(reply(talk.published(17, 8, true)) ==
        Json{{"type", "ack"}, {"n", 17}, {"seq", 8}, {"repeat", true}});
}

TEST_CASE("send: a refusal tells which message and leaves the connection", "[session][send]") {
  auto talk = v1_talk();
  const auto code = GENERATE(Code::stale_n, Code::busy, Code::unavailable);
  talk.send(17);
  const auto frame = only_error(talk.published(17, wire::fail(code)), code);
  CHECK(frame.at("type") == "error");
  CHECK(frame.at("n") == 17);
  CHECK(talk.session().unanswered() == 0);
  only<session::Publish>(talk.send(18));
}

TEST_CASE("send: whoever wants order has nothing taken behind a refusal before it says `first`",
          "[session][send][order]") {
  wire::Limits limits;
  limits.inflight = 3;
  limits.frames_burst = 1000;
  Talk talk(Dialect::v1, limits);
  talk.open();
  only<session::Join>(talk.text(R"({"type":"hello","ordered":true})"));
  talk.joined();
  const auto first = [&talk](std::uint64_t n) {
    return talk.text(R"({"type":"send","first":true,"message":"x","n":)" + std::to_string(n) + "}");
  };
  SECTION("refused by the room") {
    const auto code = GENERATE(Code::busy, Code::unavailable);
    talk.send(1);
    talk.send(2);
    only_error(talk.published(1, wire::fail(code)), code);
    CHECK(only_error(talk.send(3), code).at("n") == 3);
    talk.published(2, 1);
    only_error(talk.send(4), code);
    only<session::Publish>(first(1));
    only<session::Publish>(talk.send(2));
  }
  SECTION("refused because too many were under way") {
    for (std::uint64_t n = 1; n <= 3; ++n) only<session::Publish>(talk.send(n));
    only_error(talk.send(4), Code::inflight_exceeded);
    talk.published(1, 1);
    only_error(talk.send(5), Code::inflight_exceeded);
    only<session::Publish>(first(4));
  }
  SECTION("refused again, it says `first` again") {
    talk.send(1);
    only_error(talk.published(1, wire::fail(Code::busy)), Code::busy);
    first(1);
    only_error(talk.published(1, wire::fail(Code::busy)), Code::busy);
    only_error(talk.send(2), Code::busy);
    only<session::Publish>(first(1));
  }
  SECTION("a refusal for good holds nothing back") {
    talk.send(1);
    only_error(talk.published(1, wire::fail(Code::stale_n)), Code::stale_n);
    only<session::Publish>(talk.send(2));
  }
}

TEST_CASE("send: a frame that came too fast holds back those behind it, where order is wanted",
          "[session][send][order]") {
  const bool ordered = GENERATE(true, false);
  wire::Limits limits;
  limits.frames_per_second = 10;
  limits.frames_burst = 2;
  Talk talk(Dialect::v1, limits);
  talk.open();
  only<session::Join>(
      talk.text(ordered ? R"({"type":"hello","ordered":true})" : R"({"type":"hello"})"));
  talk.joined();
  only<session::Publish>(talk.send(1));
  only_error(talk.send(2), Code::rate_limited);
  talk.pass(std::chrono::seconds(1));
  if (ordered) {
    only_error(talk.send(3), Code::rate_limited);
  } else {
    only<session::Publish>(talk.send(3));
  }
}

TEST_CASE("send: who was refused as busy is told once when messages are taken again",
          "[session][send][busy]") {
  auto talk = v1_talk();
  CHECK(talk.ready().empty());
  for (const std::uint64_t n : {17U, 18U}) {
    talk.send(n);
    only_error(talk.published(n, wire::fail(Code::busy)), Code::busy);
  }
  CHECK(reply(talk.ready()) == Json{{"type", "ready"}});
  CHECK(talk.ready().empty());
  talk.send(19);
  only_error(talk.published(19, wire::fail(Code::unavailable)), Code::unavailable);
  CHECK(talk.ready().empty());
}

TEST_CASE("send: the plain dialect has no word for ready", "[session][send][busy]") {
  auto talk = plain_talk();
  only<session::Publish>(talk.text(R"({"message":"hi"})"));
  only_error(talk.published(0, wire::fail(Code::busy)), Code::busy);
  CHECK(talk.ready().empty());
}

TEST_CASE("send: no more are under way than the limit allows", "[session][send][limits]") {
  wire::Limits limits;
  limits.inflight = 3;
  auto talk = v1_talk(limits);
  for (std::uint64_t n = 1; n <= 3; ++n) only<session::Publish>(talk.send(n));
  const auto frame = only_error(talk.send(4), Code::inflight_exceeded);
  CHECK(frame.at("n") == 4);
  CHECK(frame.at("limit") == 3);

  talk.published(2, 1);
  only<session::Publish>(talk.send(4));
  only_error(talk.send(5), Code::inflight_exceeded);
}

TEST_CASE("send: too large a message is told with its limit, then the connection ends",
          "[session][send][limits]") {
  wire::Limits limits;
  limits.message_bytes = 10;
  auto talk = v1_talk(limits);
  only<session::Publish>(talk.text(R"({"type":"send","n":1,"message":"12345678"})"));
  const auto frame =
      last_error(talk.text(R"({"type":"send","n":2,"message":"123456789"})"), Code::too_large);
  CHECK(frame.at("limit") == 10);
  CHECK(frame.at("n") == 2);
  CHECK(talk.send(3).empty());
}

// ---- mistakes and rate

TEST_CASE("v1: mistakes cost their frame only", "[session][errors]") {
  const auto [text, code] = GENERATE(table<std::string, Code>({
      {"{", Code::bad_json},
      {"{}", Code::bad_frame},
      {R"({"type":"sing"})", Code::unknown_type},
      {R"({"type":"send","n":-1,"message":1})", Code::bad_frame},
      {R"({"type":"send","n":1})", Code::bad_frame},
      {R"({"type":"rename","name":""})", Code::bad_name},
      {R"({"type":"history","before":1,"after":2})", Code::bad_frame},
  }));
  CAPTURE(text);
  auto talk = v1_talk();
  CHECK(only_error(talk.text(text), code).at("type") == "error");
  only<session::Publish>(talk.send(1));
}

TEST_CASE("binary frames are refused and cost their frame only", "[session][errors]") {
  auto talk = v1_talk();
  only_error(talk.binary(), Code::binary_frame);
  only<session::Publish>(talk.send(1));
}

TEST_CASE("rate: beyond it a frame is refused with the time to wait", "[session][rate]") {
  auto talk = v1_talk(frames(10, 3));  // the hello took one
  only<session::Publish>(talk.send(1));
  only<session::Publish>(talk.send(2));
  const auto frame = only_error(talk.send(3), Code::rate_limited);
  CHECK(frame.at("n") == 3);
  const auto wait = frame.at("retry_after_ms").get<int>();
  CHECK(wait >= 100);
  CHECK(wait <= 101);

  talk.pass(milliseconds(wait));
  only<session::Publish>(talk.send(3));
  only_error(talk.send(4), Code::rate_limited);
}

TEST_CASE("rate: mistakes count like any other frame", "[session][rate]") {
  const auto dialect = GENERATE(Dialect::plain, Dialect::v1);
  auto talk = dialect == Dialect::plain ? plain_talk(frames(1, 3)) : v1_talk(frames(1, 4));
  only_error(talk.text("{"), Code::bad_json);
  only_error(talk.binary(), Code::binary_frame);
  only_error(talk.text("{"), Code::bad_json);
  only_error(talk.text("{"), Code::rate_limited);
  only_error(talk.binary(), Code::rate_limited);
}

TEST_CASE("rate: who does not listen for 200 frames is closed", "[session][rate]") {
  auto talk = v1_talk(frames(1, 1));
  for (int i = 0; i < 200; ++i) {
    const auto frame = only_error(talk.send(1), Code::rate_limited);
    REQUIRE(frame.at("retry_after_ms").get<int>() > 0);
  }
  last_error(talk.send(1), Code::rate_exceeded);
  CHECK(talk.send(1).empty());
}

TEST_CASE("rate: one frame that gets through is listening", "[session][rate]") {
  auto talk = plain_talk(frames(1, 1));
  only<session::Publish>(talk.text(R"({"message":1})"));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) {
      only_error(talk.text(R"({"message":1})"), Code::rate_limited);
    }
    talk.pass(seconds(1));
    only<session::Publish>(talk.text(R"({"message":1})"));
  }
}

// ---- rename, typing, history

TEST_CASE("rename: asks for the name in its one spelling and tells what it became",
          "[session][rename]") {
  auto talk = v1_talk();
  const auto asked = talk.text(R"({"type":"rename","name":"  bob "})");
  CHECK(only<session::Rename>(asked).name == "bob");
  CHECK(talk.session().name() == "ann");

  CHECK(reply(talk.renamed(std::string("bob-2"))) == Json{{"type", "renamed"}, {"name", "bob-2"}});
  CHECK(talk.session().name() == "bob-2");
}

TEST_CASE("rename: a refusal is told and the name stays", "[session][rename]") {
  auto talk = v1_talk();
  only_error(talk.text(R"({"type":"rename","name":"\u202e"})"), Code::bad_name);
  talk.text(R"({"type":"rename","name":"bob"})");
  only_error(talk.renamed(wire::fail(Code::unavailable)), Code::unavailable);
  CHECK(talk.session().name() == "ann");
}

TEST_CASE("rename: one at a time, the next when it is answered or refused", "[session][rename]") {
  const std::string ask = R"({"type":"rename","name":"bob"})";
  auto talk = v1_talk();
  only<session::Rename>(talk.text(ask));
  CHECK(only_error(talk.text(ask), Code::inflight_exceeded).at("limit") == 1);
  only_error(talk.renamed(wire::fail(Code::unavailable)), Code::unavailable);
  only<session::Rename>(talk.text(ask));
  reply(talk.renamed(std::string("bob")));
  only<session::Rename>(talk.text(ask));
}

TEST_CASE("rename: a name that was not asked for is told, an open question stays open",
          "[session][rename]") {
  auto talk = v1_talk();
  only<session::Rename>(talk.text(R"({"type":"rename","name":"bob"})"));
  CHECK(reply(talk.renamed_unasked("ann-2")) == Json{{"type", "renamed"}, {"name", "ann-2"}});
  CHECK(talk.session().name() == "ann-2");
  only_error(talk.text(R"({"type":"rename","name":"eve"})"), Code::inflight_exceeded);
  CHECK(reply(talk.renamed(std::string("bob"))) == Json{{"type", "renamed"}, {"name", "bob"}});
  CHECK(talk.session().name() == "bob");
}

TEST_CASE("typing: is passed on once a second at most", "[session][typing]") {
  const std::string typing = R"({"type":"typing"})";
  auto talk = v1_talk();
  only<session::Typing>(talk.text(typing));
  CHECK(talk.text(typing).empty());
  talk.pass(milliseconds(999));
  CHECK(talk.text(typing).empty());
  talk.pass(milliseconds(1));
  only<session::Typing>(talk.text(typing));
}

TEST_CASE("history: a page is asked for, cut to the limit, and answered", "[session][history]") {
  wire::Limits limits;
  limits.history_page = 20;
  auto talk = v1_talk(limits);
  const auto asked = talk.text(R"({"type":"history","before":9,"limit":1000})");
  const auto request = only<session::ReadHistory>(asked).request;
  CHECK(request.limit == 20);
  CHECK(request.before == Seq(9));
  CHECK_FALSE(request.after);
  CHECK(talk.session().unanswered() == 1);

  auto message = std::make_shared<wire::Message>();
  message->seq = Seq(8);
  message->name = "ann";
  message->body = "1";
  broker::ReadAnswer answer;
  answer.page.messages = {message};
  answer.page.more = true;
  const auto page = reply(talk.page(request, answer));
  CHECK(page.at("type") == "history");
  CHECK(page.at("before") == 9);
  CHECK(page.at("more") == true);
  REQUIRE(page.at("messages").size() == 1);
  CHECK(page.at("messages")[0].at("seq") == 8);
  CHECK(talk.session().unanswered() == 0);
}

TEST_CASE("history: asks for few messages are not made more", "[session][history]") {
  auto talk = v1_talk();
  const auto asked = talk.text(R"({"type":"history","after":9,"limit":3})");
  CHECK(only<session::ReadHistory>(asked).request.limit == 3);
  CHECK(only<session::ReadHistory>(asked).request.after == Seq(9));
}

TEST_CASE("history: four pages at once and no more, refused or answered", "[session][history]") {
  const std::string ask = R"({"type":"history"})";
  auto talk = v1_talk();
  for (int i = 0; i < 4; ++i) only<session::ReadHistory>(talk.text(ask));
  CHECK(only_error(talk.text(ask), Code::inflight_exceeded).at("limit") == 4);
  only_error(talk.page({}, wire::fail(Code::unavailable)), Code::unavailable);
  only<session::ReadHistory>(talk.text(ask));
  CHECK(talk.session().unanswered() == 4);
}

// ---- the end

TEST_CASE("after the end nothing is taken and nothing is said", "[session][end]") {
  auto talk = v1_talk();
  talk.send(1);
  talk.text(R"({"type":"history"})");
  talk.text(R"({"type":"rename","name":"bob"})");
  last_error(talk.join_failed(Code::unavailable), Code::unavailable);

  CHECK(talk.send(2).empty());
  CHECK(talk.text("{").empty());
  CHECK(talk.binary().empty());
  CHECK(talk.hello_timeout().empty());
  CHECK(talk.joined().empty());
  CHECK(talk.join_failed(Code::busy).empty());
  CHECK(talk.published(1, 1).empty());
  CHECK(talk.published(1, wire::fail(Code::unavailable)).empty());
  CHECK(talk.page({}, broker::ReadAnswer()).empty());
  CHECK(talk.renamed(std::string("bob")).empty());
}

}  // namespace
}  // namespace chat::tests
