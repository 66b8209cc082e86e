#include "chat/rabbitmq/rabbitmqc_channel.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif

#include "chat/rabbitmq/amqp_failure.hpp"
#include "chat/rabbitmq/rabbitmqc_login.hpp"

namespace chat::rabbitmq {
namespace {

using Clock = std::chrono::steady_clock;
using Declared = AmqpChannel::Declared;
using Listener = AmqpChannel::Listener;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr amqp_channel_t kChannel = 1;
constexpr auto kCallTimeout = seconds(5);
/// Heard nothing, or nothing was taken.
constexpr auto kSilenceTimeout = seconds(2 * kHeartbeatSeconds);
constexpr auto kHeartbeatEvery = milliseconds(1000 * kHeartbeatSeconds / 2);
constexpr auto kGoodbyeTimeout = seconds(1);
constexpr auto kGraceAtEnd = seconds(2);
/// More than that waits in the socket: nothing is sent, because a send would block.
constexpr int kMostInSocket = 256 << 10;
/// Is sent between two looks at the socket.
constexpr std::size_t kSentAtOnce = 64 << 10;
constexpr auto kLookAgain = milliseconds(2);
constexpr std::size_t kReadPerTurn = 256 << 10;
constexpr std::size_t kEventCost = 128;
/// More than that has been posted and not been handled: nothing is read.
constexpr std::size_t kMostUnhandled = 16 << 20;
/// A body's memory is reserved up to that by what its header says.
constexpr std::uint64_t kMostReserved = 1 << 20;
constexpr std::size_t kFrameOverhead = 8;
constexpr std::uint8_t kPersistent = 2;

// ---- what goes to the channel's loop

struct Answer {
  std::uint64_t call = 0;
  AmqpResult<Declared> result;
};
/// The end: nothing follows it.
struct Lost {
  Failure failure;
};
using Event = std::variant<Delivery, Answer, Lost, std::function<void(Listener&)>>;

/// What a channel's loop knows of it. Thread: the loop.
struct Heard {
  Listener* listener = nullptr;  // null: lost or destroyed
  std::uint64_t last_call = 0;
  std::unordered_map<std::uint64_t, AmqpChannel::DeclareDone> calls;
};

void hear(Heard& heard, Event& event) {
  if (auto* answer = std::get_if<Answer>(&event)) {
    const auto call = heard.calls.extract(answer->call);
    if (!call.empty() && call.mapped()) call.mapped()(std::move(answer->result));
    return;
  }
  if (const auto* lost = std::get_if<Lost>(&event)) {
    heard.calls.clear();
    std::exchange(heard.listener, nullptr)->on_lost(lost->failure);
    return;
  }
  std::get<std::function<void(Listener&)>>(event)(*heard.listener);
}

void hear_all(Heard& heard, std::vector<Event>& events) {
  std::vector<Delivery> batch;
  const auto deliver = [&] {
    if (!batch.empty() && heard.listener != nullptr) heard.listener->on_deliveries(batch);
    batch.clear();
  };
  for (auto& event : events) {
    if (auto* delivery = std::get_if<Delivery>(&event)) {
      batch.push_back(std::move(*delivery));
      continue;
    }
    deliver();
    if (heard.listener == nullptr) return;
    hear(heard, event);
  }
  deliver();
}

// ---- what goes to the channel's thread

/// A method and the method that answers it.
struct Step {
  std::function<int(amqp_connection_state_t)> send;
  amqp_method_number_t method = 0;
  amqp_method_number_t reply = 0;
};
struct Call {
  std::uint64_t number = 0;  // 0: the opening of the channel
  std::deque<Step> steps;
};
struct Ack {
  std::uint64_t tag = 0;
  bool multiple = false;
};
using Command = std::variant<Outgoing, Ack, Call>;

amqp_bytes_t bytes_of(const std::string& text) {
  amqp_bytes_t bytes{};
  bytes.len = text.size();
  bytes.bytes = const_cast<char*>(text.data());  // NOLINT: the library only reads it
  return bytes;
}
std::string_view view(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}
std::string copy(amqp_bytes_t bytes) { return std::string(view(bytes)); }

amqp_field_value_t field_of(const Arguments::value_type::second_type& argument) {
  amqp_field_value_t field{};
  if (const auto* number = std::get_if<std::int64_t>(&argument)) {
    field.kind = AMQP_FIELD_KIND_I64;
    field.value.i64 = *number;
  } else if (const auto* flag = std::get_if<bool>(&argument)) {
    field.kind = AMQP_FIELD_KIND_BOOLEAN;
    field.value.boolean = *flag ? 1 : 0;
  } else {
    field.kind = AMQP_FIELD_KIND_UTF8;
    field.value.bytes = bytes_of(std::get<std::string>(argument));
  }
  return field;
}

/// A table that refers to `arguments`.
std::vector<amqp_table_entry_t> table_of(Arguments&& arguments) = delete;
std::vector<amqp_table_entry_t> table_of(const Arguments& arguments) {
  std::vector<amqp_table_entry_t> entries;
  for (const auto& [key, value] : arguments) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(key);
    entry.value = field_of(value);
    entries.push_back(entry);
  }
  return entries;
}
amqp_table_t table_on(std::vector<amqp_table_entry_t>& entries) {
  amqp_table_t table{};
  table.num_entries = static_cast<int>(entries.size());
  table.entries = entries.data();
  return table;
}

template <class Method>
Step step(amqp_method_number_t method, amqp_method_number_t reply, Method fill) {
  const auto send = [method, fill = std::move(fill)](amqp_connection_state_t connection) {
    return fill(
        [&](auto& decoded) { return amqp_send_method(connection, kChannel, method, &decoded); });
  };
  return {send, method, reply};
}

Call open_channel(bool confirms) {
  Call call;
  call.steps.push_back(
      step(AMQP_CHANNEL_OPEN_METHOD, AMQP_CHANNEL_OPEN_OK_METHOD, [](const auto& send) {
        amqp_channel_open_t method{};
        return send(method);
      }));
  if (!confirms) return call;
  call.steps.push_back(
      step(AMQP_CONFIRM_SELECT_METHOD, AMQP_CONFIRM_SELECT_OK_METHOD, [](const auto& send) {
        amqp_confirm_select_t method{};
        return send(method);
      }));
  return call;
}

Step declare_step(const QueueSpec& queue) {
  return step(AMQP_QUEUE_DECLARE_METHOD, AMQP_QUEUE_DECLARE_OK_METHOD, [queue](const auto& send) {
    auto entries = table_of(queue.arguments);
    amqp_queue_declare_t method{};
    method.queue = bytes_of(queue.name);
    method.passive = queue.passive ? 1 : 0;
    method.durable = queue.durable ? 1 : 0;
    method.exclusive = queue.exclusive ? 1 : 0;
    method.auto_delete = queue.auto_delete ? 1 : 0;
    method.arguments = table_on(entries);
    return send(method);
  });
}

Step declare_step(const ExchangeSpec& exchange) {
  return step(AMQP_EXCHANGE_DECLARE_METHOD, AMQP_EXCHANGE_DECLARE_OK_METHOD,
              [exchange](const auto& send) {
                amqp_exchange_declare_t method{};
                method.exchange = bytes_of(exchange.name);
                method.type = bytes_of(exchange.type);
                method.passive = exchange.passive ? 1 : 0;
                method.durable = exchange.durable ? 1 : 0;
                method.auto_delete = exchange.auto_delete ? 1 : 0;
                return send(method);
              });
}

Step bind_step(const std::string& queue, const std::string& exchange, const std::string& key) {
  return step(AMQP_QUEUE_BIND_METHOD, AMQP_QUEUE_BIND_OK_METHOD,
              [queue, exchange, key](const auto& send) {
                amqp_queue_bind_t method{};
                method.queue = bytes_of(queue);
                method.exchange = bytes_of(exchange);
                method.routing_key = bytes_of(key);
                return send(method);
              });
}

Step unbind_step(const std::string& queue, const std::string& exchange, const std::string& key) {
  return step(AMQP_QUEUE_UNBIND_METHOD, AMQP_QUEUE_UNBIND_OK_METHOD,
              [queue, exchange, key](const auto& send) {
                amqp_queue_unbind_t method{};
                method.queue = bytes_of(queue);
                method.exchange = bytes_of(exchange);
                method.routing_key = bytes_of(key);
                return send(method);
              });
}

Step remove_step(const std::string& queue) {
  return step(AMQP_QUEUE_DELETE_METHOD, AMQP_QUEUE_DELETE_OK_METHOD, [queue](const auto& send) {
    amqp_queue_delete_t method{};
    method.queue = bytes_of(queue);
    return send(method);
  });
}

Step qos_step(std::uint16_t prefetch) {
  return step(AMQP_BASIC_QOS_METHOD, AMQP_BASIC_QOS_OK_METHOD, [prefetch](const auto& send) {
    amqp_basic_qos_t method{};
    method.prefetch_count = prefetch;
    return send(method);
  });
}

Step consume_step(const ConsumeSpec& consumer) {
  return step(AMQP_BASIC_CONSUME_METHOD, AMQP_BASIC_CONSUME_OK_METHOD,
              [consumer](const auto& send) {
                auto entries = table_of(consumer.arguments);
                amqp_basic_consume_t method{};
                method.queue = bytes_of(consumer.queue);
                method.consumer_tag = bytes_of(consumer.tag);
                method.no_ack = consumer.no_ack ? 1 : 0;
                method.arguments = table_on(entries);
                return send(method);
              });
}

Step cancel_step(const std::string& consumer) {
  return step(AMQP_BASIC_CANCEL_METHOD, AMQP_BASIC_CANCEL_OK_METHOD, [consumer](const auto& send) {
    amqp_basic_cancel_t method{};
    method.consumer_tag = bytes_of(consumer);
    return send(method);
  });
}

// ---- what comes from the server

std::optional<std::int64_t> integer_of(const amqp_field_value_t& field) {
  switch (field.kind) {
    case AMQP_FIELD_KIND_I8: return field.value.i8;
    case AMQP_FIELD_KIND_U8: return field.value.u8;
    case AMQP_FIELD_KIND_I16: return field.value.i16;
    case AMQP_FIELD_KIND_U16: return field.value.u16;
    case AMQP_FIELD_KIND_I32: return field.value.i32;
    case AMQP_FIELD_KIND_U32: return field.value.u32;
    case AMQP_FIELD_KIND_I64: return field.value.i64;
    case AMQP_FIELD_KIND_U64: return static_cast<std::int64_t>(field.value.u64);
    default: return std::nullopt;
  }
}

std::int64_t offset_of(const amqp_frame_t& header) {
  const auto* properties =
      static_cast<const amqp_basic_properties_t*>(header.payload.properties.decoded);
  if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) == 0) return -1;
  for (int i = 0; i < properties->headers.num_entries; ++i) {
    const auto& entry = properties->headers.entries[i];
    if (view(entry.key) == "x-stream-offset") return integer_of(entry.value).value_or(-1);
  }
  return -1;
}

/// A message whose frames are coming in.
struct Incoming {
  bool returned = false;
  Delivery delivery;
  std::string exchange;  // of a returned one
  std::string key;
  bool has_header = false;
  std::uint64_t size = 0;
};

/// A message of several frames that is going out.
struct Sending {
  Outgoing message;
  std::size_t sent = 0;
};

std::size_t cost_of(const Event& event) {
  const auto* delivery = std::get_if<Delivery>(&event);
  return kEventCost + (delivery != nullptr ? delivery->body.size() : 0);
}

}  // namespace

// ---- between the two threads

class RabbitmqcConnector::Worker final : public std::enable_shared_from_this<Worker> {
 public:
  Worker(Endpoint endpoint, base::Executor& executor, std::shared_ptr<Heard> heard)
      : endpoint_(std::move(endpoint)),
        heard_(std::move(heard)),
        wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        executor_(&executor) {}
  ~Worker() { ::close(wake_fd_); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // -- the loop's side
  void start();
  void submit(Command command);
  /// The channel is destroyed: nothing is posted any more, the thread ends.
  void leave();
  bool finished() const;
  void join();

  // -- the thread's side
  const Endpoint& endpoint() const { return endpoint_; }
  int wake_fd() const { return wake_fd_; }
  /// There is a socket; from now on `leave` breaks the login off.
  void on_socket(int fd);
  void logged_in();
  /// What was submitted since the last time; false when the thread is to end.
  bool take(std::vector<Command>& commands);
  void post(std::vector<Event> events);
  bool is_behind() const { return unhandled_.load() > kMostUnhandled; }

 private:
  void run();
  void wake() const;
  void handled(std::size_t cost);

  const Endpoint endpoint_;
  const std::shared_ptr<Heard> heard_;  // for the loop
  const int wake_fd_;
  std::atomic<std::size_t> unhandled_{0};
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  base::Executor* executor_;        // guarded by mutex_; null: the channel is destroyed
  std::vector<Command> submitted_;  // guarded by mutex_
  int socket_ = -1;                 // guarded by mutex_; our own descriptor of the socket
  bool logging_in_ = true;          // guarded by mutex_
  bool finished_ = false;           // guarded by mutex_
  std::thread thread_;
};

namespace {

// ---- the channel's thread

template <class Worker>
class Pump {
 public:
  explicit Pump(Worker& worker) : worker_(worker) {}
  void run();

 private:
  // -- turns
  void turn();
  void wait();
  Clock::time_point next_look() const;
  void keep_bounds();
  void lose(Failure failure);
  void say_goodbye();
  void tell(std::function<void(Listener&)> event) { events_.emplace_back(std::move(event)); }

  // -- writing
  void write();
  bool may_send_next() const;
  bool send_next();
  bool send(const Call& call);
  bool send(const Ack& ack);
  bool send(Outgoing& message);
  bool send_whole(const Outgoing& message);
  bool begin_large(Outgoing& message);
  bool continue_large();
  bool can_send();
  bool sent(int status, std::size_t bytes);
  std::size_t most_in_frame() const {
    return static_cast<std::size_t>(amqp_get_frame_max(connection_.get())) - kFrameOverhead;
  }

  // -- reading
  void read();
  void on_frame(const amqp_frame_t& frame);
  void on_method(const amqp_method_t& method);
  void on_reply(const amqp_method_t& method);
  void on_channel_close(const amqp_channel_close_t& close);
  void on_connection_close(const amqp_connection_close_t& close);
  void on_blocked(bool blocked, const std::string& reason);
  void on_header(const amqp_frame_t& frame);
  void finish_incoming();
  void answer(AmqpResult<Declared> result);

  Worker& worker_;
  RabbitmqcConnection connection_;
  int socket_ = -1;
  bool was_open_ = false;
  bool lost_ = false;
  bool leaving_ = false;
  bool goodbye_ = false;  // was answered
  bool blocked_ = false;
  bool more_to_read_ = true;
  std::vector<Event> events_;

  std::deque<Command> commands_;
  std::optional<Call> call_;  // under way; its first step has been sent when `step_sent_`
  bool step_sent_ = false;
  std::size_t calls_ = 0;  // in commands_ and call_
  std::optional<Sending> large_;
  std::size_t room_ = 0;  // may be sent without another look at the socket
  int in_socket_ = 0;
  bool held_ = false;  // the socket takes nothing

  std::optional<Incoming> incoming_;
  std::uint64_t last_tag_ = 0;
  std::uint64_t tags_before_ = 0;  // deliveries of former channels

  Clock::time_point last_sent_ = Clock::now();
  Clock::time_point last_heard_ = Clock::now();
  Clock::time_point call_since_ = Clock::now();
  Clock::time_point taken_at_ = Clock::now();  // the socket took something
};

template <class Worker>
void Pump<Worker>::run() {
  auto connection = log_in(worker_.endpoint(), [this](int fd) { worker_.on_socket(fd); });
  if (!connection) {
    lose(std::move(connection.error()));
    return worker_.post(std::move(events_));
  }
  connection_ = std::move(*connection);
  socket_ = amqp_get_sockfd(connection_.get());
  worker_.logged_in();
  last_sent_ = last_heard_ = call_since_ = taken_at_ = Clock::now();
  call_ = open_channel(worker_.endpoint().confirms);
  calls_ = 1;
  while (!lost_ && !leaving_) {
    turn();
    if (!events_.empty()) worker_.post(std::exchange(events_, {}));
    if (!lost_ && !leaving_) wait();
  }
  if (leaving_ && !lost_) say_goodbye();
}

template <class Worker>
void Pump<Worker>::turn() {
  std::vector<Command> submitted;
  leaving_ = !worker_.take(submitted);
  for (auto& command : submitted) {
    if (std::holds_alternative<Call>(command) && ++calls_ == 1) call_since_ = Clock::now();
    commands_.push_back(std::move(command));
  }
  if (more_to_read_) read();
  if (!lost_) write();
  if (!lost_) keep_bounds();
}

template <class Worker>
void Pump<Worker>::wait() {
  const bool behind = worker_.is_behind();
  std::array<pollfd, 2> fds{};
  fds[0] = {worker_.wake_fd(), POLLIN, 0};
  fds[1] = {behind ? -1 : socket_, POLLIN, 0};
  const auto now = Clock::now();
  const auto left = std::chrono::ceil<milliseconds>(next_look() - now);
  const auto timeout = more_to_read_ && !behind ? 0 : std::max<milliseconds::rep>(left.count(), 0);
  ::poll(fds.data(), fds.size(), static_cast<int>(timeout));
  if (behind) {  // it is not the server that is silent
    last_heard_ = call_since_ = Clock::now();
    more_to_read_ = !worker_.is_behind();
    return;
  }
  if (fds[1].revents == 0) return;
  more_to_read_ = true;
  last_heard_ = Clock::now();
}

template <class Worker>
Clock::time_point Pump<Worker>::next_look() const {
  auto next = std::min(last_sent_ + kHeartbeatEvery, last_heard_ + kSilenceTimeout);
  if (calls_ > 0) next = std::min(next, call_since_ + kCallTimeout);
  if (held_) next = std::min(next, Clock::now() + kLookAgain);
  return next;
}

template <class Worker>
void Pump<Worker>::keep_bounds() {
  const auto now = Clock::now();
  if (now - last_heard_ > kSilenceTimeout) {
    return lose(failure_of(Failure::Kind::timed_out, "the server is silent"));
  }
  if (calls_ > 0 && now - call_since_ > kCallTimeout) {
    return lose(failure_of(Failure::Kind::timed_out, "no answer to a call"));
  }
  if (held_ && !blocked_ && now - taken_at_ > kSilenceTimeout) {
    return lose(failure_of(Failure::Kind::timed_out, "the server takes nothing"));
  }
  if (now - last_sent_ < kHeartbeatEvery) return;
  last_sent_ = now;  // a full socket says as much as a heartbeat
  if (!can_send()) return;
  amqp_frame_t heartbeat{};
  heartbeat.frame_type = AMQP_FRAME_HEARTBEAT;
  sent(amqp_send_frame(connection_.get(), &heartbeat), kFrameOverhead);
}

template <class Worker>
void Pump<Worker>::lose(Failure failure) {
  if (std::exchange(lost_, true)) return;
  events_.emplace_back(Lost{std::move(failure)});
}

/// The server would log a connection that only breaks off.
template <class Worker>
void Pump<Worker>::say_goodbye() {
  if (!can_send() || large_) return;
  amqp_connection_close_t close{};
  close.reply_code = AMQP_REPLY_SUCCESS;
  if (amqp_send_method(connection_.get(), 0, AMQP_CONNECTION_CLOSE_METHOD, &close) < 0) return;
  const auto end = Clock::now() + kGoodbyeTimeout;
  while (!goodbye_ && !lost_ && Clock::now() < end) {
    pollfd fd{socket_, POLLIN, 0};
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
    ::poll(&fd, 1, static_cast<int>(std::max<milliseconds::rep>(left, 0)));
    read();
    events_.clear();
  }
}

// -- writing

template <class Worker>
void Pump<Worker>::write() {
  while (!lost_ && send_next()) {
  }
}

template <class Worker>
bool Pump<Worker>::may_send_next() const {
  if (call_) return !step_sent_;
  return !commands_.empty() && !(blocked_ && std::holds_alternative<Outgoing>(commands_.front()));
}

/// False when there is nothing, or nothing can be sent now.
template <class Worker>
bool Pump<Worker>::send_next() {
  if (large_) return continue_large();
  if (!may_send_next()) {
    held_ = false;
    return false;
  }
  if (!can_send()) return false;
  if (call_) return send(*call_);
  Command command = std::move(commands_.front());
  commands_.pop_front();
  if (auto* message = std::get_if<Outgoing>(&command)) return send(*message);
  if (auto* ack = std::get_if<Ack>(&command)) return send(*ack);
  call_ = std::move(std::get<Call>(command));
  step_sent_ = false;
  return true;
}

template <class Worker>
bool Pump<Worker>::send(const Call& call) {
  step_sent_ = true;
  return sent(call.steps.front().send(connection_.get()), kEventCost);
}

template <class Worker>
bool Pump<Worker>::send(const Ack& ack) {
  if (ack.tag <= tags_before_) return true;
  return sent(amqp_basic_ack(connection_.get(), kChannel, ack.tag - tags_before_, ack.multiple),
              kFrameOverhead);
}

template <class Worker>
bool Pump<Worker>::send(Outgoing& message) {
  return message.body.size() <= most_in_frame() ? send_whole(message) : begin_large(message);
}

amqp_basic_properties_t properties_of(const Outgoing& message) {
  amqp_basic_properties_t properties{};
  if (message.persistent) {
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = kPersistent;
  }
  return properties;
}

template <class Worker>
bool Pump<Worker>::send_whole(const Outgoing& message) {
  const auto properties = properties_of(message);
  return sent(amqp_basic_publish(connection_.get(), kChannel, bytes_of(message.exchange),
                                 bytes_of(message.key), message.mandatory ? 1 : 0, 0, &properties,
                                 bytes_of(message.body)),
              message.body.size() + kEventCost);
}

template <class Worker>
bool Pump<Worker>::begin_large(Outgoing& message) {
  amqp_basic_publish_t method{};
  method.exchange = bytes_of(message.exchange);
  method.routing_key = bytes_of(message.key);
  method.mandatory = message.mandatory ? 1 : 0;
  if (!sent(amqp_send_method(connection_.get(), kChannel, AMQP_BASIC_PUBLISH_METHOD, &method),
            kEventCost)) {
    return false;
  }
  auto properties = properties_of(message);
  amqp_frame_t header{};
  header.frame_type = AMQP_FRAME_HEADER;
  header.channel = kChannel;
  header.payload.properties.class_id = AMQP_BASIC_CLASS;
  header.payload.properties.body_size = message.body.size();
  header.payload.properties.decoded = &properties;
  large_ = Sending{std::move(message), 0};
  return sent(amqp_send_frame(connection_.get(), &header), kEventCost);
}

template <class Worker>
bool Pump<Worker>::continue_large() {
  if (!can_send()) return false;
  auto& body = large_->message.body;
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_BODY;
  frame.channel = kChannel;
  frame.payload.body_fragment.len = std::min(most_in_frame(), body.size() - large_->sent);
  frame.payload.body_fragment.bytes = &body[large_->sent];
  large_->sent += frame.payload.body_fragment.len;
  const bool whole = large_->sent == body.size();
  const bool ok = sent(amqp_send_frame(connection_.get(), &frame), frame.payload.body_fragment.len);
  if (whole) large_.reset();
  return ok;
}

/// True when the socket takes some more without blocking (rabbitmq-c waits for ever otherwise).
template <class Worker>
bool Pump<Worker>::can_send() {
  if (room_ > 0) return true;
  int waiting = 0;
  ::ioctl(socket_, SIOCOUTQ, &waiting);
  pollfd fd{socket_, POLLOUT, 0};
  const bool takes = waiting <= kMostInSocket && ::poll(&fd, 1, 0) > 0;
  if (takes || waiting < in_socket_ || !held_) taken_at_ = Clock::now();
  in_socket_ = waiting;
  held_ = !takes;
  if (takes) room_ = kSentAtOnce;
  return takes;
}

template <class Worker>
bool Pump<Worker>::sent(int status, std::size_t bytes) {
  room_ -= std::min(room_, bytes);
  last_sent_ = Clock::now();
  if (status >= 0) return true;
  lose(failure_of_status(status, "send"));
  return false;
}

// -- reading

template <class Worker>
void Pump<Worker>::read() {
  const timeval at_once{0, 0};
  std::size_t taken = 0;
  more_to_read_ = true;
  while (!lost_ && taken < kReadPerTurn) {
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &at_once);
    if (status == AMQP_STATUS_TIMEOUT) {
      more_to_read_ = false;
      return;
    }
    if (status != AMQP_STATUS_OK) return lose(failure_of_status(status, "receive"));
    taken += kEventCost;
    if (frame.frame_type == AMQP_FRAME_BODY) taken += frame.payload.body_fragment.len;
    on_frame(frame);
    amqp_maybe_release_buffers(connection_.get());
  }
}

template <class Worker>
void Pump<Worker>::on_frame(const amqp_frame_t& frame) {
  switch (frame.frame_type) {
    case AMQP_FRAME_METHOD: return on_method(frame.payload.method);
    case AMQP_FRAME_HEADER: return on_header(frame);
    case AMQP_FRAME_BODY:
      if (incoming_) incoming_->delivery.body.append(view(frame.payload.body_fragment));
      return finish_incoming();
    default: return;
  }
}

template <class Worker>
void Pump<Worker>::on_method(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD: {
      const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
      incoming_.emplace();
      incoming_->delivery.consumer = copy(deliver->consumer_tag);
      last_tag_ = tags_before_ + deliver->delivery_tag;
      incoming_->delivery.tag = last_tag_;
      return;
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const auto* returned = static_cast<const amqp_basic_return_t*>(method.decoded);
      incoming_.emplace();
      incoming_->returned = true;
      incoming_->exchange = copy(returned->exchange);
      incoming_->key = copy(returned->routing_key);
      return;
    }
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      return tell([number = ack->delivery_tag, multiple = ack->multiple != 0](Listener& listener) {
        listener.on_confirmed(number, multiple, true);
      });
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      return tell([number = nack->delivery_tag, multiple = nack->multiple != 0](
                      Listener& listener) { listener.on_confirmed(number, multiple, false); });
    }
    case AMQP_BASIC_CANCEL_METHOD: {
      const auto* cancel = static_cast<const amqp_basic_cancel_t*>(method.decoded);
      return tell(
          [tag = copy(cancel->consumer_tag)](Listener& listener) { listener.on_cancelled(tag); });
    }
    case AMQP_CHANNEL_CLOSE_METHOD:
      return on_channel_close(*static_cast<const amqp_channel_close_t*>(method.decoded));
    case AMQP_CONNECTION_CLOSE_METHOD:
      return on_connection_close(*static_cast<const amqp_connection_close_t*>(method.decoded));
    case AMQP_CONNECTION_CLOSE_OK_METHOD: goodbye_ = true; return;
    case AMQP_CONNECTION_BLOCKED_METHOD:
      return on_blocked(
          true, copy(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason));
    case AMQP_CONNECTION_UNBLOCKED_METHOD: return on_blocked(false, {});
    default: return on_reply(method);
  }
}

template <class Worker>
void Pump<Worker>::on_reply(const amqp_method_t& method) {
  if (!call_ || !step_sent_ || call_->steps.front().reply != method.id) {
    return lose(failure_of(Failure::Kind::other, "an answer that nothing was asked for"));
  }
  call_->steps.pop_front();
  step_sent_ = false;
  if (!call_->steps.empty()) return;
  Declared declared;
  if (method.id == AMQP_QUEUE_DECLARE_OK_METHOD) {
    declared.messages = static_cast<const amqp_queue_declare_ok_t*>(method.decoded)->message_count;
  }
  answer(declared);
}

/// The end of the present call.
template <class Worker>
void Pump<Worker>::answer(AmqpResult<Declared> result) {
  const auto number = call_->number;
  call_.reset();
  --calls_;
  call_since_ = Clock::now();
  if (number != 0) {
    events_.emplace_back(Answer{number, std::move(result)});
  } else if (!std::exchange(was_open_, true)) {
    tell([](Listener& listener) { listener.on_open(); });
  }
}

template <class Worker>
void Pump<Worker>::on_channel_close(const amqp_channel_close_t& close) {
  auto failure = failure_of_close(Refused::call, close.reply_code, view(close.reply_text));
  const auto guilty = static_cast<amqp_method_number_t>(close.class_id) << 16U | close.method_id;
  amqp_channel_close_ok_t ok{};
  if (!sent(amqp_send_method(connection_.get(), kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok),
            kFrameOverhead)) {
    return;
  }
  if (!call_ || call_->number == 0 || (guilty != 0 && guilty != call_->steps.front().method)) {
    return lose(std::move(failure));
  }
  answer(tl::unexpected<Failure>(std::move(failure)));
  incoming_.reset();
  tags_before_ = last_tag_;
  call_ = open_channel(worker_.endpoint().confirms);
  step_sent_ = false;
  ++calls_;
}

template <class Worker>
void Pump<Worker>::on_connection_close(const amqp_connection_close_t& close) {
  auto failure = failure_of_close(Refused::connection, close.reply_code, view(close.reply_text));
  amqp_connection_close_ok_t ok{};
  amqp_send_method(connection_.get(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
  lose(std::move(failure));
}

/// A server that takes nothing because of an alarm is alive, as its heartbeats tell.
template <class Worker>
void Pump<Worker>::on_blocked(bool blocked, const std::string& reason) {
  blocked_ = blocked;
  const int timeout =
      blocked ? 0 : static_cast<int>(std::chrono::milliseconds(kSilenceTimeout).count());
  ::setsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  taken_at_ = Clock::now();
  tell([blocked, text = failure_of(Failure::Kind::other, reason).text](Listener& listener) {
    listener.on_blocked(blocked, text);
  });
}

template <class Worker>
void Pump<Worker>::on_header(const amqp_frame_t& frame) {
  if (!incoming_) return;
  incoming_->has_header = true;
  incoming_->size = frame.payload.properties.body_size;
  incoming_->delivery.offset = offset_of(frame);
  incoming_->delivery.body.reserve(
      static_cast<std::size_t>(std::min(incoming_->size, kMostReserved)));
  finish_incoming();
}

template <class Worker>
void Pump<Worker>::finish_incoming() {
  if (!incoming_ || !incoming_->has_header || incoming_->delivery.body.size() < incoming_->size) {
    return;
  }
  auto message = std::move(*incoming_);
  incoming_.reset();
  if (!message.returned) {
    events_.emplace_back(std::move(message.delivery));
    return;
  }
  tell([exchange = std::move(message.exchange), key = std::move(message.key)](Listener& listener) {
    listener.on_returned(exchange, key);
  });
}

}  // namespace

// ---- between the two threads

void RabbitmqcConnector::Worker::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
  const auto name = ("amqp-" + endpoint_.name).substr(0, 15);
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void RabbitmqcConnector::Worker::run() {
  {
    Pump<Worker> pump(*this);
    pump.run();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  finished_ = true;
  ended_.notify_all();
}

void RabbitmqcConnector::Worker::submit(Command command) {
  bool first = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (finished_) return;
    first = submitted_.empty();
    submitted_.push_back(std::move(command));
  }
  if (first) wake();
}

void RabbitmqcConnector::Worker::leave() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    executor_ = nullptr;
    if (logging_in_ && socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }
  wake();
}

bool RabbitmqcConnector::Worker::finished() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return finished_;
}

void RabbitmqcConnector::Worker::join() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool ended = ended_.wait_for(lock, kGraceAtEnd, [this] { return finished_; });
    if (!ended && socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }
  thread_.join();
}

void RabbitmqcConnector::Worker::on_socket(int fd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  socket_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);  // rabbitmq-c closes its own whenever it likes
  if (executor_ == nullptr) ::shutdown(socket_, SHUT_RDWR);
}

void RabbitmqcConnector::Worker::logged_in() {
  const std::lock_guard<std::mutex> lock(mutex_);
  logging_in_ = false;
}

bool RabbitmqcConnector::Worker::take(std::vector<Command>& commands) {
  std::uint64_t count = 0;  // one read takes all of it
  [[maybe_unused]] const auto taken = ::read(wake_fd_, &count, sizeof count);
  const std::lock_guard<std::mutex> lock(mutex_);
  commands.swap(submitted_);
  return executor_ != nullptr;
}

void RabbitmqcConnector::Worker::post(std::vector<Event> events) {
  std::size_t cost = 0;
  for (const auto& event : events) cost += cost_of(event);
  const auto shared = std::make_shared<std::vector<Event>>(std::move(events));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (executor_ == nullptr) return;
  unhandled_ += cost;
  executor_->post([self = shared_from_this(), shared, cost] {
    hear_all(*self->heard_, *shared);
    self->handled(cost);
  });
}

void RabbitmqcConnector::Worker::handled(std::size_t cost) {
  const bool was_behind = is_behind();
  unhandled_ -= cost;
  if (was_behind && !is_behind()) wake();
}

void RabbitmqcConnector::Worker::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

// ---- the loop's side

class RabbitmqcConnector::Channel final : public AmqpChannel {
 public:
  Channel(std::shared_ptr<Worker> worker, std::shared_ptr<Heard> heard)
      : worker_(std::move(worker)), heard_(std::move(heard)) {}
  ~Channel() override {
    heard_->listener = nullptr;
    heard_->calls.clear();
    worker_->leave();
  }

  void declare(const QueueSpec& queue, DeclareDone done) override {
    call({declare_step(queue)}, std::move(done));
  }
  void declare(const ExchangeSpec& exchange, Done done) override {
    call({declare_step(exchange)}, without_value(std::move(done)));
  }
  void bind(const std::string& queue, const std::string& exchange, const std::string& key,
            Done done) override {
    call({bind_step(queue, exchange, key)}, without_value(std::move(done)));
  }
  void unbind(const std::string& queue, const std::string& exchange, const std::string& key,
              Done done) override {
    call({unbind_step(queue, exchange, key)}, without_value(std::move(done)));
  }
  void remove_queue(const std::string& queue, Done done) override {
    call({remove_step(queue)}, without_value(std::move(done)));
  }
  void consume(const ConsumeSpec& consumer, Done done) override {
    call({qos_step(consumer.prefetch), consume_step(consumer)}, without_value(std::move(done)));
  }
  void cancel(const std::string& consumer, Done done) override {
    call({cancel_step(consumer)}, without_value(std::move(done)));
  }
  void publish(Outgoing message) override { worker_->submit(std::move(message)); }
  void ack(std::uint64_t delivery, bool multiple) override {
    worker_->submit(Ack{delivery, multiple});
  }

 private:
  static DeclareDone without_value(Done done) {
    if (!done) return nullptr;
    return [done = std::move(done)](AmqpResult<Declared> result) {
      if (result) return done({});
      done(tl::unexpected<Failure>(std::move(result.error())));
    };
  }
  /// Only the call's number leaves the loop.
  void call(std::deque<Step> steps, DeclareDone done) {
    Call call;
    call.number = ++heard_->last_call;
    call.steps = std::move(steps);
    if (heard_->listener != nullptr) heard_->calls.emplace(call.number, std::move(done));
    worker_->submit(std::move(call));
  }

  std::shared_ptr<Worker> worker_;
  std::shared_ptr<Heard> heard_;
};

RabbitmqcConnector::RabbitmqcConnector() = default;

RabbitmqcConnector::~RabbitmqcConnector() {
  for (const auto& worker : workers_) worker->join();
}

std::unique_ptr<AmqpChannel> RabbitmqcConnector::connect(const Endpoint& endpoint,
                                                         base::Executor& executor,
                                                         AmqpChannel::Listener& listener) {
  join_finished();
  auto heard = std::make_shared<Heard>();
  heard->listener = &listener;
  auto worker = std::make_shared<Worker>(endpoint, executor, heard);
  worker->start();
  workers_.push_back(worker);
  return std::make_unique<Channel>(std::move(worker), std::move(heard));
}

void RabbitmqcConnector::join_finished() {
  const auto finished = std::partition(workers_.begin(), workers_.end(),
                                       [](const auto& worker) { return !worker->finished(); });
  for (auto worker = finished; worker != workers_.end(); ++worker) (*worker)->join();
  workers_.erase(finished, workers_.end());
}

}  // namespace chat::rabbitmq
