#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/base/block.hpp"
#include "chat/base/executor.hpp"
#include "chat/base/token_bucket.hpp"
#include "chat/hub/outbox.hpp"
#include "chat/transport/http_head.hpp"
#include "chat/transport/http_message.hpp"
#include "chat/transport/stream.hpp"
#include "chat/transport/ws_protocol.hpp"
#include "chat/wire/error.hpp"

namespace chat::transport {

class Connection;
class Connections;

/// Names a connection of this loop; never used again.
using ConnectionId = std::uint64_t;

/// Bounds of one connection; all are settings of the server.
struct ConnectionLimits {
  HeadLimits head;
  std::size_t body_bytes = (1U << 20) + 4096;     ///< of an HTTP request
  std::size_t message_bytes = (1U << 20) + 4096;  ///< of a WebSocket message, as a whole
  std::size_t outbox_bytes = 4U << 20;            ///< waiting for a slow reader
  double control_frames_per_second = 20;          ///< pings and pongs taken; 0 = unlimited
  double control_frames_burst = 100;
  base::Duration head_timeout = std::chrono::seconds(10);   ///< for a request to arrive whole
  base::Duration idle_timeout = std::chrono::seconds(60);   ///< between HTTP requests
  base::Duration ping_interval = std::chrono::seconds(20);  ///< of silence before a ping
  base::Duration ping_timeout = std::chrono::seconds(20);   ///< for a sign of life after it
  base::Duration stall_timeout = std::chrono::seconds(30);  ///< for a full socket to take more
  base::Duration close_timeout = std::chrono::seconds(3);   ///< for the close to be answered
};

/// How a WebSocket ended.
struct CloseInfo {
  std::uint16_t code = 1006;  ///< what was agreed; 1006 = without a close frame
  bool by_peer = false;       ///< the peer's close frame or end of connection came first
};

/// What one WebSocket means: the rules above the frames. Owned by its connection from `upgrade` on.
class WsHandler {
 public:
  virtual ~WsHandler() = default;
  /// The handshake is answered; called before anything the peer has sent behind it.
  virtual void on_open() = 0;
  virtual void on_text(std::string_view text) = 0;
  virtual void on_binary(std::string_view bytes) = 0;
  /// The rules were broken; the connection sends this frame whatever waits (none when it is empty)
  /// and closes with the error's code.
  virtual base::BlockRef farewell(const wire::Error& error) = 0;
  /// Everything sent has been handed to the kernel.
  virtual void on_drained() = 0;
  /// A look at the clock, several times a second.
  virtual void on_tick(base::TimePoint now) = 0;
  /// The end, exactly once, before destruction.
  virtual void on_closed(const CloseInfo& info) = 0;
};

/// Answers the requests of all connections of a loop.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Answer by `connection.respond`, now or later (find it again by its id then), or `upgrade`.
  virtual void on_request(Connection& connection, HttpRequest request) = 0;
  /// The answer to a request that could not be read; `target` as far as its line told one.
  virtual HttpResponse error_response(const wire::Error& error, std::string_view target) = 0;
  /// An answer is on its way; `request` begins with the request's line, unchecked, as far as it
  /// came.
  virtual void on_answered(const Connection& connection, std::string_view request, int status) = 0;
  /// The connection ends (also one that never asked for anything).
  virtual void on_gone(const Connection& connection) = 0;
};

/// One accepted connection: HTTP requests, then perhaps a WebSocket. No socket in here: bytes come
/// and go through a Stream.
///
/// reading → answering → reading …            (HTTP, keep-alive)
///               └→ open → closing → lingering → gone   (WebSocket; HTTP without keep-alive lingers
///               at once)
/// Thread: the loop of its Connections, which owns it.
class Connection final : private Stream::Listener, private WsProtocol::Handler {
 public:
  Connection(Connections& set, ConnectionId id, std::unique_ptr<Stream> stream);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ConnectionId id() const noexcept { return id_; }
  /// Who is at the other end; not to be asked once it is gone.
  const std::string& peer() const { return stream_->peer(); }

  /// Answers the request under way.
  void respond(const HttpResponse& response);
  /// Answers the handshake under way with 101; `make` gives the handler, which is called from then
  /// on. A request that is no proper handshake is refused as HTTP; false then.
  bool upgrade(const std::string& subprotocol,
               const std::function<std::unique_ptr<WsHandler>(Connection&)>& make);

  /// Queues a frame; it leaves at the end of the turn. Over the bound: closed as a slow reader.
  void send(const base::BlockRef& frame);
  /// As `send`, whatever the bound says: for pages that the caller keeps to a part of the bound, or
  /// to one message, and sends one after the other.
  void send_paged(base::BlockRef frame);
  /// Queues or writes frames of a fan-out at once. Never calls back.
  void deliver(const base::BlockRef& frames);
  /// Closes the WebSocket behind what is queued; `reason` is for people. A paused one reads again,
  /// for the peer's close; messages are not handed on any more.
  void close(std::uint16_t code, std::string_view reason);
  /// Ends the WebSocket with an error: the handler's farewell, then the close.
  void violate(const wire::Error& error);
  /// While paused no message is handed on and the peer's bytes stay in the kernel.
  void pause();
  void resume();

  bool is_open() const noexcept { return state_ == State::open; }
  /// Ends a connection that waits for its next request, or has been silent from `silent_since` on
  /// (a drain).
  void end_if_idle(base::TimePoint silent_since);
  std::size_t queued_bytes() const noexcept { return outbox_.cost(); }
  /// nullptr while it is no WebSocket.
  WsHandler* handler() const noexcept { return handler_.get(); }

 private:
  friend class Connections;
  enum class State : std::uint8_t { reading, answering, open, closing, lingering, gone };
  struct Http;

  void start();
  void tick(base::TimePoint now);
  void settle();

  // Stream::Listener
  void on_bytes(char* bytes, std::size_t size) override;
  void on_writable() override;
  void on_end(bool clean) override;
  // WsProtocol::Handler
  bool on_data(Opcode kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong() override;
  void on_close(std::uint16_t code) override;

  bool may_read_request() const noexcept;
  void read_http();
  void await_request();
  bool read_request();  // these three: true when there may be another request to read
  bool read_body();
  bool refuse_request(const wire::Error& error);
  void feed(char* bytes, std::size_t size);
  void stash(const char* bytes, std::size_t size);
  bool admit_control();
  void give_up_slow_reader();
  void enqueue(base::BlockRef block);
  bool push(const base::BlockRef& frame);
  bool write_out();  // false when the connection is broken; never calls back
  void flush();
  void mark_dirty();
  void finish_sending();
  void linger();
  void end(const CloseInfo& info);

  Connections& set_;
  ConnectionId id_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Http> http_;  // until it is a WebSocket
  std::optional<WsProtocol> protocol_;
  std::unique_ptr<WsHandler> handler_;
  std::unique_ptr<std::string> stash_;  // came while paused
  hub::Outbox outbox_;
  base::TokenBucket control_;
  base::TimePoint deadline_;         // of the present state; meaningless when open
  base::TimePoint heard_;            // last sign of life
  base::TimePoint stalled_since_{};  // the socket took nothing; epoch = it does
  std::size_t index_ = 0;            // in the set's list
  CloseInfo close_;
  State state_ = State::reading;
  bool dirty_ = false;
  bool pinged_ = false;
  bool paused_ = false;
  bool overflowed_ = false;
  bool broken_ = false;
  bool deaf_ = false;  // nothing that comes matters any more
};

/// What happened on a loop's connections since the start.
struct ConnectionCounters {
  std::uint64_t accepted = 0;
  std::uint64_t websockets = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t slow_closes = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t writes = 0;  ///< system calls
  /// 0: all that neither RFC 6455 nor wire/codes.def knows, which a peer may choose from.
  std::unordered_map<std::uint16_t, std::uint64_t> closed_by_code;
};

/// All connections of one loop: owns them, looks at their clocks, writes out at the end of a turn.
/// Thread: one loop, which has ended when they are destroyed.
class Connections {
 public:
  Connections(base::Executor& executor, const ConnectionLimits& limits, HttpHandler& handler);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Takes over an accepted stream and starts reading.
  Connection& add(std::unique_ptr<Stream> stream);
  /// nullptr when it is gone.
  Connection* find(ConnectionId id) noexcept;
  std::size_t size() const noexcept { return list_.size(); }
  /// Calls `use` for each; `use` may close but not add.
  void for_each(const std::function<void(Connection&)>& use);
  /// Bytes waiting in all outboxes.
  std::size_t queued_bytes() const noexcept;
  const ConnectionCounters& counters() const noexcept { return counters_; }
  /// Ends all at once, without farewell.
  void abort_all();

 private:
  friend class Connection;
  void schedule_settle(Connection& connection);
  void settle();
  void tick();
  void bury(Connection& connection);

  base::Executor& executor_;
  ConnectionLimits limits_;
  HttpHandler& handler_;
  ConnectionCounters counters_;
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> by_id_;
  std::vector<Connection*> list_;
  std::vector<ConnectionId> dirty_;
  std::vector<std::unique_ptr<Connection>> graves_;  // until the end of the turn
  std::size_t next_tick_ = 0;
  ConnectionId last_id_ = 0;
  base::TimerId timer_ = 0;
  bool settling_ = false;
};

}  // namespace chat::transport
