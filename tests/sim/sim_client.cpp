#include "sim/sim_client.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "chat/base/text.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

/// Nothing heard for so long (the server pings more often): the connection is dead.
constexpr auto kDeafness = 12s;
constexpr auto kWatchInterval = 1s;
/// More than is ever said in a run: only who really does not read can overflow it.
constexpr std::size_t kRoomyOutbox = 4U << 20;
constexpr int kSwitchingProtocols = 101;
constexpr int kUnavailable = 503;
/// Slower than this a client may be closed as a slow reader.
constexpr LinkConditions kUnhurried{20ms, 500, 4U << 10};

bool is_slow(const LinkConditions& conditions) {
  return conditions.latency > kUnhurried.latency ||
         conditions.chunk_bytes < kUnhurried.chunk_bytes ||
         conditions.window_bytes < kUnhurried.window_bytes;
}

base::Duration milliseconds(std::uint64_t count) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

}  // namespace

// ---- any client

SimClient::SimClient(World& world, Findings& findings, std::string name, base::RoomName room,
                     std::uint64_t seed)
    : world_(world),
      findings_(findings),
      name_(std::move(name)),
      room_(std::move(room)),
      random_(seed) {
  watch();
}

SimClient::~SimClient() {
  loop().cancel(watch_);
  loop().cancel(reconnect_);
  if (link_) link_->close();
}

void SimClient::come() {
  if (std::exchange(wants_in_, true)) return;
  reconnect_after(0ms);
}

void SimClient::leave(bool politely) {
  wants_in_ = false;
  loop().cancel(std::exchange(reconnect_, 0));
  if (!link_) return;
  if (politely && open_) link_->write(masked_frame(WsOpcode::close, "\x03\xe8", 0));
  link_->close();
  lose();
}

void SimClient::stall(base::Duration duration) {
  stalled_ = true;
  was_slow_ = true;
  if (link_) link_->pause_reading();
  later(duration, [this, stall = ++stalls_] {
    if (stall != stalls_) return;
    stalled_ = false;
    heard_ = loop().now();
    if (link_) link_->resume_reading();
  });
}

void SimClient::set_conditions(LinkConditions conditions) {
  conditions_ = conditions;
  was_slow_ = was_slow_ || is_slow(conditions);
  if (link_) link_->set_conditions(conditions);
}

void SimClient::later(base::Duration delay, base::Task task) {
  loop().after(delay, [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
    if (alive.lock()) task();
  });
}

void SimClient::reconnect_after(base::Duration delay) {
  loop().cancel(reconnect_);
  reconnect_ = loop().after(delay, [this] {
    reconnect_ = 0;
    connect();
  });
}

void SimClient::connect() {
  if (!wants_in_ || link_) return;
  link_ = world_.connect(conditions_);
  if (!link_) return reconnect_after(milliseconds(50 + random_() % 500));
  generation_ = world_.store().generation();
  reader_ = std::make_unique<WsReader>();
  heard_ = loop().now();
  was_slow_ = stalled_ || is_slow(conditions_);
  if (stalled_) link_->pause_reading();
  link_->connect(*this);
  link_->write(upgrade_request("/ws/" + base::percent_encode(room_.value()) + "/", subprotocol()));
}

void SimClient::lose() {
  link_.reset();
  open_ = false;
  on_lost();
}

void SimClient::watch() {
  watch_ = loop().after(kWatchInterval, [this] {
    if (link_ && !stalled_ && loop().now() - heard_ > kDeafness) {
      link_->close();
      on_end();
    }
    watch();
  });
}

void SimClient::on_end() {
  lose();
  if (!wants_in_) return;
  const auto delay = std::exchange(told_to_wait_, std::nullopt);
  reconnect_after(delay.value_or(milliseconds(random_() % 400)));
}

void SimClient::on_bytes(std::string_view bytes) {
  heard_ = loop().now();
  reader_->feed(bytes);
  try {
    if (!open_) {
      const auto status = reader_->take_status();
      if (!status) return;
      if (*status != kSwitchingProtocols) {
        if (*status != kUnavailable) wrong("refused with HTTP " + std::to_string(*status));
        return;
      }
      open_ = true;
      on_open();
    }
    const auto link = link_;
    while (link == link_) {
      const auto frame = reader_->take_frame();
      if (!frame) return;
      on_frame(*frame);
    }
  } catch (const std::exception& error) {
    wrong(std::string("broken bytes: ") + error.what());
  }
}

void SimClient::on_frame(const WsFrame& frame) {
  const auto mask = static_cast<std::uint32_t>(random_());
  switch (frame.opcode) {
    case WsOpcode::text: return on_text(frame.payload);
    case WsOpcode::ping: return link_->write(masked_frame(WsOpcode::pong, frame.payload, mask));
    case WsOpcode::pong: return;
    case WsOpcode::close:
      link_->write(masked_frame(WsOpcode::close, frame.payload.substr(0, 2), mask));
      return on_close_frame(close_code(frame.payload));
  }
  wrong("an unknown opcode");
}

void SimClient::on_close_frame(std::uint16_t code) {
  const auto text = std::to_string(code);
  if (code == 4100) ++slow_closes_;
  constexpr std::uint16_t kTryAgainLater = 1013;
  if (code == 4100 && !was_slow_ && world_.plan().config.max_outbox_bytes >= kRoomyOutbox) {
    wrong("closed as a slow reader, but it is none");
  }
  if (code == 4200 && !told_to_wait_) come_back_after(0ms);
  if (code >= 4100 && code < 4200) come_back_after(milliseconds(500 + random_() % 500));
  if (code == kTryAgainLater) come_back_after(milliseconds(100 + random_() % 400));
  const bool comes_back = code >= 4100 || code == kTryAgainLater;
  if (!comes_back) wrong("closed with " + text);
}

void SimClient::send_text(std::string_view text) {
  if (!link_) return;
  link_->write(masked_frame(WsOpcode::text, text, static_cast<std::uint32_t>(random_())));
}

std::string SimClient::make_body(std::uint64_t n, std::size_t bytes) {
  auto text = name_ + "-" + std::to_string(n) + " ";
  if (text.size() < bytes) text.append(bytes - text.size(), 'x');
  if (n % 7 == 0) return Json{{"text", text}, {"n", n}}.dump();
  if (n % 5 == 0) return Json("\u00fc\"\\ " + text).dump();
  return Json(text).dump();
}

// ---- chat.v1

V1Client::V1Client(World& world, Findings& findings, std::string name, base::RoomName room,
                   std::uint64_t seed)
    : SimClient(world, findings, name, room, seed),
      reading_(name, room, world.store(), findings),
      secret_("secret-of-" + name + "-0123456789"),
      last_n_(random() % 1000) {}

void V1Client::say(std::size_t bytes) {
  const auto n = ++last_n_;
  pending_.emplace(n, Pending{make_body(n, bytes), false});
  pump();
}

bool V1Client::is_settled() const {
  return welcomed_ && pending_.empty() && pages_ == 0 && !reading_all_ && reading_.has_all();
}

std::string V1Client::state() const {
  auto state = name() + (welcomed_ ? " is in " : " is not in ") + room().value();
  if (reading_.position()) {
    state += ", stands at " + reading_.position()->epoch.value() + ":" +
             std::to_string(reading_.position()->seq.value());
  }
  return state + ", unacknowledged " + std::to_string(pending_.size()) + ", pages under way " +
         std::to_string(pages_);
}

void V1Client::repeat() {
  if (!welcomed_ || inflight_ >= inflight_limit_) return;
  constexpr std::uint64_t kRemembered = 200;
  const auto n = last_n_ - random() % std::min(kRemembered, last_n_ + 1);
  const auto waiting = pending_.find(n);
  if (waiting != pending_.end() && waiting->second.sent) return send(n, waiting->second.body);
  const auto acked = acked_.find(n);
  if (acked != acked_.end()) send(n, acked->second.body);
}

void V1Client::ask_history() {
  constexpr std::size_t kPages = 3;
  if (!welcomed_ || pages_ >= kPages) return;
  Json request{{"type", "history"}, {"limit", 1 + random() % 40}};
  const auto position = reading_.position()->seq.value();
  const auto some = position == 0 ? 0 : random() % (position + 1);
  if (random() % 3 == 0)
    request["before"] = some;
  else if (random() % 2 == 0)
    request["after"] = some;
  ++pages_;
  send_text(request.dump());
}

void V1Client::type() {
  if (welcomed_) send_text(R"({"type":"typing"})");
}

void V1Client::read_all() {
  reading_all_ = true;
  read_ = 0;
  ++pages_;
  send_text(Json{{"type", "history"}, {"after", 0}, {"limit", 7 + random() % 30}}.dump());
}

void V1Client::on_open() {
  said_ = reading_.position();
  Json hello{{"type", "hello"}, {"client", secret_}, {"name", name()}};
  if (said_) hello["since"] = Json{{"epoch", said_->epoch.value()}, {"seq", said_->seq.value()}};
  send_text(hello.dump());
}

void V1Client::on_lost() {
  welcomed_ = false;
  inflight_ = 0;
  pages_ = 0;
  for (auto& [n, pending] : pending_) pending.sent = false;
}

void V1Client::on_text(const std::string& text) {
  const auto frame = Json::parse(text);
  const auto type = frame.at("type").get<std::string>();
  if (type == "message") return reading_.message(frame);
  if (type == "ack") return on_ack(frame);
  if (type == "welcome") return on_welcome(frame);
  if (type == "history") return on_history(frame);
  if (type == "error") return on_error(frame);
  if (type == "ready") return pump();
  if (type == "closing") {
    return come_back_after(milliseconds(frame.at("reconnect_after_ms").get<std::uint64_t>()));
  }
  if (type != "presence" && type != "typing" && type != "renamed") wrong("a frame of type " + type);
}

void V1Client::on_welcome(const Json& frame) {
  if (welcomed_) return wrong("a second welcome");
  reading_.welcome(frame, said_);
  welcomed_ = true;
  public_id_ = frame.at("client").get<std::string>();
  inflight_limit_ = frame.at("limits").at("inflight").get<std::size_t>();
  if (reading_all_) read_all();
  pump();
}

void V1Client::pump() {
  if (!welcomed_) return;
  for (auto& [n, pending] : pending_) {
    // What is far ahead of the oldest unanswered one would make that one stale.
    if (inflight_ >= inflight_limit_ || n - pending_.begin()->first >= inflight_limit_) return;
    if (pending.sent) continue;
    pending.sent = true;
    send(n, pending.body);
  }
}

void V1Client::send(std::uint64_t n, const std::string& body) {
  ++inflight_;
  send_text(R"({"type":"send","n":)" + std::to_string(n) + R"(,"message":)" + body + "}");
}

void V1Client::on_ack(const Json& frame) {
  const auto n = frame.at("n").get<std::uint64_t>();
  const base::Seq seq(frame.at("seq").get<std::uint64_t>());
  const auto& epoch = reading_.position()->epoch;
  --inflight_;
  const auto waiting = pending_.find(n);
  const auto before = acked_.find(n);
  if (waiting == pending_.end() && before == acked_.end()) return wrong("an ack for nothing sent");
  const std::string body = waiting != pending_.end() ? waiting->second.body : before->second.body;
  reading_.ack(frame, public_id_, body);
  if (before != acked_.end() && before->second.epoch == epoch && before->second.seq != seq) {
    wrong("acknowledged once more, with another seq: " + body);
  }
  acked_[n] = Acked{body, epoch, seq};
  if (waiting != pending_.end()) pending_.erase(waiting);
  pump();
}

void V1Client::on_error(const Json& frame) {
  const auto code = frame.at("code").get<std::string>();
  const bool passing = code == "unavailable" || code == "busy" || code == "rate_limited" ||
                       code == "slow_reader" || code == "ping_timeout" || code == "hello_timeout";
  if (!passing) wrong("an error: " + frame.dump());
  if (!frame.contains("n")) {
    // A history page that could not be read; a refused join ends the connection.
    if (welcomed_ && pages_ > 0 && (code == "unavailable" || code == "busy")) --pages_;
    if (reading_all_ && welcomed_ && pages_ == 0) read_all();
    return;
  }
  --inflight_;
  const auto waiting = pending_.find(frame.at("n").get<std::uint64_t>());
  if (waiting != pending_.end()) waiting->second.sent = false;
  later(milliseconds(20 + random() % 200), [this] { pump(); });
}

void V1Client::on_history(const Json& frame) {
  --pages_;
  reading_.page(frame);
  if (!reading_all_) return;
  const auto& messages = frame.at("messages");
  read_ += messages.size();
  if (!frame.at("more").get<bool>()) {
    reading_all_ = false;
    return;
  }
  ++pages_;
  const auto last = messages.back().at("seq").get<std::uint64_t>();
  send_text(Json{{"type", "history"}, {"after", last}, {"limit", 25}}.dump());
}

// ---- plain

PlainClient::PlainClient(World& world, Findings& findings, std::string name, base::RoomName room,
                         std::uint64_t seed)
    : SimClient(world, findings, name, room, seed), reading_(name, room, world.store(), findings) {}

void PlainClient::say(std::size_t bytes) {
  if (!is_open()) return;
  send_text(R"({"message":)" + make_body(++last_n_, bytes) + "}");
}

void PlainClient::on_text(const std::string& text) {
  const auto frame = Json::parse(text);
  if (!frame.contains("message")) return wrong("a frame without message: " + text);
  if (!frame.contains("error")) return reading_.message(frame.at("message").dump());
  const auto code = frame.at("error").at("code").get<std::string>();
  const bool passing = code == "unavailable" || code == "busy" || code == "slow_reader" ||
                       code == "inflight_exceeded" || code == "ping_timeout";
  if (!passing) wrong("an error: " + text);
}

}  // namespace chat::tests
