#include "chat/server/client.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/transport/ws_protocol.hpp"
#include "chat/wire/codec.hpp"

namespace chat::server {
namespace {

constexpr std::size_t kMissedPerRead = 512;
constexpr std::size_t kMissedBytesPerRead = 256U << 10;
/// Of its outbox's bound a reader gets this part as one page, so that pages alone never make it a
/// slow reader: the frames of a page are larger than what it is counted with, and another follows.
constexpr std::size_t kPagesPerOutbox = 4;
constexpr std::uint16_t kTryAgainLater = 1013;  // RFC 6455's registry

base::BlockRef text_frame(std::string_view text) {
  return transport::WsProtocol::frame(transport::Opcode::text, text);
}

std::size_t cost_of(const std::vector<wire::MessagePtr>& messages) {
  std::size_t cost = 0;
  for (const auto& message : messages) cost += message->cost();
  return cost;
}

}  // namespace

/// A resume under way.
struct Client::CatchUp {
  wire::Cursor since;                      // as asked for
  base::Seq reached;                       // everything up to here has been sent
  std::optional<broker::Entered> entered;  // until the welcome is out
  std::string name;                        // as asked for, until presence has answered
  bool resume = false;                     // hello had a cursor
  bool holding = false;                    // the hub remembers for us
  bool reading = false;
  bool waiting_for_drain = false;
};

Client::Client(Worker& worker, transport::Connection& connection, base::RoomName room,
               wire::Dialect dialect)
    : hub::Member(dialect),
      worker_(worker),
      connection_(connection),
      room_name_(std::move(room)),
      session_(dialect, worker.config().limits, worker.executor().now()),
      opened_(worker.executor().now()) {
  worker_.add_client(*this);
  log("CONNECT", {});
}

Client::~Client() = default;

void Client::on_open() {
  session::Actions actions;
  session_.on_open(actions);
  run(actions);
}

// ---- what arrives

void Client::on_text(std::string_view text) {
  ++frames_in_;
  session::Actions actions;
  session_.on_text(text, worker_.executor().now(), actions);
  run(actions);
}

void Client::on_binary(std::string_view) {
  ++frames_in_;
  session::Actions actions;
  session_.on_binary(worker_.executor().now(), actions);
  run(actions);
}

base::BlockRef Client::farewell(const wire::Error& error) {
  worker_.count_error(error.code);
  auto told = error;
  // The bound of frames leaves room around a message; a sender is told that of messages.
  if (told.code == wire::Code::too_large) told.limit = worker_.config().limits.message_bytes;
  return text_frame(wire::encode_error(told, dialect()));
}

void Client::on_tick(base::TimePoint now) {
  if (!session_.awaits_hello() || now - opened_ < worker_.config().hello_timeout) return;
  session::Actions actions;
  session_.on_hello_timeout(actions);
  run(actions);
}

void Client::on_closed(const transport::CloseInfo& info) {
  if (base::Log::enabled(base::LogLevel::info)) {
    log("DISCONNECT", {{"code", std::to_string(info.code)},
                       {"by", info.by_peer ? "peer" : "server"},
                       {"frames_in", std::to_string(frames_in_)}});
  }
  worker_.remove_client(*this);
  stop_catching_up();
  if (entered_) worker_.presence().leave(room_name_, key(), worker_.presence_sink());
  worker_.hub().leave(*this);
  if (room_ != nullptr) worker_.leave_room(*std::exchange(room_, nullptr));
}

void Client::log(std::string_view event, const std::vector<base::LogField>& fields) const {
  if (!base::Log::enabled(base::LogLevel::info)) return;
  std::string line = "WebSocket ";
  line += event;
  line += " /ws/" + base::percent_encode(room_name_.value()) + "/ [" + connection_.peer() + "]";
  base::Log::info(line, fields);
}

void Client::deliver(const base::BlockRef& frames) { connection_.deliver(frames); }

// ---- what the session wants

void Client::run(session::Actions& actions) {
  for (auto& action : actions) {
    std::visit([this](auto& content) { act(content); }, action);
  }
}

void Client::act(session::Join& join) {
  // No frame is looked at until the join is done: the peer's bytes wait in the kernel.
  connection_.pause();
  catch_up_ = std::make_unique<CatchUp>();
  catch_up_->name = std::move(join.name);
  if (join.since) {
    catch_up_->resume = true;
    catch_up_->since = std::move(*join.since);
  }
  worker_.enter_room(room_name_,
                     [&worker = worker_, key = key()](const wire::Result<hub::Room*>& room) {
                       if (Client* self = worker.find_client(key)) self->on_subscribed(room);
                     });
}

void Client::act(session::Publish& publish) {
  broker::Publish message;
  message.room = room_name_;
  message.name = session_.name();
  message.client = std::move(publish.client);
  message.n = publish.n;
  message.body = std::move(publish.body);
  message.received = worker_.executor().now();
  worker_.broker().publish(std::move(message), [&worker = worker_, key = key(), n = publish.n](
                                                   const wire::Result<broker::Published>& outcome) {
    if (outcome) worker.count_published(outcome->repeat);
    Client* self = worker.find_client(key);
    if (self == nullptr) return;
    session::Actions actions;
    self->session_.on_published(n, outcome, actions);
    self->run(actions);
  });
}

void Client::act(session::Rename& rename) {
  worker_.presence().rename(
      room_name_, key(), rename.name,
      [&worker = worker_, key = key()](const wire::Result<std::string>& name) {
        Client* self = worker.find_client(key);
        if (self == nullptr) return;
        session::Actions actions;
        self->session_.on_renamed(name, actions);
        self->run(actions);
      });
}

void Client::act(session::Typing&) { worker_.presence().typing(room_name_, session_.name()); }

void Client::act(session::ReadHistory& read) {
  history::Range range;
  range.limit = read.request.limit;
  range.max_bytes = page_bytes(range.max_bytes);
  if (read.request.before) {
    range.kind = history::Range::Kind::before;
    range.seq = *read.request.before;
  } else if (read.request.after) {
    range.kind = history::Range::Kind::after;
    range.seq = *read.request.after;
  }
  worker_.broker().read(room_name_, {}, range,
                        [&worker = worker_, key = key(),
                         request = read.request](const wire::Result<broker::ReadAnswer>& answer) {
                          Client* self = worker.find_client(key);
                          if (self == nullptr) return;
                          session::Actions actions;
                          self->session_.on_page(request, answer, actions);
                          self->run(actions);
                        });
}

void Client::act(session::Reply& reply) {
  if (reply.error) worker_.count_error(*reply.error);
  connection_.send(text_frame(reply.text));
}

void Client::act(session::Close& closing) { close(closing.code); }

void Client::close(wire::Code code) {
  const auto& info = wire::info(code);
  connection_.close(info.close == 0 ? kTryAgainLater : info.close, info.text);
}

// ---- joining

void Client::on_subscribed(const wire::Result<hub::Room*>& room) {
  if (!room) return fail_join(room.error());
  room_ = *room;
  worker_.hub().begin_catch_up(*room_);
  catch_up_->holding = true;
  entered_ = true;
  worker_.presence().enter(room_name_, key(), catch_up_->name, worker_.presence_sink(),
                           [&worker = worker_, key = key()](wire::Result<broker::Entered> entered) {
                             if (Client* self = worker.find_client(key)) {
                               self->on_entered(std::move(entered));
                             }
                           });
}

void Client::on_entered(wire::Result<broker::Entered> entered) {
  if (!entered) return fail_join(entered.error());
  if (catch_up_->resume) return begin_resume(std::move(*entered));
  welcome(*entered, std::nullopt, std::nullopt);
  go_live();
  connection_.resume();
}

void Client::on_renamed(const std::string& name) {
  if (catch_up_ && catch_up_->entered) {  // its welcome is not out yet
    auto& entered = *catch_up_->entered;
    std::replace(entered.members.begin(), entered.members.end(), entered.name, name);
    entered.name = name;
    return;
  }
  session::Actions actions;
  session_.on_renamed_unasked(name, actions);
  run(actions);
}

void Client::begin_resume(broker::Entered entered) {
  catch_up_->entered = std::move(entered);
  catch_up_->reached = catch_up_->since.seq;
  read_missed();
}

void Client::read_missed() {
  history::Range range;
  range.kind = history::Range::Kind::after;
  range.seq = catch_up_->reached;
  range.limit = kMissedPerRead;
  range.max_bytes = page_bytes(kMissedBytesPerRead);
  catch_up_->reading = true;
  worker_.broker().read(room_name_, catch_up_->since.epoch, range,
                        [&worker = worker_, key = key()](wire::Result<broker::ReadAnswer> answer) {
                          if (Client* self = worker.find_client(key)) {
                            self->on_missed(std::move(answer));
                          }
                        });
}

void Client::on_missed(wire::Result<broker::ReadAnswer> answer) {
  if (!catch_up_) return;
  catch_up_->reading = false;
  if (answer) {
    take_missed(*answer);
  } else {
    fail_join(answer.error());
  }
  connection_.resume();
}

void Client::take_missed(const broker::ReadAnswer& answer) {
  using Kind = room::Continuity::Kind;
  const auto& continuity = answer.continuity;
  if (catch_up_->entered) {
    worker_.count_resume(continuity.kind);
    std::optional<wire::Missing> missing;
    if (continuity.kind == Kind::other_epoch) {
      missing = wire::Missing{catch_up_->since.epoch, std::nullopt};
    } else if (continuity.kind == Kind::trimmed) {
      missing = wire::Missing{{}, std::make_pair(catch_up_->since.seq, continuity.first)};
    }
    welcome(*std::exchange(catch_up_->entered, std::nullopt), continuity.kind == Kind::whole,
            std::move(missing));
  } else if (continuity.kind != Kind::whole) {
    // Retention overtook a reader that is being sent what it missed: it resumes and is told the
    // gap.
    wire::Error error;
    error.code = wire::Code::slow_reader;
    return connection_.violate(error);
  }
  if (continuity.kind == Kind::other_epoch) return go_live();
  send_messages(answer.page.messages);
  if (!answer.page.messages.empty()) catch_up_->reached = answer.page.messages.back()->seq;
  if (continuity.kind == Kind::trimmed && answer.page.messages.empty()) {
    catch_up_->reached = answer.page.head;
  }
  if (answer.page.more) return read_on();
  catch_up_or_read_on();
}

void Client::read_on() {
  catch_up_->waiting_for_drain = true;
  if (connection_.queued_bytes() == 0) on_drained();
}

void Client::on_drained() {
  if (!catch_up_ || !catch_up_->waiting_for_drain || catch_up_->reading) return;
  catch_up_->waiting_for_drain = false;
  read_missed();
}

void Client::catch_up_or_read_on() {
  // What was delivered while history was read is remembered by the hub: join on to it, at one
  // point.
  const auto recent = worker_.hub().recent_after(*room_, catch_up_->reached);
  if (!recent || cost_of(*recent) > page_bytes(kMissedBytesPerRead)) return read_on();
  send_messages(*recent);
  go_live();
}

void Client::welcome(const broker::Entered& entered, std::optional<bool> recovered,
                     std::optional<wire::Missing> missing) {
  wire::Welcome frame;
  frame.room = room_name_;
  frame.name = entered.name;
  frame.epoch = room_->epoch;
  frame.head = room_->head();
  frame.recovered = recovered;
  frame.missing = std::move(missing);
  frame.members = entered.members;
  frame.count = entered.count;
  if (worker_.config().layer == config::Layer::channels) frame.guarantee = "at-most-once";
  session::Actions actions;
  session_.on_joined(std::move(frame), actions);
  run(actions);
}

void Client::send_messages(const std::vector<wire::MessagePtr>& messages) {
  for (const auto& message : messages) {
    connection_.send_paged(text_frame(wire::encode_message(*message, dialect())));
  }
}

std::size_t Client::page_bytes(std::size_t most) const {
  return std::min(most, worker_.config().max_outbox_bytes / kPagesPerOutbox);
}

void Client::go_live() {
  worker_.hub().join(*room_, *this);
  stop_catching_up();
}

void Client::stop_catching_up() {
  if (catch_up_ && catch_up_->holding && room_ != nullptr) worker_.hub().end_catch_up(*room_);
  catch_up_.reset();
}

void Client::fail_join(const wire::Error& error) {
  session::Actions actions;
  session_.on_join_failed(error, actions);
  run(actions);
}

void Client::on_restart(const base::RoomName& room) {
  if (room == room_name_) connection_.violate(wire::error_of(wire::Code::log_replaced));
}

void Client::on_ready(const base::RoomName& room) {
  if (room != room_name_) return;
  session::Actions actions;
  session_.on_ready(actions);
  run(actions);
}

// ---- drain

void Client::announce_drain(std::uint64_t reconnect_after_ms) {
  draining_ = true;
  if (dialect() == wire::Dialect::v1) {
    connection_.send(text_frame(wire::encode_closing(reconnect_after_ms)));
  }
}

void Client::finish_drain() {
  if (draining_ && session_.unanswered() == 0) close(wire::Code::draining);
}

}  // namespace chat::server
