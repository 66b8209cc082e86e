#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "chat/bench/dialect.hpp"

using namespace chat::bench;

// The frames of each dialect, letter by letter.

namespace {

using Texts = std::vector<std::string>;

/// One member of the room "qq" that speaks a dialect.
class Talk {
 public:
  explicit Talk(std::string_view dialect, DialectOptions options = {}) {
    auto made = make_dialect(dialect, options);
    REQUIRE(made.has_value());
    dialect_ = std::move(*made);
  }

  Seat seat{"qq", "ann", "abcdefghijklmnop", 0, false};

  const Dialect& dialect() const { return *dialect_; }
  std::string target() const { return dialect_->handshake(seat).target; }
  std::string subprotocol() const { return dialect_->handshake(seat).subprotocol; }
  Texts open() { return dialect_->on_open(seat).send; }
  Dialect::Step hear(std::string_view text) { return dialect_->on_text(seat, text); }
  Texts answer(std::string_view text) { return hear(text).send; }
  /// Tells whether there was something to tell of it.
  std::string be_welcome(std::uint64_t head, std::string_view more = "",
                         std::string_view epoch = "aaaaaaaaaaaa") {
    std::string text =
        R"({"type":"welcome","room":"qq","name":"ann","client":"abcdefghijk","epoch":")";
    text.append(epoch).append(R"(","head":)").append(std::to_string(head)).append(more);
    text += R"(,"members":["ann"],"count":1,"limits":{"message_bytes":1048576,"inflight":256,)"
            R"("frames_per_second":5000,"history_page":200,"members":200},"resume_within_ms":0})";
    const auto step = hear(text);
    CHECK_FALSE(step.is_over);
    CHECK(seat.joined);
    return step.refused;
  }
  void get(std::uint64_t seq) {
    dialect_->on_message(seat, R"({"type":"message","seq":)" + std::to_string(seq) +
                                   R"(,"at":1,"name":"bob","message":"x"})");
  }
  Texts open_again() {
    dialect_->on_cut(seat);
    return open();
  }
  std::string say(std::string_view payload) {
    std::string frame;
    dialect_->publish(seat, payload, frame);
    return frame;
  }

 private:
  std::unique_ptr<Dialect> dialect_;
};

}  // namespace

TEST_CASE("chat.v1: a hello with its secret and name, then numbered messages", "[bench][dialect]") {
  Talk talk("chat.v1");
  CHECK(talk.target() == "/ws/qq/");
  CHECK(talk.subprotocol() == "chat.v1");
  CHECK(talk.open() == Texts{R"({"type":"hello","client":"abcdefghijklmnop","name":"ann"})"});
  CHECK(talk.say("hi") == R"({"type":"send","n":1,"message":"hi"})");
  CHECK(talk.say("ho") == R"({"type":"send","n":2,"message":"ho"})");
  CHECK(talk.hear(R"({"type":"ack","n":2,"seq":9})").acked == 1);
  CHECK(talk.hear(R"({"type":"ack","n":3,"seq":10})").acked == 0);
}

TEST_CASE("chat.v1: who gets another name than asked for goes on", "[bench][dialect]") {
  Talk talk("chat.v1");
  const auto step = talk.hear(R"({"type":"error","code":"bad_name","text":"not a usable name"})");
  CHECK(step.refused == "bad_name: not a usable name");
  CHECK_FALSE(step.is_over);
}

TEST_CASE("chat.v1: who keeps to the order says so, and goes on from the first that was refused",
          "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.seat.is_ordered = true;
  CHECK(talk.open() ==
        Texts{R"({"type":"hello","client":"abcdefghijklmnop","name":"ann","ordered":true})"});
  talk.say("hi");
  const auto busy = talk.hear(R"({"type":"error","code":"busy","text":"later","n":1})");
  CHECK(busy.is_passing);
  CHECK(busy.answered == 1);
  std::string again;
  talk.dialect().publish_again(talk.seat, 1, "hi", true, again);
  CHECK(again == R"({"type":"send","n":1,"first":true,"message":"hi"})");
  CHECK_FALSE(talk.hear(R"({"type":"error","code":"stale_n","text":"too old","n":1})").is_passing);
}

std::string hello_since(std::string_view epoch, std::uint64_t seq) {
  return R"({"type":"hello","client":"abcdefghijklmnop","name":"ann","since":{"epoch":")" +
         std::string(epoch) + R"(","seq":)" + std::to_string(seq) + "}}";
}

TEST_CASE("chat.v1: who was cut asks for what came behind the last message", "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.open();
  CHECK(talk.be_welcome(7).empty());
  CHECK(talk.open_again() == Texts{hello_since("aaaaaaaaaaaa", 7)});
  CHECK(talk.be_welcome(20, R"(,"recovered":true)").empty());
  talk.get(9);
  talk.get(12);
  CHECK(talk.open_again() == Texts{hello_since("aaaaaaaaaaaa", 12)});
}

TEST_CASE("chat.v1: who is cut before the welcome asks for the same again", "[bench][dialect]") {
  Talk talk("chat.v1");
  const auto first = talk.open();
  CHECK(talk.open_again() == first);
  talk.be_welcome(7);
  talk.open_again();
  CHECK(talk.open_again() == Texts{hello_since("aaaaaaaaaaaa", 7)});
}

TEST_CASE("chat.v1: a message's number is read however its frame is written, and never goes back",
          "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.be_welcome(7);
  const auto get = [&talk](std::string_view text) {
    talk.dialect().on_message(talk.seat, text);
    return talk.seat.seq;
  };
  CHECK(get(R"({"type":"message","seq":8,"at":1,"name":"bob","message":"x"})") == 8);
  CHECK(get(R"({ "seq":9, "type":"message", "at":1,"name":"bob","message":"x"})") == 9);
  CHECK(get(R"({"type":"message","seq":4,"at":1,"name":"bob","message":"x"})") == 9);
  CHECK(get(R"({"type":"message","seq":9007199254740992,"at":1})") == 9);
  CHECK(get(R"({"type":"message","seq":99999999999999999999,"at":1})") == 9);
  CHECK(get(R"({"type":"message","seq":-20,"at":1})") == 9);
  CHECK(get(R"({"type":"message","seq":12)") == 9);
  CHECK(get(R"({"type":"ack","n":1,"seq":12})") == 9);
}

TEST_CASE("chat.v1: that some of what was missed is gone is told, and the rest follows",
          "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.be_welcome(7);
  talk.open_again();
  CHECK(talk.be_welcome(50, R"(,"recovered":false,"missing":{"after":7,"before":30})") ==
        "what was missed is gone: messages after 7 and before 30");
  CHECK(talk.open_again() == Texts{hello_since("aaaaaaaaaaaa", 7)});
}

TEST_CASE("chat.v1: with another log it goes on at that one's head", "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.be_welcome(70);
  talk.open_again();
  CHECK(talk.be_welcome(5, R"(,"recovered":false,"missing":{"epoch":"aaaaaaaaaaaa"})",
                        "bbbbbbbbbbbb") ==
        "what was missed is gone: the room's log is another one");
  CHECK(talk.open_again() == Texts{hello_since("bbbbbbbbbbbb", 5)});
}

TEST_CASE("chat.v1: a server that says nothing of what was missed has not sent it",
          "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.be_welcome(7);
  talk.open_again();
  CHECK(talk.be_welcome(9) == "what was missed is gone: the server does not say what");
}

TEST_CASE("chat.v1: of what was sent, exactly what had no answer is sent again under its number",
          "[bench][dialect]") {
  Talk talk("chat.v1");
  talk.open();
  talk.be_welcome(0);
  const std::string first = talk.say("hi");
  talk.say("ho");
  talk.say("hu");
  CHECK(talk.hear(R"({"type":"ack","n":2,"seq":9})").answered == 2);
  const auto refused = talk.hear(R"({"type":"error","code":"busy","text":"too much to do","n":3})");
  CHECK(refused.answered == 3);
  CHECK(refused.acked == 0);
  CHECK(talk.hear(R"({"type":"ack","n":4,"seq":9})").answered == 0);
  talk.open_again();
  std::string again;
  talk.dialect().publish_again(talk.seat, 1, "hi", false, again);
  CHECK(again == first);
  const auto repeat = talk.hear(R"({"type":"ack","n":1,"seq":8,"repeat":true})");
  CHECK(repeat.answered == 1);
  CHECK(repeat.acked == 1);
  CHECK(talk.say("hey") == R"({"type":"send","n":4,"message":"hey"})");
}

TEST_CASE("plain: joined at once, a message is an object", "[bench][dialect]") {
  Talk talk("plain");
  CHECK(talk.target() == "/ws/qq/");
  CHECK(talk.subprotocol().empty());
  CHECK(talk.open().empty());
  CHECK(talk.seat.joined);
  CHECK(talk.say("hi") == R"({"message":"hi"})");
  CHECK(talk.hear(R"({"message":"[chat] wait","error":{"code":"rate_limited","limit":5000}})")
            .refused == "rate_limited: [chat] wait");
}

TEST_CASE("raw: joined at once, a message is all of a frame", "[bench][dialect]") {
  Talk talk("raw");
  CHECK(talk.target() == "/qq");
  CHECK(talk.open().empty());
  CHECK(talk.seat.joined);
  CHECK(talk.say("hi") == "hi");
}

TEST_CASE("centrifugo: connects, subscribes, publishes, each with its number", "[bench][dialect]") {
  Talk talk("centrifugo");
  CHECK(talk.target() == "/connection/websocket");
  CHECK(talk.subprotocol().empty());
  CHECK(talk.open() == Texts{R"({"id":1,"connect":{}})"});
  CHECK(talk.answer(R"({"id":1,"connect":{"client":"c1","ping":25,"pong":true}})") ==
        Texts{R"({"id":2,"subscribe":{"channel":"qq"}})"});
  CHECK(talk.answer(R"({"id":2,"subscribe":{}})").empty());
  CHECK(talk.say("hi") == R"({"id":3,"publish":{"channel":"qq","data":{"message":"hi"}}})");
  CHECK(talk.say("ho") == R"({"id":4,"publish":{"channel":"qq","data":{"message":"ho"}}})");
}

TEST_CASE("centrifugo: a frame has a reply a line", "[bench][dialect]") {
  Talk talk("centrifugo");
  REQUIRE(talk.dialect().gathers());
  talk.say("hi");
  talk.say("ho");
  const auto step = talk.hear(
      "{\"id\":2,\"subscribe\":{}}\n"
      "{\"push\":{\"channel\":\"qq\",\"pub\":{\"data\":{\"message\":\"hi\"}}}}\n"
      "{}\n"
      "{\"id\":3,\"publish\":{}}\n"
      "{\"id\":4,\"publish\":{}}\n"
      "{}\n");
  CHECK(talk.seat.joined);
  CHECK(step.acked == 2);
  CHECK(step.send == Texts{"{}"});
  CHECK(step.refused.empty());
}

TEST_CASE("centrifugo: the first error of a frame is told", "[bench][dialect]") {
  Talk talk("centrifugo");
  talk.say("hi");
  const auto step = talk.hear(
      "{\"id\":3,\"error\":{\"code\":108,\"message\":\"not available\"}}\n"
      "{\"push\":{\"disconnect\":{\"code\":3005,\"reason\":\"slow\"}}}");
  CHECK(step.refused == "108: not available");
  CHECK(step.is_over);
}

TEST_CASE("centrifugo: a publication with the words of a disconnect in it is none",
          "[bench][dialect]") {
  Talk talk("centrifugo");
  const auto step = talk.hear(
      R"({"push":{"channel":"qq","pub":{"data":{"push":{"disconnect":{"code":1,"reason":"x"}}}}}})");
  CHECK(step.refused.empty());
  CHECK_FALSE(step.is_over);
}

TEST_CASE("socket.io: opens, connects, joins by an acknowledged event", "[bench][dialect]") {
  Talk talk("socket.io");
  CHECK(talk.target() == "/socket.io/?EIO=4&transport=websocket");
  CHECK(talk.open().empty());
  CHECK(talk.answer(R"(0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000})") ==
        Texts{"40"});
  CHECK(talk.answer(R"(40{"sid":"b"})") == Texts{R"(420["join","qq"])"});
  CHECK_FALSE(talk.seat.joined);
  CHECK(talk.hear("430[]").refused.empty());
  CHECK(talk.seat.joined);
  CHECK(talk.say("hi") == R"(42["message","hi"])");
  CHECK(talk.answer("2") == Texts{"3"});
}

TEST_CASE("socket.io: a handler may give its callback whatever it likes but an error",
          "[bench][dialect]") {
  for (const auto* ack : {R"(430[{"status":"ok"}])", R"(430["welcome"])", "430[null]"}) {
    CAPTURE(ack);
    Talk talk("socket.io");
    talk.hear(ack);
    CHECK(talk.seat.joined);
  }
  Talk talk("socket.io");
  CHECK(talk.hear(R"(430[{"error":"the room is full"}])").refused == "the room is full");
  CHECK_FALSE(talk.seat.joined);
  CHECK(talk.hear(R"(44{"message":"not authorized"})").refused == "not authorized");
}

TEST_CASE("phoenix: joins a topic, shouts, says that it lives", "[bench][dialect]") {
  Talk talk("phoenix");
  CHECK(talk.target() == "/socket/websocket?vsn=2.0.0");
  CHECK(talk.open() == Texts{R"(["1","1","room:qq","phx_join",{}])"});
  talk.hear(R"(["1","1","room:qq","phx_reply",{"status":"ok","response":{}}])");
  CHECK(talk.seat.joined);
  CHECK(talk.say("hi") == R"(["1","2","room:qq","shout",{"body":"hi"}])");
  const auto heartbeat = talk.dialect().heartbeat(talk.seat);
  REQUIRE(heartbeat);
  CHECK(heartbeat->every == std::chrono::seconds(30));
  CHECK(heartbeat->frame == R"([null,"3","phoenix","heartbeat",{}])");
  CHECK(talk.say("ho") == R"(["1","4","room:qq","shout",{"body":"ho"}])");
}

TEST_CASE("phoenix: the reason of a refusal is told, or all of it", "[bench][dialect]") {
  Talk talk("phoenix");
  CHECK(
      talk.hear(
              R"(["1","1","room:qq","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}])")
          .refused == "unmatched topic");
  CHECK(talk.hear(R"(["1","2","room:qq","phx_reply",{"status":"error","response":{"max":3}}])")
            .refused == R"({"max":3})");
}

TEST_CASE("pusher: joins a private channel with a signature", "[bench][dialect]") {
  // The key, the secret and the signature of Pusher's own documentation.
  DialectOptions options;
  options.app_key = "278d425bdf160c739803";
  options.app_secret = "7ad3773142a6692b25b8";
  Talk talk("pusher", options);
  talk.seat.room = "foobar";
  CHECK(talk.target() == "/app/278d425bdf160c739803?protocol=7&client=chat-bench&version=1.0");
  CHECK(talk.open().empty());
  const std::string auth =
      "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
  const Texts subscription = {
      R"({"event":"pusher:subscribe","data":{"channel":"private-foobar","auth":")" + auth +
      R"("}})"};
  CHECK(
      talk.answer(
          R"({"event":"pusher:connection_established","data":"{\"socket_id\":\"1234.1234\"}"})") ==
      subscription);
  CHECK(talk.answer(
            R"({"event":"pusher:connection_established","data":{"socket_id":"1234.1234"}})") ==
        subscription);
  CHECK(talk.say("hi") ==
        R"({"event":"client-message","channel":"private-foobar","data":{"message":"hi"}})");
  CHECK_FALSE(talk.dialect().echoes());
}

TEST_CASE("pusher: the key and the secret are needed", "[bench][dialect]") {
  DialectOptions options;
  options.app_key = "278d425bdf160c739803";
  const auto made = make_dialect("pusher", options);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().find("secret") != std::string::npos);
}

TEST_CASE("pusher: an error of the application's ends it, one of a message does not",
          "[bench][dialect]") {
  Talk talk("pusher", {"", "k", "s"});
  talk.seat.joined = true;
  const auto late = talk.hear(R"({"event":"pusher:error","data":{"code":4301,"message":"rate"}})");
  CHECK(late.refused == "4301: rate");
  CHECK_FALSE(late.is_over);
  CHECK(talk.hear(R"({"event":"pusher:error","data":{"code":4100,"message":"full"}})").is_over);
}

TEST_CASE("dialect: a server's text cannot write on a terminal, nor fill it", "[bench][dialect]") {
  Talk talk("socket.io");
  const auto told =
      talk.hear(R"(44{"message":"\u001b[2J\n)" + std::string(100000, 'x') + R"("})").refused;
  CHECK(told.find('\x1b') == std::string::npos);
  CHECK(told.find('\n') == std::string::npos);
  CHECK(told.size() < 1000);
}
