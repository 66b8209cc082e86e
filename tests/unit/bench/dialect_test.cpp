#include "chat/bench/dialect.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat/wire/json_members.hpp"

using namespace chat::bench;
using namespace std::string_literals;

namespace {

using Texts = std::vector<std::string>;

/// What a server of a dialect says to the member of `seat_of`.
struct Server {
  std::string_view dialect;
  Texts joining;             ///< in this order; the last one joins, and none other does
  Texts pings;               ///< each with its answer behind it
  Texts refusing;            ///< instead of joining: it is over
  Texts blaming;             ///< afterwards: something is wrong with one message
  Texts ending;              ///< afterwards: it is over
  Texts idle;                ///< at any time; says nothing to a member
  std::string ack;           ///< of the first message
  std::string message = {};  ///< with a mark; where members resume
};

const std::vector<Server>& servers() {
  static const std::vector<Server> all = {
      {"chat.v1",
       {R"({"type":"welcome","room":"qq","name":"ann","client":"abcdefghijk","epoch":"aaaaaaaaaaaa","head":0,"members":["ann"],"count":1,"limits":{"message_bytes":1048576,"inflight":256,"frames_per_second":5000,"history_page":200,"members":200},"resume_within_ms":0})"},
       {},
       {R"({"type":"error","code":"bad_token","text":"the token is not valid here"})",
        R"({"type":"error","code":"busy","text":"too much to do"})",
        R"({"type":"error","code":"of_tomorrow","text":"a newer server's"})"},
       {R"({"type":"error","code":"busy","text":"too much to do","n":1})"},
       {R"({"type":"error","code":"slow_reader","text":"you read too slowly"})",
        R"({"type":"closing","reconnect_after_ms":20})"},
       {R"({"type":"presence","joined":["bob"],"left":[],"count":2})",
        R"({"type":"typing","name":"bob"})", R"({"type":"ready"})",
        R"({"type":"of_tomorrow","room":"qq"})"},
       R"({"type":"ack","n":1,"seq":7})",
       R"({"type":"message","seq":7,"at":1,"name":"bob","client":"abcdefghijk","n":1,"message":"aabbccddeeffgghhaabbccddeeffgghh"})"},
      {"plain",
       {},
       {},
       {},
       {R"({"message":"[chat] not valid JSON","error":{"code":"bad_json"}})"},
       {},
       {R"({"message": "of somebody else"})"},
       ""},
      {"raw", {}, {}, {}, {}, {}, {"hello", R"({"message":"x"})"}, ""},
      {"centrifugo",
       {R"({"id":1,"connect":{"client":"c1","version":"5.4.9","ping":25,"pong":true}})",
        R"({"id":2,"subscribe":{}})"},
       {"{}", "{}"},
       {R"({"id":1,"error":{"code":101,"message":"unauthorized"}})",
        R"({"id":2,"error":{"code":103,"message":"permission denied"}})",
        R"({"push":{"disconnect":{"code":3500,"reason":"invalid token"}}})"},
       {R"({"id":3,"error":{"code":103,"message":"permission denied"}})"},
       {R"({"push":{"disconnect":{"code":3001,"reason":"shutdown"}}})",
        R"({"push":{"channel":"qq","unsubscribe":{"code":2500,"reason":"server unsubscribe"}}})"},
       {R"({"push":{"channel":"qq","pub":{"data":{"message":"x"}}}})",
        R"({"push":{"channel":"qq","join":{"info":{"client":"c2"}}}})"},
       R"({"id":3,"publish":{}})"},
      {"socket.io",
       {R"(0{"sid":"a1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})",
        R"(40{"sid":"b2"})", "430[]"},
       {"2", "3"},
       {R"(44{"message":"not authorized"})", R"(430[{"error":"no such room"}])", "41", "1"},
       {},
       {"41", "1"},
       {R"(42["message","x"])", R"(40/admin,{"sid":"c3"})", R"(431[])", "6", "3probe"},
       ""},
      {"phoenix",
       {R"(["1","1","room:qq","phx_reply",{"status":"ok","response":{}}])"},
       {},
       {R"(["1","1","room:qq","phx_reply",{"status":"error","response":{"reason":"unauthorized"}}])",
        R"(["1","1","room:qq","phx_error",{}])"},
       {R"(["1","2","room:qq","phx_reply",{"status":"error","response":{"too":"long"}}])"},
       {R"(["1","1","room:qq","phx_error",{}])", R"(["1","1","room:qq","phx_close",{}])"},
       {R"([null,"2","phoenix","phx_reply",{"status":"ok","response":{}}])",
        R"([null,null,"room:qq","shout",{"body":"x"}])",
        R"(["1","1","room:other","phx_reply",{"status":"ok","response":{}}])",
        R"(["1","2","room:qq","phx_reply",{"status":"ok","response":{}}])"},
       ""},
      {"pusher",
       {R"({"event":"pusher:connection_established","data":"{\"socket_id\":\"1234.1234\",\"activity_timeout\":120}"})",
        R"({"event":"pusher_internal:subscription_succeeded","channel":"private-qq","data":"{}"})"},
       {R"({"event":"pusher:ping","data":"{}"})", R"({"event":"pusher:pong","data":{}})"},
       {R"({"event":"pusher:error","data":{"code":4001,"message":"no such application"}})",
        R"({"event":"pusher:error","data":"{\"code\":4009,\"message\":\"unauthorized\"}"})",
        R"({"event":"pusher:subscription_error","channel":"private-qq","data":{"type":"AuthError","error":"wrong signature","status":401}})"},
       {R"({"event":"pusher:error","data":{"code":4301,"message":"more than 10 a second"}})"},
       {R"({"event":"pusher:error","data":{"code":4200,"message":"come back"}})"},
       {R"({"event":"pusher:pong","data":{}})",
        R"({"event":"pusher_internal:subscription_succeeded","channel":"private-other","data":"{}"})",
        R"({"event":"client-message","channel":"private-qq","data":{"message":"x"}})"},
       ""},
  };
  return all;
}

Seat seat_of(std::string room = "qq") {
  return {std::move(room), "ann", "abcdefghijklmnop", 0, false};
}

DialectOptions options_of(std::string path = {}) {
  return {std::move(path), "the-key", "the-secret"};
}

std::unique_ptr<Dialect> dialect_of(std::string_view name) {
  auto made = make_dialect(name, options_of());
  REQUIRE(made.has_value());
  return std::move(*made);
}

/// A member whose connection is open, and who was told the first `told` frames of what joins.
Seat opened(const Dialect& dialect, const Server& server, std::size_t told) {
  Seat seat = seat_of();
  dialect.on_open(seat);
  for (std::size_t i = 0; i < told; ++i) dialect.on_text(seat, server.joining[i]);
  return seat;
}

Seat joined(const Dialect& dialect, const Server& server) {
  Seat seat = opened(dialect, server, server.joining.size());
  REQUIRE(seat.joined);
  return seat;
}

/// Everything that any server says in these tests.
Texts all_frames() {
  Texts all;
  for (const auto& server : servers()) {
    for (const auto* texts : {&server.joining, &server.pings, &server.refusing, &server.blaming,
                              &server.ending, &server.idle}) {
      all.insert(all.end(), texts->begin(), texts->end());
    }
    all.push_back(server.ack);
    all.push_back(server.message);
  }
  return all;
}

std::string many(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

Texts hostile_frames() {
  const std::string deep = many("[", 30000) + many("]", 30000);
  return {"",
          " ",
          "\0"s,
          "{}\0"s,
          "\xEF\xBB\xBF{}",
          "\xFF\xFE",
          "null",
          "[]",
          "0",
          "4",
          "40",
          "43",
          "430",
          "44",
          "0{}",
          "40{}",
          R"(40{"sid":7})",
          "430{}",
          "4300[]",
          "1e999",
          R"({"id":1e999,"connect":{}})",
          R"({"id":-1,"connect":{}})",
          R"({"id":"2","subscribe":{}})",
          R"({"id":2,"subscribe":null})",
          R"({"id":18446744073709551615,"publish":{}})",
          R"({"event":7,"channel":"private-qq"})",
          R"({"event":"pusher:connection_established","data":"{"})",
          R"({"event":"pusher:connection_established","data":{"socket_id":1}})",
          R"(["1","1","room:qq","phx_reply",{"status":true}])",
          R"(["1","1","room:qq","phx_reply","ok"])",
          R"([1,1,"room:qq","phx_reply",{"status":"ok","response":{}}])",
          R"(["1","1","room:qq"])",
          R"({"type":"welcome"})",
          R"({"type":"welcome","room":"qq","name":"ann"})",
          deep,
          many(R"({"a":)", 30000),
          R"({"id":1,"error":{"code":)" + deep + "}}",
          R"({"event":"pusher:error","data":)" + deep + "}",
          R"(["1","1","room:qq","phx_reply",{"status":"error","response":)" + deep + "}]",
          "44" + deep,
          "430[{\"error\":" + deep + "}]",
          R"({"error":)" + deep + "}",
          R"({"type":"error","code":)" + deep + "}",
          many("{}\n", 1000),
          many("\n", 1000),
          many(R"({"id":1,"connect":{}})"
               "\n",
               1000)};
}

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c != '\x7F'; });
}

/// Without the number that Socket.IO has in front.
std::string json_of(const std::string& frame) {
  return frame.substr(std::min(frame.find_first_of("{["), frame.size()));
}

/// The cells of the row of docs/bench.md that begins with `name`; the first table's.
Texts row_of(std::string_view name) {
  std::ifstream page(CHAT_SOURCE_DIR "/docs/bench.md");
  const std::string begins = "| `" + std::string(name) + "` | ";
  for (std::string line; std::getline(page, line);) {
    if (line.compare(0, begins.size(), begins) != 0) continue;
    Texts cells;
    for (std::size_t at = 2; at < line.size();) {
      const std::size_t end = std::min(line.find(" |", at), line.size());
      cells.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    return cells;
  }
  return {};
}

std::size_t count_of(std::string_view part, std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("dialect: every name makes one, and each is tried here", "[bench][dialect]") {
  std::set<std::string_view> tried;
  for (const auto& server : servers()) tried.insert(server.dialect);
  const auto& names = dialect_names();
  CHECK(tried == std::set<std::string_view>(names.begin(), names.end()));
  CHECK(tried.size() == names.size());
  for (const auto name : names) CHECK(make_dialect(name, options_of()).has_value());
}

TEST_CASE("dialect: an unknown name is refused, with those that there are", "[bench][dialect]") {
  const auto made = make_dialect("irc\x1b", options_of());
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().find("irc") != std::string::npos);
  CHECK(made.error().find("chat.v1, plain, raw") != std::string::npos);
  CHECK(is_printable(made.error()));
}

TEST_CASE("dialect: joining happens on the frame that says so, and on none before",
          "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    for (std::size_t told = 0; told <= server.joining.size(); ++told) {
      CHECK(opened(*dialect, server, told).joined == (told == server.joining.size()));
    }
  }
}

TEST_CASE("dialect: a truncated frame does not join, and the whole one still does",
          "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    for (std::size_t told = 0; told < server.joining.size(); ++told) {
      const std::string& frame = server.joining[told];
      for (std::size_t size = 0; size < frame.size(); ++size) {
        Seat seat = opened(*dialect, server, told);
        CAPTURE(frame.substr(0, size));
        dialect->on_text(seat, std::string_view(frame).substr(0, size));
        CHECK_FALSE(seat.joined);
        for (auto rest = told; rest < server.joining.size(); ++rest) {
          dialect->on_text(seat, server.joining[rest]);
        }
        CHECK(seat.joined);
      }
    }
  }
}

TEST_CASE("dialect: what another server says does not join", "[bench][dialect]") {
  for (const auto& server : servers()) {
    if (server.joining.empty()) continue;
    const auto dialect = dialect_of(server.dialect);
    for (std::string frame : all_frames()) {
      if (frame == server.joining.back()) continue;
      CAPTURE(server.dialect, frame);
      Seat seat = opened(*dialect, server, server.joining.size() - 1);
      dialect->on_text(seat, frame);
      CHECK_FALSE(seat.joined);
    }
  }
}

TEST_CASE("dialect: hostile frames do not join, nor are they answered at length",
          "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const std::string& frame : hostile_frames()) {
      CAPTURE(server.dialect, frame.substr(0, 100));
      for (const std::size_t told : {std::size_t{0}, server.joining.size()}) {
        Seat seat = opened(*dialect, server, told);
        const bool was_joined = seat.joined;
        const auto step = dialect->on_text(seat, frame);
        CHECK(seat.joined == was_joined);
        CHECK(step.acked == 0);
        CHECK(step.answered == 0);
        CHECK(step.send.size() <= 2);
        CHECK(step.refused.size() <= 2000);
        CHECK(is_printable(step.refused));
      }
    }
  }
}

TEST_CASE("dialect: frames with bytes changed at random are survived", "[bench][dialect]") {
  std::mt19937 random(20261130);
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const std::string& frame : all_frames()) {
      if (frame.empty()) continue;
      for (int turn = 0; turn < 20; ++turn) {
        std::string changed = frame;
        for (int i = 0; i < 3; ++i)
          changed[random() % changed.size()] = static_cast<char>(random());
        Seat seat = opened(*dialect, server, server.joining.size() / 2);
        const auto step = dialect->on_text(seat, changed);
        if (step.send.size() > 2 || !is_printable(step.refused))
          FAIL_CHECK(server.dialect << changed);
      }
    }
  }
}

TEST_CASE("dialect: a message is JSON that holds the payload once", "[bench][dialect]") {
  const std::string payload = "aabbccddeeffgghhaabbccddeeffgghh-and-more";
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    Seat seat = joined(*dialect, server);
    std::string first = "before:";
    dialect->publish(seat, payload, first);
    REQUIRE(first.substr(0, 7) == "before:");
    first.erase(0, 7);
    CAPTURE(first);
    CHECK(count_of(payload, first) == 1);
    if (server.dialect == "raw") {
      CHECK(first == payload);
      continue;
    }
    CHECK(chat::wire::is_message_value(json_of(first)));
    std::string second;
    dialect->publish(seat, payload, second);
    if (dialect->acknowledges()) CHECK(first != second);
  }
}

TEST_CASE("dialect: what is said while joining is JSON, also for a room of any script",
          "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    Seat seat = seat_of("聊天\"x");
    Texts said = dialect->on_open(seat).send;
    for (const auto& frame : server.joining) {
      for (auto& answer : dialect->on_text(seat, frame).send) said.push_back(std::move(answer));
    }
    if (const auto heartbeat = dialect->heartbeat(seat)) said.push_back(heartbeat->frame);
    for (const auto& frame : said) {
      CAPTURE(server.dialect, frame);
      CHECK((frame == "40" || chat::wire::is_message_value(json_of(frame))));
    }
  }
}

TEST_CASE("dialect: a ping is answered, before and after joining", "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    for (std::size_t i = 0; i + 1 < server.pings.size(); i += 2) {
      for (std::size_t told = 0; told <= server.joining.size(); ++told) {
        Seat seat = opened(*dialect, server, told);
        CHECK(dialect->on_text(seat, server.pings[i]).send == Texts{server.pings[i + 1]});
        CHECK(seat.joined == (told == server.joining.size()));
      }
    }
  }
}

TEST_CASE("dialect: an error instead of joining is told, and it is over", "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const auto& frame : server.refusing) {
      CAPTURE(server.dialect, frame);
      Seat seat = opened(*dialect, server, 0);
      const auto step = dialect->on_text(seat, frame);
      CHECK_FALSE(step.refused.empty());
      CHECK(step.is_over);
      CHECK_FALSE(seat.joined);
    }
  }
}

TEST_CASE("dialect: an error about a message is told, and the others go on", "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const auto& frame : server.blaming) {
      CAPTURE(server.dialect, frame);
      Seat seat = joined(*dialect, server);
      std::string sent;
      dialect->publish(seat, "x", sent);
      const auto step = dialect->on_text(seat, frame);
      CHECK_FALSE(step.refused.empty());
      CHECK_FALSE(step.is_over);
      CHECK(step.acked == 0);
    }
  }
}

TEST_CASE("dialect: the server's end of it is told", "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const auto& frame : server.ending) {
      CAPTURE(server.dialect, frame);
      Seat seat = joined(*dialect, server);
      const auto step = dialect->on_text(seat, frame);
      CHECK_FALSE(step.refused.empty());
      CHECK(step.is_over);
    }
  }
}

TEST_CASE("dialect: what is none of a member's business is passed over", "[bench][dialect]") {
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    for (const auto& frame : server.idle) {
      CAPTURE(server.dialect, frame);
      Seat seat = joined(*dialect, server);
      const auto step = dialect->on_text(seat, frame);
      CHECK(step.send.empty());
      CHECK(step.acked == 0);
      CHECK(step.refused.empty());
      CHECK_FALSE(step.is_over);
      CHECK(seat.joined);
    }
  }
}

TEST_CASE("dialect: an acknowledgement counts for a message that was sent", "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    REQUIRE(dialect->acknowledges() == !server.ack.empty());
    if (server.ack.empty()) continue;
    Seat seat = joined(*dialect, server);
    CHECK(dialect->on_text(seat, server.ack).acked == 0);
    std::string sent;
    dialect->publish(seat, "x", sent);
    CHECK(dialect->on_text(seat, server.ack).acked == 1);
  }
}

TEST_CASE("dialect: who was cut is out, and in again once the server says so", "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    Seat seat = joined(*dialect, server);
    std::string sent;
    dialect->publish(seat, "x", sent);
    const auto n = seat.n;
    dialect->on_cut(seat);
    CHECK_FALSE(seat.joined);
    CHECK(seat.n == n);
    dialect->on_open(seat);
    CHECK(seat.joined == server.joining.empty());
    for (const auto& frame : server.joining) dialect->on_text(seat, frame);
    CHECK(seat.joined);
  }
}

TEST_CASE("dialect: where members resume, they say from where, and only then", "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    CHECK(dialect->resumes() == !server.message.empty());
    Seat seat = seat_of();
    const Texts first = dialect->on_open(seat).send;
    for (const auto& frame : server.joining) dialect->on_text(seat, frame);
    dialect->on_message(seat, server.message);
    dialect->on_cut(seat);
    CHECK((dialect->on_open(seat).send != first) == dialect->resumes());
  }
}

TEST_CASE("dialect: whatever comes as a message is survived, and joins nobody",
          "[bench][dialect]") {
  std::mt19937 random(20261130);
  for (const auto& server : servers()) {
    const auto dialect = dialect_of(server.dialect);
    Seat seat = seat_of();
    for (const auto& frames : {all_frames(), hostile_frames()}) {
      for (std::string frame : frames) {
        for (int turn = 0; turn < 5; ++turn) {
          dialect->on_message(seat, frame);
          if (frame.empty()) break;
          frame[random() % frame.size()] = static_cast<char>(random());
          if (turn == 3) frame.resize(random() % frame.size());
        }
      }
    }
    CHECK_FALSE(seat.joined);
  }
}

TEST_CASE("dialect: what is sent again has its number, or is a new message", "[bench][dialect]") {
  const std::string payload = "aabbccddeeffgghhaabbccddeeffgghh-and-more";
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    Seat seat = joined(*dialect, server);
    std::string first;
    dialect->publish(seat, payload, first);
    const auto n = seat.n;
    std::string other;
    dialect->publish(seat, payload, other);
    const auto newest = seat.n;
    std::string again = "before:";
    dialect->publish_again(seat, n, payload, false, again);
    CHECK(again.substr(0, 7) == "before:");
    again.erase(0, 7);
    CHECK(count_of(payload, again) == 1);
    if (dialect->deduplicates()) {
      CHECK(n > 0);
      CHECK(newest == n + 1);
      CHECK(first != other);
      CHECK(again == first);
      CHECK(seat.n == newest);
    }
  }
}

TEST_CASE("dialect: who sends again is told which message is answered", "[bench][dialect]") {
  for (const auto& server : servers()) {
    CAPTURE(server.dialect);
    const auto dialect = dialect_of(server.dialect);
    if (dialect->deduplicates()) REQUIRE(dialect->acknowledges());
    Seat seat = joined(*dialect, server);
    std::string sent;
    dialect->publish(seat, "x", sent);
    const std::uint64_t first = dialect->deduplicates() ? seat.n : 0;
    dialect->publish(seat, "y", sent);
    if (!server.ack.empty()) CHECK(dialect->on_text(seat, server.ack).answered == first);
    for (const auto& frame : server.blaming) {
      CHECK(dialect->on_text(seat, frame).answered == first);
    }
    for (const auto& frame : server.idle) CHECK(dialect->on_text(seat, frame).answered == 0);
  }
}

TEST_CASE("dialect: docs/bench.md says what each one does", "[bench][dialect]") {
  const auto word = [](bool is) { return is ? "yes" : "no"; };
  for (const auto name : dialect_names()) {
    CAPTURE(name);
    auto made = make_dialect(name, {"", "KEY", "x"});
    REQUIRE(made.has_value());
    const Dialect& dialect = **made;
    const Texts row = row_of(name);
    REQUIRE(row.size() == 7);
    const std::string target = "`" + dialect.handshake(seat_of("ROOM")).target + "`";
    const std::string told = row[2].substr(0, row[2].find("…"));
    CHECK(target.compare(0, told.size(), told) == 0);
    Seat seat = seat_of();
    dialect.on_open(seat);
    CHECK((row[3] == "no: in with the handshake") == seat.joined);
    CHECK(row[4] == word(dialect.acknowledges()));
    CHECK(row[5] == word(dialect.echoes()));
    CHECK(row[6] == word(dialect.resumes()));
  }
}

TEST_CASE("dialect: another path may be asked for, with the room in it", "[bench][dialect]") {
  for (const auto name : dialect_names()) {
    CAPTURE(name);
    const auto made = make_dialect(name, options_of("/v2/{room}/live?room={room}"));
    REQUIRE(made.has_value());
    CHECK((*made)->handshake(seat_of("聊")).target == "/v2/%E8%81%8A/live?room=%E8%81%8A");
  }
}
