#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/client/client_core.hpp"
#include "chat/client/server_url.hpp"
#include "chat/transport/dial.hpp"
#include "chat/transport/ws_client.hpp"

namespace chat::transport {
class AsioExecutor;
}

namespace chat::client {

/// How a client gets a connection to a server; what it returns gives up when it is destroyed.
using Dialler =
    std::function<std::shared_ptr<void>(const ServerUrl& server, transport::Dial::Done done)>;

/// By TCP, and TLS where the URL wants it. `ca_file`: PEM; empty: the system's.
Dialler make_dialler(transport::AsioExecutor& executor, std::string ca_file);

/// A ClientCore with connections and a clock: one member of one room.
///
/// Thread: one loop, the executor's. Not to be destroyed inside a call of its listener.
class Client final : private transport::WsClient::Listener {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// What ClientCore tells its user; never Connect, Transmit, Probe, Disconnect or
    /// Abandon.
    virtual void on_told(const Action& told) = 0;
  };
  struct Options {
    std::vector<ServerUrl> servers;  ///< at least one; tried in turn
    base::RoomName room;
    std::string name;
    std::string token;
    ReadFrom from;
    bool persistent = false;  ///< ClientCore::Options
    /// For secrets, masks and jitter; none: the system's, for secrets.
    std::function<std::uint64_t()> random;
  };

  Client(base::Executor& executor, Dialler dialler, Options options, Listener& listener);
  ~Client() override;

  void start();
  /// Queues a message (one JSON value) and answers its n.
  std::uint64_t send(std::string body);
  void rename(std::string name);
  void typing();
  bool ask_history(const wire::HistoryRequest& request);
  void retry_now();
  void leave();

  const ClientCore& core() const noexcept { return core_; }
  /// The server that it is connected to, or tries.
  const ServerUrl& server() const noexcept { return options_.servers[server_]; }

 private:
  void on_open() override;
  void on_text(std::string_view text) override;
  void on_alive() override;
  void on_end(const transport::WsClient::End& end) override;

  template <class Step>
  void step(Step step);
  void carry_out(const Action& action);
  void connect(std::size_t server);
  void on_dialled(
      tl::expected<std::unique_ptr<transport::Stream>, transport::Dial::Failure> dialled);
  void drop_connection();
  void arm();
  void flush_later();

  base::Executor& executor_;
  const Dialler dialler_;
  const Options options_;
  Listener& listener_;
  ClientCore core_;
  std::size_t server_ = 0;
  std::shared_ptr<void> dial_;
  std::shared_ptr<bool> dialling_;  // while an answer of `dial_` is wanted
  std::shared_ptr<transport::WsClient> socket_;
  base::TimerId timer_ = 0;
  base::TimePoint armed_for_ = base::TimePoint::max();
  std::deque<Action> pending_;
  bool is_carrying_out_ = false;
  bool will_flush_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace chat::client
