#include "stage.hpp"

#include <array>
#include <ctime>
#include <stdexcept>

#include "chat/wire/server_frame.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

const base::ClientId kOwn("own");

std::tm utc(base::WallMs at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

std::string clock_of(base::WallMs at) {
  const auto parts = utc(at);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%H:%M", &parts);
  return text.data();
}

tui::Day day_of(base::WallMs at) {
  const auto parts = utc(at);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_wday};
}

}  // namespace

Stage::Stage(const Look& look) : terminal_(look.columns, look.lines) {
  loop_.set_wall(kBegin);
  tui::App::Options options;
  options.dialler = [this](const client::ServerUrl&, transport::Dial::Done done) {
    dialled_.push_back(std::move(done));
    return std::make_shared<int>(0);
  };
  options.client.servers.push_back(client::parse_server_url("ws://chat.test").value());
  options.client.room = base::RoomName("lobby");
  options.client.name = "ann";
  options.client.from.kind = client::ReadFrom::Kind::newest;
  options.client.from.count = 200;
  options.read_to = [this](const base::RoomName&) { return read_to_; };
  options.texts = &tui::texts_in(look.language);
  options.clock = clock_of;
  options.day = day_of;
  options.random = [] { return std::uint64_t{0}; };
  app_ = std::make_unique<tui::App>(loop_, terminal_, std::move(options),
                                    [this](int code) { exit_ = code; });
}

Stage::~Stage() = default;

// ---- before it begins

void Stage::has_said(const std::string& name, const std::string& text, base::WallMs after) {
  Room& room = rooms_["lobby"];
  auto made = message(room, name, text);
  made.at = kBegin + after;
  room.log.push_back(std::make_shared<wire::Message>(std::move(made)));
}

void Stage::has_read_to(std::uint64_t seq) { read_to_ = wire::Cursor{epoch_, base::Seq(seq)}; }

void Stage::begin(const Names& members) {
  rooms_["lobby"].members = members;
  app_->start();
  settle();
  pass(1s);
}

// ---- the servers

wire::Message Stage::message(const Room& room, const std::string& name,
                             const std::string& text) const {
  wire::Message made;
  made.seq = base::Seq(room.log.size() + 1);
  made.at = loop_.wall_now();
  made.name = name;
  made.client = base::ClientId("of_" + name);
  made.n = made.seq.value();
  made.body = wire::quoted(text);
  return made;
}

void Stage::says(const std::string& name, const std::string& text, const std::string& room) {
  Room& its = rooms_.at(room);
  its.log.push_back(std::make_shared<wire::Message>(message(its, name, text)));
  its.peer->say(wire::encode_message(*its.log.back(), wire::Dialect::v1));
  settle();
}

void Stage::come(const Names& joined, const Names& left) {
  Room& room = rooms_.at("lobby");
  wire::Presence presence;
  presence.joined = joined;
  presence.left = left;
  presence.count = room.members.size() + joined.size() - left.size();
  room.members.resize(presence.count);
  room.peer->say(wire::encode_presence(presence));
  settle();
}

void Stage::is_renamed(const std::string& from, const std::string& to) {
  Room& room = rooms_.at("lobby");
  wire::Presence presence;
  presence.renamed = {{from, to}};
  presence.count = room.members.size();
  room.peer->say(wire::encode_presence(presence));
  settle();
}

void Stage::is_called(const std::string& name) {
  Room& room = rooms_.at("lobby");
  room.own = name;
  room.peer->say(wire::encode_renamed(name));
  settle();
}

void Stage::types(const std::string& name) {
  rooms_.at("lobby").peer->say(wire::encode_typing(name));
  settle();
}

void Stage::goes_for(std::chrono::seconds time) {
  is_there_ = false;
  Room& room = rooms_.at("lobby");
  room.peer->say(
      wire::encode_closing(static_cast<std::uint64_t>(std::chrono::milliseconds(time).count())));
  settle();
  room.held.clear();
  room.wire->end(false);
  settle();
}

void Stage::fails() {
  for (const auto& done : std::exchange(dialled_, {})) {
    transport::Dial::Failure failure;
    failure.why = "connection refused";
    done(tl::unexpected(failure));
  }
  settle();
}

void Stage::ends(std::uint16_t close, const std::string& room) {
  constexpr unsigned kClose = 8;
  Room& its = rooms_.at(room);
  its.held.clear();
  const std::string code{static_cast<char>(close >> 8U), static_cast<char>(close & 0xFFU)};
  its.wire->send(server_frame(kClose, code));
  loop_.run_until_idle();
  its.wire->end(false);
  settle();
}

void Stage::answers(bool does) {
  answers_ = does;
  for (auto& [name, room] : rooms_) {
    for (const auto& send : std::exchange(room.held, {})) take(room, send);
  }
  settle();
}

void Stage::has_a_new_log() {
  epoch_ = base::Epoch(epoch_.value() + "_");
  rooms_.at("lobby").log.clear();
}

void Stage::pass(base::Duration time) {
  for (; time > 1s; time -= 1s) {
    loop_.advance(1s);
    settle();
  }
  loop_.advance(time);
  settle();
}

/// Everything that was dialled gets through, everything that was asked is answered.
void Stage::settle() {
  loop_.run_until_idle();
  while (is_there_ && !dialled_.empty()) {
    const auto done = std::move(dialled_.front());
    dialled_.erase(dialled_.begin());
    accept(done);
    loop_.run_until_idle();
  }
  for (auto& [name, room] : rooms_) {
    if (room.peer && !room.wire->gone()) hear(name, room);
  }
  loop_.run_until_idle();
}

void Stage::accept(const transport::Dial::Done& done) {
  auto wire = std::make_unique<FakeStream>(loop_);
  auto peer = std::make_unique<WsPeer>(*wire);
  done(wire->stream());
  loop_.run_until_idle();
  const std::string begin = "GET /ws/";
  const auto request = peer->request();
  const auto name = request.substr(begin.size(), request.find("/ ") - begin.size());
  Room& room = rooms_[name];
  if (room.members.empty()) room.members = {"ann", "bob"};
  room.wire = std::move(wire);
  room.peer = std::move(peer);
  room.peer->accept();
}

void Stage::hear(const std::string& name, Room& room) {
  const std::string begin = "text:";
  const std::string ping = "ping:";
  constexpr unsigned kPong = 10;
  for (auto heard = room.peer->heard(); !heard.empty(); heard = room.peer->heard()) {
    for (const auto& word : heard) {
      if (word.compare(0, ping.size(), ping) == 0) {
        room.wire->send(server_frame(kPong, word.substr(ping.size())));
        continue;
      }
      const auto frame = wire::decode_v1(word.substr(begin.size()), wire::Limits());
      if (!frame) throw std::runtime_error("not understood: " + word);
      std::visit([&](const auto& one) { on(name, room, one); }, *frame);
    }
    loop_.run_until_idle();
  }
}

void Stage::on(const std::string& name, Room& room, const wire::Hello& hello) {
  wire::Welcome welcome;
  welcome.room = base::RoomName(name);
  room.own = free_name(hello.name);
  welcome.name = room.own;
  welcome.client = kOwn;
  welcome.epoch = epoch_;
  welcome.head = base::Seq(room.log.size());
  welcome.members = room.members;
  welcome.count = room.members.size();
  if (hello.since) welcome.recovered = !trimmed_ && hello.since->epoch == epoch_;
  if (welcome.recovered == false) {
    welcome.missing.emplace();
    if (trimmed_) welcome.missing->between = {hello.since->seq, base::Seq(room.log.size() + 1)};
    if (!trimmed_) welcome.missing->epoch = hello.since->epoch;
  }
  trimmed_ = false;
  room.peer->say(wire::encode_welcome(welcome));
}

void Stage::on(const std::string&, Room& room, const wire::Send& send) {
  if (refusal_) {
    auto error = wire::error_of(*std::exchange(refusal_, std::nullopt));
    error.n = send.n;
    return room.peer->say(wire::encode_error(error, wire::Dialect::v1));
  }
  if (!answers_) return room.held.push_back(send);
  take(room, send);
}

void Stage::take(Room& room, const wire::Send& send) {
  loop_.advance(12ms);
  auto made = message(room, room.own, "");
  made.client = kOwn;
  made.n = send.n;
  made.body = send.body;
  room.log.push_back(std::make_shared<wire::Message>(std::move(made)));
  room.peer->say(wire::encode_ack({send.n, room.log.back()->seq, false}));
  room.peer->say(wire::encode_message(*room.log.back(), wire::Dialect::v1));
}

std::string Stage::free_name(const std::string& wanted) const {
  return taken_.count(wanted) > 0 ? wanted + "-2" : wanted;
}

void Stage::on(const std::string&, Room& room, const wire::Rename& rename) {
  wire::Presence presence;
  const auto before = std::exchange(room.own, free_name(rename.name));
  presence.renamed = {{before, room.own}};
  presence.count = room.members.size();
  room.peer->say(wire::encode_renamed(room.own));
  room.peer->say(wire::encode_presence(presence));
}

void Stage::on(const std::string&, Room& room, const wire::HistoryRequest& request) {
  wire::HistoryPage page;
  page.before = request.before;
  page.after = request.after;
  for (const auto& one : room.log) {
    const bool is_before = !request.before || one->seq < *request.before;
    const bool is_after = !request.after || *request.after < one->seq;
    if (is_before && is_after) page.messages.push_back(one);
  }
  room.peer->say(wire::encode_history(page));
}

// ---- the keyboard

void Stage::type_key(tui::Key key) {
  terminal_.typed.push_back(std::move(key));
  app_->on_input();
  settle();
}

void Stage::write(const std::string& text) {
  tui::Key key;
  key.text = text;
  type_key(key);
}

void Stage::enter(const std::string& line) {
  write(line);
  press(tui::Key::Kind::enter);
}

void Stage::press(tui::Key::Kind kind, char letter) {
  tui::Key key;
  key.kind = kind;
  key.letter = letter;
  type_key(key);
}

void Stage::paste(const std::string& text) {
  tui::Key key;
  key.kind = tui::Key::Kind::paste;
  key.text = text;
  type_key(key);
}

}  // namespace chat::tests
