// What RabbitMQ itself needs: a bare rabbitmq-c loop with a publishing and a consuming connection,
// durable streams and confirms. One message per publish.
//   latency: one stream, messages at planned times; publish → consume
//   rate: several streams, on each the next message goes when the one before is confirmed
// Every message is held against what was sent. One thread; no call of it is bounded in time, so
// whoever starts it bounds it.

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#include "chat/bench/mark.hpp"
#include "chat/bench/verifier.hpp"
#include "json_object.hpp"
#include "option_text.hpp"
#include "system.hpp"

namespace perf {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr int kFrameBytes = 131'072;
constexpr std::uint16_t kPrefetch = 64;
constexpr std::uint8_t kPersistent = 2;
constexpr std::size_t kMaxPayload = 60'000;
constexpr std::size_t kMaxStreams = 256;
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kStartDelay = 50 * kMillisecond;
constexpr std::uint64_t kDrainPatience = 3 * kNanosPerSecond;
constexpr std::uint64_t kRepeatsWait = 100 * kMillisecond;
constexpr timeval kConnectTimeout{5, 0};
constexpr double kMaxLoopCpu = 0.9;

enum class Mode { latency, rate };

struct Options {
  Address server;
  std::string vhost = "/";
  std::string user = "guest";
  std::string password = "guest";
  Mode mode = Mode::latency;
  std::size_t streams = 16;  ///< rate
  double rate = 100;         ///< latency: messages/s
  std::size_t payload = 100;
  double warm_up_s = 1;
  double duration_s = 5;
};

constexpr const char* kUsage =
    "usage: perf_amqp_loop --url 127.0.0.1:PORT [--vhost V] --mode latency|rate [--rate N]\n"
    "                      [--streams K] [--payload BYTES] [--warm-up S] [--duration S]\n"
    "The user is guest. One JSON object on stdout. Exit code 8: a message was lost, repeated or "
    "out "
    "of order.\n";

void set(Options& options, const std::string& option, const std::string& text) {
  if (option == "--url") {
    options.server = address_of(option, text);
  } else if (option == "--vhost") {
    options.vhost = text;
  } else if (option == "--mode") {
    if (text != "latency" && text != "rate") throw UsageError("--mode is latency or rate");
    options.mode = text == "rate" ? Mode::rate : Mode::latency;
  } else if (option == "--streams") {
    options.streams = count_of(option, text);
  } else if (option == "--rate") {
    options.rate = number_of(option, text);
  } else if (option == "--payload") {
    options.payload = count_of(option, text);
  } else if (option == "--warm-up") {
    options.warm_up_s = number_of(option, text);
  } else if (option == "--duration") {
    options.duration_s = number_of(option, text);
  } else {
    throw UsageError("unknown option " + option);
  }
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc) throw UsageError(option + " needs a value");
    set(options, option, argv[i + 1]);
  }
  if (options.mode == Mode::latency) options.streams = 1;
  if (options.server.port == 0) throw UsageError("--url is missing");
  if (options.rate <= 0) throw UsageError("--rate must not be 0");
  if (options.streams == 0 || options.streams > kMaxStreams) {
    throw UsageError("--streams must be between 1 and " + std::to_string(kMaxStreams));
  }
  if (options.payload < chat::bench::kMarkBytes || options.payload > kMaxPayload) {
    throw UsageError("--payload must be between " + std::to_string(chat::bench::kMarkBytes) +
                     " and " + std::to_string(kMaxPayload));
  }
  return options;
}

std::uint64_t nanos(double seconds) {
  return static_cast<std::uint64_t>(seconds * static_cast<double>(kNanosPerSecond));
}

double own_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

amqp_bytes_t bytes_of(std::string_view text) {
  amqp_bytes_t bytes{};
  bytes.len = text.size();
  bytes.bytes = const_cast<char*>(text.data());  // NOLINT: the library only reads it
  return bytes;
}

void check(int status, const char* what) {
  if (status >= 0) return;
  throw std::runtime_error(std::string(what) + ": " + amqp_error_string2(status));
}

void check(const amqp_rpc_reply_t& reply, const char* what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) check(reply.library_error, what);
  throw std::runtime_error(std::string(what) + ": RabbitMQ refuses it");
}

/// A connection with one channel. Not thread-safe.
class Connection {
 public:
  explicit Connection(const Options& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { amqp_destroy_connection(state_); }

  amqp_connection_state_t state() const noexcept { return state_; }
  int fd() const noexcept { return amqp_get_sockfd(state_); }
  void checked(const char* what) const { check(amqp_get_rpc_reply(state_), what); }

  /// Hands over what has arrived, without waiting.
  template <class OnFrame>
  void read(OnFrame on_frame) {
    const timeval at_once{0, 0};
    amqp_frame_t frame{};
    for (;;) {
      const int status = amqp_simple_wait_frame_noblock(state_, &frame, &at_once);
      if (status == AMQP_STATUS_TIMEOUT) return;
      check(status, "receive");
      on_frame(frame);
      amqp_maybe_release_buffers(state_);
    }
  }

 private:
  amqp_connection_state_t state_ = amqp_new_connection();
};

Connection::Connection(const Options& options) {
  amqp_socket_t* socket = amqp_tcp_socket_new(state_);
  if (socket == nullptr) throw std::runtime_error("no socket");
  const timeval timeout = kConnectTimeout;
  check(
      amqp_socket_open_noblock(socket, options.server.host.c_str(), options.server.port, &timeout),
      "connect");
  check(amqp_login(state_, options.vhost.c_str(), 0, kFrameBytes, 0, AMQP_SASL_METHOD_PLAIN,
                   options.user.c_str(), options.password.c_str()),
        "log in");
  amqp_channel_open(state_, kChannel);
  checked("open a channel");
}

/// An argument table with one text.
amqp_table_t table_of(amqp_table_entry_t& entry, const char* key, const char* text) {
  entry.key = bytes_of(key);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(text);
  amqp_table_t table{};
  table.num_entries = 1;
  table.entries = &entry;
  return table;
}

class Loop {
 public:
  explicit Loop(const Options& options);
  /// Returns the exit code.
  int run();

 private:
  void subscribe();
  void publish(std::size_t stream, std::uint64_t planned);
  void publish_due();
  void publish_free();
  void wait(std::uint64_t until);
  void on_confirm(std::uint64_t number, bool multiple);
  void confirm_one(std::map<std::uint64_t, std::size_t>::iterator publish);
  void on_publisher_frame(const amqp_frame_t& frame);
  void on_consumer_frame(const amqp_frame_t& frame);
  void on_body(std::string_view body);
  void run_until(std::uint64_t end);
  void drain();
  std::string json(double window_s, double cpu_s, std::uint64_t confirmed, std::uint64_t read,
                   const chat::bench::Verifier::Verdict& verdict) const;

  const Options options_;
  Connection publisher_;
  Connection consumer_;
  std::vector<std::string> names_;
  std::string body_;

  chat::bench::Verifier verifier_;  // a stream is a room with one member and one sender
  std::vector<std::uint32_t> sent_;
  std::map<std::uint64_t, std::size_t> unconfirmed_;  // publish number → stream
  std::vector<std::size_t> free_;                     // confirmed since the last turn
  std::uint64_t published_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t unreadable_ = 0;

  std::size_t stream_ = 0;  // of the message that is coming in
  std::string incoming_;
  std::uint64_t incoming_bytes_ = 0;
  std::uint64_t last_tag_ = 0;

  bool sending_ = true;
  std::uint64_t start_ = 0;
  std::uint64_t planned_ = 0;
  std::uint64_t next_planned_ = UINT64_MAX;
  std::uint64_t window_begin_ = 0;
  std::uint64_t window_end_ = 0;
  chat::base::Histogram latency_;
};

Loop::Loop(const Options& options)
    : options_(options),
      publisher_(options),
      consumer_(options),
      body_(options.payload, 'x'),
      verifier_(std::vector<chat::bench::RoomSize>(options.streams, {1, 1})),
      sent_(options.streams) {
  amqp_confirm_select(publisher_.state(), kChannel);
  publisher_.checked("ask for confirms");
  subscribe();
}

void Loop::subscribe() {
  amqp_table_entry_t entry{};
  for (std::size_t i = 0; i < options_.streams; ++i) {
    names_.push_back("bench." + std::to_string(i));
    amqp_queue_declare(publisher_.state(), kChannel, bytes_of(names_[i]), 0, 1, 0, 0,
                       table_of(entry, "x-queue-type", "stream"));
    publisher_.checked("declare a stream");
  }
  amqp_basic_qos(consumer_.state(), kChannel, 0, kPrefetch, 0);
  consumer_.checked("set the prefetch");
  for (std::size_t i = 0; i < options_.streams; ++i) {
    amqp_basic_consume(consumer_.state(), kChannel, bytes_of(names_[i]),
                       bytes_of(std::to_string(i)), 0, 0, 0,
                       table_of(entry, "x-stream-offset", "next"));
    consumer_.checked("consume");
  }
}

void Loop::publish(std::size_t stream, std::uint64_t planned) {
  const std::uint32_t counter = sent_[stream]++;
  chat::bench::write_mark(body_.data(), {static_cast<std::uint32_t>(stream), counter, planned});
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = kPersistent;
  check(amqp_basic_publish(publisher_.state(), kChannel, amqp_empty_bytes, bytes_of(names_[stream]),
                           1, 0, &properties, bytes_of(body_)),
        "publish");
  unconfirmed_.emplace(++published_, stream);
}

void Loop::publish_due() {
  while (next_planned_ <= now_ns()) {
    publish(0, next_planned_);
    ++planned_;
    const double since = static_cast<double>(planned_) * 1e9 / options_.rate;
    next_planned_ = start_ + static_cast<std::uint64_t>(since);
    if (next_planned_ >= window_end_) next_planned_ = UINT64_MAX;
  }
}

/// One message for each stream that has none unconfirmed any more.
void Loop::publish_free() {
  if (options_.mode == Mode::rate && sending_) {
    for (const std::size_t stream : free_) publish(stream, now_ns());
  }
  free_.clear();
}

void Loop::wait(std::uint64_t until) {
  // Frames may be there that poll() does not know of: what was read was read to the end.
  publisher_.read([this](const amqp_frame_t& frame) { on_publisher_frame(frame); });
  consumer_.read([this](const amqp_frame_t& frame) { on_consumer_frame(frame); });
  if (const auto tag = std::exchange(last_tag_, 0U); tag > 0) {
    check(amqp_basic_ack(consumer_.state(), kChannel, tag, 1), "acknowledge");
  }
  publish_free();
  const std::uint64_t now = now_ns();
  const std::uint64_t left = until > now ? until - now : 0;
  const timespec timeout{static_cast<time_t>(left / kNanosPerSecond),
                         static_cast<long>(left % kNanosPerSecond)};
  std::array<pollfd, 2> fds{};
  fds[0] = {publisher_.fd(), POLLIN, 0};
  fds[1] = {consumer_.fd(), POLLIN, 0};
  if (ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0 && errno != EINTR) {
    throw system_failure("ppoll");
  }
}

void Loop::on_publisher_frame(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return;
  const amqp_method_t& method = frame.payload.method;
  if (method.id == AMQP_BASIC_ACK_METHOD) {
    const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
    return on_confirm(ack->delivery_tag, ack->multiple != 0);
  }
  ++refused_;  // a nack, a return, a close
}

void Loop::on_confirm(std::uint64_t number, bool multiple) {
  if (!multiple) return confirm_one(unconfirmed_.find(number));
  while (!unconfirmed_.empty() && unconfirmed_.begin()->first <= number) {
    confirm_one(unconfirmed_.begin());
  }
}

void Loop::confirm_one(std::map<std::uint64_t, std::size_t>::iterator publish_) {
  if (publish_ == unconfirmed_.end()) return;
  const std::size_t stream = publish_->second;
  unconfirmed_.erase(publish_);
  ++confirmed_;
  free_.push_back(stream);
}

void Loop::on_consumer_frame(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_METHOD) {
    if (frame.payload.method.id != AMQP_BASIC_DELIVER_METHOD) {
      ++refused_;
      return;
    }
    const auto* deliver = static_cast<const amqp_basic_deliver_t*>(frame.payload.method.decoded);
    stream_ = std::stoul(std::string(static_cast<const char*>(deliver->consumer_tag.bytes),
                                     deliver->consumer_tag.len));
    last_tag_ = deliver->delivery_tag;
  } else if (frame.frame_type == AMQP_FRAME_HEADER) {
    incoming_.clear();
    incoming_bytes_ = frame.payload.properties.body_size;
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    incoming_.append(static_cast<const char*>(frame.payload.body_fragment.bytes),
                     frame.payload.body_fragment.len);
    if (incoming_.size() == incoming_bytes_) on_body(incoming_);
  }
}

void Loop::on_body(std::string_view body) {
  const std::uint64_t now = now_ns();
  chat::bench::Mark mark;
  if (body.size() != options_.payload || !chat::bench::read_mark(body.data(), mark)) {
    ++unreadable_;
    return;
  }
  verifier_.on_delivery(stream_, mark.sender, mark.counter);
  if (mark.planned >= window_begin_ && mark.planned < window_end_) {
    latency_.record(now - mark.planned);
  }
}

void Loop::run_until(std::uint64_t end) {
  while (now_ns() < end) {
    wait(std::min(next_planned_, end));
    publish_due();
  }
}

/// Waits for all that must still come, but not for ever; then a moment for what must not.
void Loop::drain() {
  sending_ = false;
  next_planned_ = UINT64_MAX;
  std::uint64_t progress_at = now_ns();
  std::uint64_t seen = 0;
  while (verifier_.distinct() < published_ || !unconfirmed_.empty()) {
    wait(now_ns() + 10 * kMillisecond);
    const std::uint64_t now_seen = verifier_.delivered() + confirmed_;
    if (now_seen > seen) progress_at = now_ns();
    seen = now_seen;
    if (now_ns() - progress_at > kDrainPatience) break;
  }
  const std::uint64_t end = now_ns() + kRepeatsWait;
  while (now_ns() < end) wait(end);
}

int Loop::run() {
  start_ = now_ns() + kStartDelay;
  window_begin_ = start_ + nanos(options_.warm_up_s);
  window_end_ = window_begin_ + nanos(options_.duration_s);
  if (options_.mode == Mode::latency) {
    next_planned_ = start_;
  } else {
    for (std::size_t i = 0; i < options_.streams; ++i) publish(i, now_ns());
  }
  run_until(window_begin_);
  const std::uint64_t from = now_ns();
  const double cpu = own_cpu_s();
  const std::uint64_t confirmed = confirmed_;
  const std::uint64_t read = verifier_.delivered();
  run_until(window_end_);
  const double window_s = static_cast<double>(now_ns() - from) / 1e9;
  const double cpu_s = own_cpu_s() - cpu;
  const std::uint64_t confirmed_in_window = confirmed_ - confirmed;
  const std::uint64_t read_in_window = verifier_.delivered() - read;
  drain();
  const auto verdict = verifier_.verdict(sent_);
  std::puts(json(window_s, cpu_s, confirmed_in_window, read_in_window, verdict).c_str());
  return verdict.clean() && unconfirmed_.empty() && refused_ + unreadable_ == 0 ? 0 : 8;
}

std::string Loop::json(double window_s, double cpu_s, std::uint64_t confirmed, std::uint64_t read,
                       const chat::bench::Verifier::Verdict& verdict) const {
  return Object()
      .json("mode", options_.mode == Mode::rate ? "\"rate\"" : "\"latency\"")
      .count("streams", options_.streams)
      .number("rate", options_.mode == Mode::rate ? 0 : options_.rate)
      .count("payload", options_.payload)
      .number("window_s", window_s)
      .count("acked", confirmed)
      .number("acked_per_s", per(static_cast<double>(confirmed), window_s))
      .count("deliveries", read)
      .number("deliveries_per_s", per(static_cast<double>(read), window_s))
      .json("latency_us", quantiles_us(latency_))
      .count("total_sent", published_)
      .count("total_deliveries", verifier_.delivered())
      .count("lost", verdict.lost)
      .count("dup", verdict.duplicated)
      .count("misordered", verdict.misordered)
      .count("foreign", verdict.foreign + unreadable_)
      .count("order_mismatch", verdict.order_mismatch)
      .count("unacked", unconfirmed_.size())
      .count("disconnects", 0)
      .count("errors", refused_)
      .number("generator_cpu", per(cpu_s, window_s))
      .flag("generator_bound", per(cpu_s, window_s) > kMaxLoopCpu)
      .text();
}

}  // namespace
}  // namespace perf

int main(int argc, char** argv) {
  try {
    perf::Loop loop(perf::parse_options(argc, argv));
    return loop.run();
  } catch (const perf::UsageError& mistake) {
    std::fprintf(stderr, "perf_amqp_loop: %s\n%s", mistake.what(), perf::kUsage);
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "perf_amqp_loop: %s\n", failure.what());
    return 1;
  }
}
