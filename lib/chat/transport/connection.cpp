#include "chat/transport/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chat::transport {
namespace {

constexpr int kPiecesPerWrite = 64;
/// HTTP bytes kept beyond the request under way, and answers kept for who does not take them,
/// before no further request is looked at (pipelining).
constexpr std::size_t kPipelined = 64U << 10;

}  // namespace

struct Connection::Http {
  std::string buffer;   // what came and is not used yet
  std::string head;     // raw, of the request under way
  HttpRequest request;  // the one under way
  bool has_head = false;
  bool head_only = false;
  bool keep_alive = false;
  bool looping = false;   // read_http is on the stack: it takes the next request itself
  bool answered = false;  // at least once

  /// The request under way, as far as it came.
  std::string_view seen() const noexcept { return head.empty() ? buffer : head; }
};

Connection::Connection(Connections& set, ConnectionId id, std::unique_ptr<Stream> stream)
    : set_(set),
      id_(id),
      stream_(std::move(stream)),
      http_(std::make_unique<Http>()),
      control_(set.limits_.control_frames_per_second, set.limits_.control_frames_burst,
               set.executor_.now()),
      deadline_(set.executor_.now() + set.limits_.head_timeout),
      heard_(set.executor_.now()) {}

Connection::~Connection() = default;

void Connection::start() { stream_->start(*this); }

// ---- HTTP

void Connection::on_bytes(char* bytes, std::size_t size) {
  heard_ = set_.executor_.now();
  pinged_ = false;
  if (deaf_ || state_ == State::gone) return;
  if (protocol_) {
    feed(bytes, size);
    return;
  }
  if (http_->buffer.empty() && state_ == State::reading && !http_->has_head) {
    deadline_ = heard_ + set_.limits_.head_timeout;
  }
  http_->buffer.append(bytes, size);
  if (may_read_request()) read_http();
  if (http_ && !may_read_request() && http_->buffer.size() > kPipelined) pause();
}

bool Connection::may_read_request() const noexcept {
  return state_ == State::reading && outbox_.cost() < kPipelined;
}

void Connection::read_http() {
  http_->looping = true;
  while (may_read_request() && read_request()) {
  }
  if (http_) http_->looping = false;
}

void Connection::await_request() {
  const bool begun = http_->has_head || !http_->buffer.empty();
  if (!begun) {
    http_->buffer.shrink_to_fit();
    http_->head.shrink_to_fit();
  }
  deadline_ =
      set_.executor_.now() + (begun ? set_.limits_.head_timeout : set_.limits_.idle_timeout);
  if (!may_read_request()) return;
  resume();
  if (!http_->looping) read_http();
}

bool Connection::read_request() {
  if (http_->has_head) return read_body();
  if (http_->buffer.empty()) return false;
  const auto end = find_head_end(http_->buffer, set_.limits_.head);
  if (!end) return refuse_request(end.error());
  if (*end == 0) return false;
  http_->head = http_->buffer.substr(0, *end);
  http_->buffer.erase(0, *end);
  auto request = parse_request_head(http_->head, set_.limits_.head);
  if (!request) return refuse_request(request.error());
  http_->request = std::move(*request);
  http_->has_head = true;
  http_->head_only = http_->request.method == "HEAD";
  http_->keep_alive = http_->request.keeps_alive();
  if (http_->request.content_length > set_.limits_.body_bytes) {
    auto error = wire::error_of(wire::Code::too_large);
    error.limit = set_.limits_.body_bytes;
    return refuse_request(error);
  }
  if (http_->request.content_length > http_->buffer.size() &&
      http_->request.header_has_token("expect", "100-continue")) {
    enqueue(base::Block::copy_of("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  return true;
}

bool Connection::read_body() {
  auto& request = http_->request;
  const auto length = static_cast<std::size_t>(request.content_length);
  if (http_->buffer.size() < length) return false;
  request.body = http_->buffer.substr(0, length);
  http_->buffer.erase(0, length);
  http_->has_head = false;
  state_ = State::answering;
  ++set_.counters_.http_requests;
  set_.handler_.on_request(*this, std::move(request));
  return true;
}

bool Connection::refuse_request(const wire::Error& error) {
  state_ = State::answering;
  http_->keep_alive = false;
  respond(set_.handler_.error_response(error, target_of(http_->seen())));
  return false;
}

void Connection::respond(const HttpResponse& response) {
  if (state_ != State::answering) return;
  set_.handler_.on_answered(*this, http_->seen(), response.status);
  const bool keep_alive = http_->keep_alive && !response.close;
  enqueue(base::Block::copy_of(serialise(response, http_->head_only, keep_alive)));
  if (!keep_alive) {
    state_ = State::closing;
    deaf_ = true;
    deadline_ = set_.executor_.now() + set_.limits_.stall_timeout;
    return;
  }
  state_ = State::reading;
  http_->answered = true;
  http_->head_only = false;
  http_->head.clear();
  await_request();
}

bool Connection::upgrade(const std::string& subprotocol,
                         const std::function<std::unique_ptr<WsHandler>(Connection&)>& make) {
  if (state_ != State::answering) return false;
  auto answer = WsProtocol::handshake(http_->head, subprotocol);
  if (!answer) {
    refuse_request(answer.error());
    return false;
  }
  std::string early = std::move(http_->buffer);
  enqueue(base::Block::copy_of(*answer));
  http_.reset();
  protocol_.emplace(set_.limits_.message_bytes);
  state_ = State::open;
  ++set_.counters_.websockets;
  handler_ = make(*this);
  handler_->on_open();
  if (!early.empty() && state_ == State::open) feed(early.data(), early.size());
  return true;
}

// ---- WebSocket, in

void Connection::feed(char* bytes, std::size_t size) {
  if (paused_) {
    stash(bytes, size);
    return;
  }
  const auto taken = protocol_->feed(bytes, size, *this);
  if (!taken) return violate(taken.error());
  if (paused_ && *taken < size) stash(bytes + *taken, size - *taken);
}

void Connection::stash(const char* bytes, std::size_t size) {
  if (!stash_) stash_ = std::make_unique<std::string>();
  stash_->append(bytes, size);
}

bool Connection::on_data(Opcode kind, std::string_view payload) {
  if (state_ != State::open) return true;
  if (kind == Opcode::text) {
    handler_->on_text(payload);
  } else {
    handler_->on_binary(payload);
  }
  return !paused_ && !deaf_ && state_ != State::gone;
}

bool Connection::on_ping(std::string_view payload) {
  if (!admit_control()) return false;
  if (state_ == State::open) send(WsProtocol::frame(Opcode::pong, payload));
  return true;
}

bool Connection::on_pong() { return admit_control(); }

bool Connection::admit_control() {
  if (control_.take(set_.executor_.now())) return true;
  violate(wire::error_of(wire::Code::rate_exceeded));
  return false;
}

void Connection::on_close(std::uint16_t code) {
  deaf_ = true;
  if (state_ == State::closing) return finish_sending();
  constexpr std::uint16_t kNoCode = 1005;
  close_ = {code, true};
  enqueue(WsProtocol::close_frame(code == kNoCode ? wire::kCloseNormal : code, {}));
  state_ = State::closing;
  deadline_ = set_.executor_.now() + set_.limits_.close_timeout;
}

void Connection::violate(const wire::Error& error) {
  if (state_ == State::open) {
    if (auto frame = handler_->farewell(error)) enqueue(std::move(frame));
    close(wire::info(error.code).close, error.text());
  }
  deaf_ = true;
}

void Connection::pause() {
  if (paused_) return;
  paused_ = true;
  if (stream_) stream_->pause_reading();
}

void Connection::resume() {
  if (!paused_) return;
  paused_ = false;
  const auto stash = std::move(stash_);
  if (stash && protocol_ && !deaf_) feed(stash->data(), stash->size());
  if (!paused_ && stream_) stream_->resume_reading();
}

// ---- out

void Connection::send(const base::BlockRef& frame) {
  if (state_ != State::open || overflowed_) return;
  overflowed_ = !push(frame);
  mark_dirty();
}

bool Connection::push(const base::BlockRef& frame) {
  if (outbox_.push(frame, set_.limits_.outbox_bytes)) return true;
  // What the kernel has not been offered yet says nothing about the reader.
  return stalled_since_ == base::TimePoint{} && write_out() &&
         outbox_.push(frame, set_.limits_.outbox_bytes);
}

void Connection::send_paged(base::BlockRef frame) {
  if (state_ != State::open || overflowed_) return;
  enqueue(std::move(frame));
}

void Connection::deliver(const base::BlockRef& frames) {
  if (state_ != State::open || overflowed_ || broken_) return;
  if (!outbox_.empty()) {
    overflowed_ = !push(frames);
    if (overflowed_ || stalled_since_ == base::TimePoint{}) mark_dirty();
    return;
  }
  const auto bytes = frames->bytes();
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  const auto written = stream_->write(&piece, 1);
  ++set_.counters_.writes;
  if (written == static_cast<std::ptrdiff_t>(bytes.size())) {
    set_.counters_.bytes_sent += bytes.size();
    return;
  }
  if (written < 0) {
    broken_ = true;
    mark_dirty();
    return;
  }
  set_.counters_.bytes_sent += static_cast<std::size_t>(written);
  outbox_.push_unbounded(frames);
  outbox_.consume(static_cast<std::size_t>(written));
  stalled_since_ = set_.executor_.now();
  stream_->want_writable();
}

void Connection::enqueue(base::BlockRef block) {
  outbox_.push_unbounded(std::move(block));
  mark_dirty();
}

void Connection::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  set_.schedule_settle(*this);
}

void Connection::settle() {
  dirty_ = false;
  if (state_ == State::gone) return;
  if (broken_) return end({1006, true});
  if (overflowed_ && state_ == State::open) give_up_slow_reader();
  if (stalled_since_ == base::TimePoint{}) flush();
}

void Connection::give_up_slow_reader() {
  ++set_.counters_.slow_closes;
  outbox_.drop_unstarted();
  overflowed_ = false;
  violate(wire::error_of(wire::Code::slow_reader));
}

bool Connection::write_out() {
  while (!outbox_.empty()) {
    std::array<iovec, kPiecesPerWrite> pieces;
    const int count = outbox_.gather(pieces.data(), kPiecesPerWrite);
    const auto written = stream_->write(pieces.data(), count);
    ++set_.counters_.writes;
    if (written < 0) {
      broken_ = true;
      return false;
    }
    std::size_t offered = 0;
    for (int i = 0; i < count; ++i) offered += pieces[static_cast<std::size_t>(i)].iov_len;
    outbox_.consume(static_cast<std::size_t>(written));
    set_.counters_.bytes_sent += static_cast<std::size_t>(written);
    if (static_cast<std::size_t>(written) < offered) {
      if (written > 0 || stalled_since_ == base::TimePoint{}) {
        stalled_since_ = set_.executor_.now();
      }
      if (written > 0 && state_ == State::closing && !protocol_) {
        deadline_ = stalled_since_ + set_.limits_.stall_timeout;
      }
      stream_->want_writable();
      return true;
    }
  }
  stalled_since_ = base::TimePoint{};
  return true;
}

void Connection::flush() {
  const bool was_stalled = stalled_since_ != base::TimePoint{};
  if (!write_out()) return end({1006, true});
  if (!outbox_.empty()) return;
  if (state_ == State::open && handler_) handler_->on_drained();
  if (state_ == State::reading && (was_stalled || !http_->buffer.empty())) await_request();
  if (state_ == State::closing && (deaf_ || !protocol_)) finish_sending();
}

void Connection::on_writable() {
  if (state_ == State::gone) return;
  flush();
}

// ---- the end

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  close_ = {code, false};
  enqueue(WsProtocol::close_frame(code, reason));
  state_ = State::closing;
  deadline_ = set_.executor_.now() + set_.limits_.close_timeout;
  resume();
}

void Connection::finish_sending() {
  if (!outbox_.empty()) return;
  linger();
}

void Connection::linger() {
  // Closing a socket with unread bytes resets it, and the peer may lose what was sent last: say
  // that nothing more comes and wait a little for the peer's end.
  state_ = State::lingering;
  deaf_ = true;
  deadline_ = set_.executor_.now() + set_.limits_.close_timeout;
  stream_->shut_down_writing();
  stream_->resume_reading();
}

void Connection::end_if_idle(base::TimePoint silent_since) {
  if (state_ != State::reading || http_->has_head || !http_->buffer.empty() || !outbox_.empty()) {
    return;
  }
  if (http_->answered || heard_ <= silent_since) end(close_);
}

void Connection::on_end(bool) {
  if (state_ == State::gone) return;
  if (state_ == State::open) return end({1006, true});
  end(close_);
}

void Connection::tick(base::TimePoint now) {
  switch (state_) {
    case State::reading:
      if (stalled_since_ != base::TimePoint{}) {
        if (now - stalled_since_ > set_.limits_.stall_timeout) end({});
        return;
      }
      if (now < deadline_) return;
      if (http_->buffer.empty() && !http_->has_head) return end({});
      refuse_request(wire::error_of(wire::Code::request_timeout));
      return;
    case State::answering: return;
    case State::open:
      handler_->on_tick(now);
      if (state_ != State::open) return;
      if (stalled_since_ != base::TimePoint{} &&
          now - stalled_since_ > set_.limits_.stall_timeout) {
        overflowed_ = true;
        return give_up_slow_reader();
      }
      if (paused_) heard_ = now;  // what it says waits in the kernel
      if (now - heard_ > set_.limits_.ping_interval + set_.limits_.ping_timeout) {
        return violate(wire::error_of(wire::Code::ping_timeout));
      }
      if (!pinged_ && now - heard_ > set_.limits_.ping_interval) {
        pinged_ = true;
        send(WsProtocol::frame(Opcode::ping, {}));
      }
      return;
    case State::closing:
    case State::lingering:
      if (now > deadline_) end(close_);
      return;
    case State::gone: return;
  }
}

void Connection::end(const CloseInfo& info) {
  if (state_ == State::gone) return;
  state_ = State::gone;
  if (handler_) {
    ++set_.counters_.closed_by_code[wire::is_known_close(info.code) ? info.code : 0];
    handler_->on_closed(info);
  }
  set_.handler_.on_gone(*this);
  stream_.reset();
  set_.bury(*this);
}

// ---- the set

Connections::Connections(base::Executor& executor, const ConnectionLimits& limits,
                         HttpHandler& handler)
    : executor_(executor), limits_(limits), handler_(handler) {
  timer_ = executor_.after(std::chrono::milliseconds(50), [this] { tick(); });
}

Connections::~Connections() {
  executor_.cancel(timer_);
  abort_all();
}

Connection& Connections::add(std::unique_ptr<Stream> stream) {
  const auto id = ++last_id_;
  auto owned = std::make_unique<Connection>(*this, id, std::move(stream));
  Connection& connection = *owned;
  connection.index_ = list_.size();
  list_.push_back(&connection);
  by_id_.emplace(id, std::move(owned));
  ++counters_.accepted;
  connection.start();
  return connection;
}

Connection* Connections::find(ConnectionId id) noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

void Connections::for_each(const std::function<void(Connection&)>& use) {
  const auto all = list_;
  for (Connection* connection : all) {
    if (connection->state_ != Connection::State::gone) use(*connection);
  }
}

std::size_t Connections::queued_bytes() const noexcept {
  std::size_t sum = 0;
  for (const Connection* connection : list_) sum += connection->queued_bytes();
  return sum;
}

void Connections::abort_all() {
  for_each([](Connection& connection) { connection.end({1006, false}); });
}

void Connections::schedule_settle(Connection& connection) {
  dirty_.push_back(connection.id_);
  if (settling_) return;
  settling_ = true;
  executor_.defer([this] { settle(); });
}

void Connections::settle() {
  settling_ = false;
  // Settling may make others dirty (a close tells the room): they wait for the next round.
  std::vector<ConnectionId> round;
  round.swap(dirty_);
  for (const auto id : round) {
    if (Connection* connection = find(id)) connection->settle();
  }
  graves_.clear();
}

void Connections::bury(Connection& connection) {
  list_[connection.index_] = list_.back();
  list_[connection.index_]->index_ = connection.index_;
  list_.pop_back();
  const auto found = by_id_.find(connection.id_);
  graves_.push_back(std::move(found->second));
  by_id_.erase(found);
  if (settling_) return;
  settling_ = true;
  executor_.defer([this] { settle(); });
}

void Connections::tick() {
  // A tenth of them each time: every connection is looked at twice a second.
  std::size_t share = list_.size() / 10 + 1;
  const auto now = executor_.now();
  while (share-- > 0 && !list_.empty()) {
    if (next_tick_ >= list_.size()) next_tick_ = 0;
    list_[next_tick_++]->tick(now);
  }
  timer_ = executor_.after(std::chrono::milliseconds(50), [this] { tick(); });
}

}  // namespace chat::transport
