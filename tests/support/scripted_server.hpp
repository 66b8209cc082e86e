#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace chat::tests {

/// A TCP server on the loopback that reads one request per connection, answers with the bytes that
/// its script gives for it and closes; an HTTP client sees whatever a real server could do wrong.
class ScriptedServer {
 public:
  /// Gets the request (head and body), gives the answer. Runs on the server's thread.
  using Script = std::function<std::string(const std::string& request)>;

  /// `holds`: keeps a connection open behind the answer, until the server ends.
  explicit ScriptedServer(Script script, bool holds = false)
      : script_(std::move(script)),
        holds_(holds),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, raw, &size) != 0) {
      throw std::runtime_error("no port for the scripted server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  explicit ScriptedServer(std::string answer, bool holds = false)
      : ScriptedServer([answer = std::move(answer)](const std::string&) { return answer; }, holds) {
  }
  ~ScriptedServer() {
    is_over_ = true;
    thread_.join();
    ::close(listener_);
    for (const int fd : held_) ::close(fd);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static constexpr int kTick = 20;  // ms: how soon the end is seen

  static bool is_ready(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, kTick) > 0;
  }

  void serve() {
    while (!is_over_) {
      if (!is_ready(listener_)) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const auto request = read(fd);
      if (!request.empty()) {
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
        }
        const auto answer = script_(request);
        for (std::size_t at = 0; at < answer.size();) {
          const auto put = ::send(fd, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
          if (put <= 0) break;
          at += static_cast<std::size_t>(put);
        }
      }
      if (holds_) {
        held_.push_back(fd);
      } else {
        ::close(fd);
      }
    }
  }

  /// A whole request, or what came of it before the peer ended or, of no HTTP, paused.
  std::string read(int fd) const {
    std::string got;
    char some[4096];
    while (!is_over_ && !is_whole(got)) {
      if (!is_ready(fd)) {
        if (!got.empty() && got.find("HTTP/1.") == std::string::npos) break;
        continue;
      }
      const auto size = ::recv(fd, some, sizeof some, 0);
      if (size <= 0) break;
      got.append(some, static_cast<std::size_t>(size));
    }
    return got;
  }

  static bool is_whole(const std::string& request) {
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::string key = "Content-Length: ";
    const auto length = request.find(key);
    const auto body = length < head ? std::stoul(request.substr(length + key.size())) : 0;
    return request.size() >= head + 4 + body;
  }

  Script script_;
  bool holds_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_over_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> held_;  // the thread's, then the destructor's
  std::thread thread_;     // last: it uses the others
};

}  // namespace chat::tests
