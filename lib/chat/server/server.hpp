#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/config/serve_config.hpp"
#include "chat/wire/error.hpp"

namespace chat::server {

/// `chat serve` as an object: the composition root, where clock, sockets, stores, brokers and
/// workers are joined. Threads: `main` owns it; one thread per worker, one for SQLite
/// (docs/threads.md).
class Server {
 public:
  /// Opens the store and the listening sockets; nothing is accepted yet. Fails with a text that
  /// says what and what to do.
  static wire::Result<std::unique_ptr<Server>> open(config::ServeConfig config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The addresses with the ports that they got, as "http://127.0.0.1:8000" or "unix:/path".
  std::vector<std::string> addresses() const;

  /// Serves until SIGTERM or SIGINT, then drains. Returns the process's exit code: 0 after a drain,
  /// 130 when a second signal cut it short. Call once.
  int run();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::server
