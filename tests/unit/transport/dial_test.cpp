#include "chat/transport/dial.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "chat/transport/asio_executor.hpp"
#include "support/certificate.hpp"
#include "support/temp_dir.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::Certificate;
using tests::certificate_for;
using tests::Key;
using tests::TempDir;
using transport::AsioExecutor;
using transport::Dial;

namespace {

using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;
using Tls = std::unique_ptr<SSL, void (*)(SSL*)>;

/// A port on the loopback that serves one connection, in a thread, by `serve(descriptor)`.
class Port {
 public:
  explicit Port(std::function<void(int)> serve) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 4) != 0 ||
        ::getsockname(listener_, raw, &size) != 0) {
      throw std::runtime_error("no port on the loopback");
    }
    number_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      serve(peer);
      ::close(peer);
    });
  }
  ~Port() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  std::uint16_t number() const { return number_; }

 private:
  int listener_;
  std::uint16_t number_ = 0;
  std::thread thread_;
};

/// A server with TLS that says everything back, until the client ends.
class TlsEcho {
 public:
  explicit TlsEcho(const std::string& names, long days = 1)
      : key_(EVP_RSA_gen(2048), EVP_PKEY_free),
        certificate_(certificate_for(key_.get(), names, days)),
        context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free),
        port_([this](int peer) { serve(peer); }) {}

  void write_certificate(const std::string& file) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(file.c_str(), "w"), std::fclose);
    REQUIRE(PEM_write_X509(out.get(), certificate_.get()) == 1);
  }
  std::uint16_t port() const { return port_.number(); }

 private:
  void serve(int peer) {
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    const Tls tls(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(tls.get(), peer);
    if (SSL_accept(tls.get()) != 1) return;
    char bytes[16384];
    for (int size = 0; (size = SSL_read(tls.get(), bytes, sizeof bytes)) > 0;) {
      if (SSL_write(tls.get(), bytes, size) != size) return;
    }
    SSL_shutdown(tls.get());
  }

  Key key_;
  Certificate certificate_;
  Context context_;
  Port port_;  // last: its thread uses the others
};

/// One dial, run to its end.
class Attempt : private transport::Stream::Listener {
 public:
  ~Attempt() override {
    stream.reset();
    executor_.abandon();
  }

  void dial(const Dial::Target& target, base::Duration patience = 20s) {
    Dial attempt(executor_, target, patience, [this](auto result) {
      if (result) {
        stream = std::move(*result);
      } else {
        failure = result.error();
      }
      executor_.stop();
    });
    CHECK_FALSE(failure);
    run();
    CHECK((stream == nullptr) == failure.has_value());
  }

  /// Sends all of it and waits for as much.
  std::string echo(const std::string& text) {
    text_ = text;
    stream->start(*this);
    write_more();
    run();
    return received_;
  }
  /// Ends the own side; true when the peer ended well.
  std::optional<bool> ended() {
    stream->shut_down_writing();
    run();
    return ended_;
  }

  std::unique_ptr<transport::Stream> stream;
  std::optional<Dial::Failure> failure;

 private:
  void run() {
    const auto timer = executor_.after(60s, [this] { executor_.stop(); });
    executor_.context().restart();
    executor_.run();
    executor_.cancel(timer);
  }
  void write_more() {
    while (written_ < text_.size()) {
      const iovec piece{text_.data() + written_, text_.size() - written_};
      const auto size = stream->write(&piece, 1);
      REQUIRE(size >= 0);
      if (size == 0) return stream->want_writable();
      written_ += static_cast<std::size_t>(size);
    }
  }
  void on_bytes(char* bytes, std::size_t size) override {
    received_.append(bytes, size);
    stream->pause_reading();
    stream->resume_reading();
    CHECK(received_.compare(received_.size() - size, size, bytes, size) == 0);
    if (received_.size() >= text_.size()) executor_.stop();
  }
  void on_writable() override { write_more(); }
  void on_end(bool clean) override {
    ended_ = clean;
    executor_.stop();
  }

  AsioExecutor executor_;
  std::string text_;
  std::size_t written_ = 0;
  std::string received_;
  std::optional<bool> ended_;
};

Dial::Target target(std::uint16_t port, bool tls, const std::string& ca_file = {}) {
  return {"127.0.0.1", port, tls, ca_file};
}

std::string long_text() {
  std::string text;
  for (int i = 0; text.size() < (3U << 20); ++i) text += std::to_string(i) + ",";
  return text;
}

}  // namespace

TEST_CASE("dial: a plain connection carries bytes both ways", "[transport][dial]") {
  Port port([](int peer) {
    char bytes[4096];
    for (ssize_t size = 0; (size = ::recv(peer, bytes, sizeof bytes, 0)) > 0;) {
      for (ssize_t sent = 0; sent < size;) {
        const auto more = ::send(peer, bytes + sent, static_cast<std::size_t>(size - sent), 0);
        if (more < 0) return;
        sent += more;
      }
    }
  });
  Attempt attempt;
  attempt.dial(target(port.number(), false));
  REQUIRE(attempt.stream);
  CHECK(attempt.stream->peer() == "127.0.0.1:" + std::to_string(port.number()));
  const auto text = long_text();
  CHECK(attempt.echo(text) == text);
  CHECK(attempt.ended() == true);
}

TEST_CASE("dial: a certificate that the CA file vouches for is good", "[transport][dial][tls]") {
  const TempDir folder;
  TlsEcho server("DNS:localhost,IP:127.0.0.1");
  server.write_certificate(folder.file("ca.pem"));
  auto where = target(server.port(), true, folder.file("ca.pem"));
  where.host = GENERATE("127.0.0.1", "localhost");
  Attempt attempt;
  attempt.dial(where);
  REQUIRE(attempt.stream);
  const auto text = long_text();
  CHECK(attempt.echo(text) == text);
  CHECK(attempt.ended().has_value());
}

TEST_CASE("dial: an unknown authority, another name, a past date are refused for good",
          "[transport][dial][tls]") {
  const auto [names, host, days, is_known, why] =
      GENERATE(table<std::string, std::string, long, bool, std::string>({
          {"IP:127.0.0.1", "127.0.0.1", 1, false, "--ca-file"},
          {"DNS:other.example,IP:127.0.0.2", "127.0.0.1", 1, true, "another name"},
          {"DNS:other.example", "127.0.0.1", 1, true, "another name"},
          {"DNS:other.example,IP:127.0.0.1", "localhost", 1, true, "another name"},
          {"IP:127.0.0.1", "127.0.0.1", -1, true, "expired"},
      }));
  CAPTURE(names, host, days, is_known);
  const TempDir folder;
  TlsEcho server(names, days);
  server.write_certificate(folder.file("ca.pem"));
  auto where = target(server.port(), true, is_known ? folder.file("ca.pem") : "");
  where.host = host;
  Attempt attempt;
  attempt.dial(where);
  REQUIRE(attempt.failure);
  CHECK_THAT(attempt.failure->why, Catch::Contains(why));
  CHECK_FALSE(attempt.failure->may_pass);
}

TEST_CASE("dial: a CA file that cannot be read is told", "[transport][dial][tls]") {
  Port port([](int) {});
  Attempt attempt;
  attempt.dial(target(port.number(), true, "/nonexistent/ca.pem"));
  REQUIRE(attempt.failure);
  CHECK_THAT(attempt.failure->why, Catch::Contains("cannot be read"));
  CHECK_FALSE(attempt.failure->may_pass);
}

TEST_CASE("dial: TLS to a port that speaks none is told", "[transport][dial][tls]") {
  Port port([](int peer) {
    char bytes[1000];
    (void)::recv(peer, bytes, sizeof bytes, 0);
    (void)::send(peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
  });
  Attempt attempt;
  attempt.dial(target(port.number(), true));
  REQUIRE(attempt.failure);
  CHECK_THAT(attempt.failure->why, Catch::Contains("ws:// in place of wss://"));
  CHECK_FALSE(attempt.failure->may_pass);
}

TEST_CASE("dial: a server that hangs up in the handshake may be better later",
          "[transport][dial][tls]") {
  Port port([](int) {});
  Attempt attempt;
  attempt.dial(target(port.number(), true));
  REQUIRE(attempt.failure);
  CHECK(attempt.failure->may_pass);
}

TEST_CASE("dial: a closed port is told", "[transport][dial]") {
  std::uint16_t number = 0;
  {
    Port port([](int) {});
    number = port.number();
  }
  Attempt attempt;
  attempt.dial(target(number, GENERATE(false, true)));
  REQUIRE(attempt.failure);
  CHECK(attempt.failure->why ==
        "cannot connect to 127.0.0.1:" + std::to_string(number) + ": Connection refused");
  CHECK(attempt.failure->may_pass);
}

TEST_CASE("dial: who says nothing is given up in time", "[transport][dial][tls]") {
  Port port([](int peer) {
    char bytes[1000];
    while (::recv(peer, bytes, sizeof bytes, 0) > 0) {
    }
  });
  Attempt attempt;
  attempt.dial(target(port.number(), true), 50ms);
  REQUIRE(attempt.failure);
  CHECK_THAT(attempt.failure->why, Catch::Contains("in time"));
  CHECK(attempt.failure->may_pass);
}

TEST_CASE("dial: one that is destroyed calls nobody", "[transport][dial]") {
  Port port([](int) {});
  AsioExecutor executor;
  bool is_called = false;
  {
    const Dial attempt(executor, target(port.number(), GENERATE(false, true)), 20s,
                       [&](auto) { is_called = true; });
  }
  executor.post([&] { executor.stop(); });
  executor.run();
  executor.abandon();
  CHECK_FALSE(is_called);
}
