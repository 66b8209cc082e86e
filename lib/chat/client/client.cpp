#include "chat/client/client.hpp"

#include <chrono>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/transport/asio_executor.hpp"

namespace chat::client {
namespace {

using transport::WsClient;

constexpr std::size_t kSecretBytes = 24;
constexpr auto kDialPatience = std::chrono::seconds(10);

std::uint64_t secure_number() {
  std::uint64_t number = 0;
  base::secure_random(reinterpret_cast<std::uint8_t*>(&number), sizeof number);
  return number;
}

/// Bytes of a random function, in text.
std::string token(const std::function<std::uint64_t()>& random, std::size_t bytes) {
  std::vector<std::uint8_t> drawn(bytes);
  for (auto& byte : drawn) byte = static_cast<std::uint8_t>(random() >> 32U);
  return base::base64url(drawn.data(), drawn.size());
}

/// 16 random bytes in base64 (RFC 6455 section 4.1).
std::string handshake_key(const std::function<std::uint64_t()>& random) {
  std::string key = token(random, 16);
  for (char& c : key) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return key + "==";
}

Client::Options completed(Client::Options options) {
  if (!options.random) options.random = secure_number;
  return options;
}

ClientCore::Options core_options(const Client::Options& options) {
  ClientCore::Options core;
  core.secret = token(options.random, kSecretBytes);
  core.name = options.name;
  core.token = options.token;
  core.from = options.from;
  core.servers = options.servers.size();
  core.persistent = options.persistent;
  core.random = options.random;
  return core;
}

}  // namespace

Dialler make_dialler(transport::AsioExecutor& executor, std::string ca_file) {
  return [&executor, ca_file = std::move(ca_file)](const ServerUrl& server,
                                                   transport::Dial::Done done) {
    transport::Dial::Target target{server.host, server.port, server.tls, ca_file};
    return std::make_shared<transport::Dial>(executor, std::move(target), kDialPatience,
                                             std::move(done));
  };
}

Client::Client(base::Executor& executor, Dialler dialler, Options options, Listener& listener)
    : executor_(executor),
      dialler_(std::move(dialler)),
      options_(completed(std::move(options))),
      listener_(listener),
      core_(core_options(options_)) {}

Client::~Client() { executor_.cancel(timer_); }

template <class Step>
void Client::step(Step step) {
  Actions actions;
  step(executor_.now(), actions);
  for (Action& action : actions) pending_.push_back(std::move(action));
  if (std::exchange(is_carrying_out_, true)) return;  // behind what is being carried out
  while (!pending_.empty()) {
    const Action action = std::move(pending_.front());
    pending_.pop_front();
    carry_out(action);
  }
  is_carrying_out_ = false;
  arm();
}

// ---- what its user wants

void Client::start() {
  step([this](base::TimePoint now, Actions& actions) { core_.start(now, actions); });
}

std::uint64_t Client::send(std::string body) {
  std::uint64_t n = 0;
  step([&](base::TimePoint now, Actions& actions) {
    n = core_.send(std::move(body), now, actions);
  });
  return n;
}

void Client::rename(std::string name) {
  step([&](base::TimePoint now, Actions& actions) { core_.rename(std::move(name), now, actions); });
}

void Client::typing() {
  step([this](base::TimePoint, Actions& actions) { core_.typing(actions); });
}

bool Client::ask_history(const wire::HistoryRequest& request) {
  bool asked = false;
  step([&](base::TimePoint now, Actions& actions) {
    asked = core_.ask_history(request, now, actions);
  });
  return asked;
}

void Client::retry_now() {
  step([this](base::TimePoint now, Actions& actions) { core_.retry_now(now, actions); });
}

void Client::leave() {
  step([this](base::TimePoint, Actions& actions) { core_.leave(actions); });
}

// ---- what its core wants

void Client::carry_out(const Action& action) {
  if (const auto* connection = std::get_if<Connect>(&action)) return connect(connection->server);
  if (const auto* frame = std::get_if<Transmit>(&action)) {
    if (!socket_) return;
    socket_->send(frame->frame);
    return flush_later();
  }
  if (std::holds_alternative<Probe>(action)) {
    if (socket_) socket_->ping();
    return;
  }
  const bool is_end =
      std::holds_alternative<Disconnect>(action) || std::holds_alternative<Abandon>(action);
  if (is_end) return drop_connection();
  listener_.on_told(action);
}

void Client::connect(std::size_t server) {
  drop_connection();
  server_ = server;
  dialling_ = std::make_shared<bool>(true);
  dial_ = dialler_(options_.servers[server],
                   [this, wanted = std::weak_ptr<bool>(dialling_)](auto dialled) {
                     // A dial that was given up may have its answer on the way already.
                     if (!wanted.expired()) on_dialled(std::move(dialled));
                   });
}

void Client::on_dialled(
    tl::expected<std::unique_ptr<transport::Stream>, transport::Dial::Failure> dialled) {
  if (!dialled) {
    Loss loss;
    loss.why = dialled.error().why;
    loss.may_pass = dialled.error().may_pass;
    loss.timed_out = dialled.error().timed_out;
    return step([&](base::TimePoint now, Actions& actions) { core_.on_lost(loss, now, actions); });
  }
  const auto& url = server();
  WsClient::Listener& listener = *this;
  socket_ = std::make_shared<WsClient>(
      std::move(*dialled),
      transport::WsProtocol::Request{url.authority(), url.socket_path(options_.room),
                                     handshake_key(options_.random), "chat.v1"},
      WsClient::Options{64U << 20, [this] { return static_cast<std::uint32_t>(options_.random()); },
                        url.tls},
      listener);
}

/// Not destroyed at once: this may be a call of its own.
void Client::drop_connection() {
  dialling_.reset();
  if (!socket_ && !dial_) return;
  if (socket_) socket_->close(wire::kCloseNormal);
  executor_.post([socket = std::move(socket_), dial = std::move(dial_)] {});
}

void Client::flush_later() {
  if (std::exchange(will_flush_, true)) return;
  executor_.defer([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    will_flush_ = false;
    if (socket_) socket_->flush();
  });
}

void Client::arm() {
  const auto deadline = core_.deadline();
  if (deadline == armed_for_) return;
  executor_.cancel(timer_);
  timer_ = 0;
  armed_for_ = deadline;
  if (deadline == base::TimePoint::max()) return;
  timer_ = executor_.after(deadline - executor_.now(), [this] {
    timer_ = 0;
    armed_for_ = base::TimePoint::max();
    step([this](base::TimePoint now, Actions& actions) { core_.on_time(now, actions); });
  });
}

// ---- what the socket says

void Client::on_open() {
  step([this](base::TimePoint now, Actions& actions) { core_.on_open(now, actions); });
}

void Client::on_text(std::string_view text) {
  step([&](base::TimePoint now, Actions& actions) { core_.on_text(text, now, actions); });
}

void Client::on_alive() { core_.on_alive(executor_.now()); }

void Client::on_end(const WsClient::End& end) {
  drop_connection();
  Loss loss;
  loss.close = end.close == 1005 ? std::uint16_t{0} : end.close;
  loss.http_status = end.http_status;
  loss.retry_after = end.retry_after;
  loss.why = end.why;
  step([&](base::TimePoint now, Actions& actions) { core_.on_lost(loss, now, actions); });
}

}  // namespace chat::client
