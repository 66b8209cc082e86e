#include "chat/transport/dial.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <utility>

#include "chat/transport/asio_executor.hpp"
#include "chat/transport/asio_stream.hpp"
#include "chat/transport/asio_tls_stream.hpp"

namespace chat::transport {
namespace {

using Tcp = asio::ip::tcp;

std::string text_of(const Dial::Target& target) {
  const bool is_v6 = target.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

}  // namespace

class Dial::Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(AsioExecutor& executor, Target target, Done done)
      : executor_(executor),
        target_(std::move(target)),
        done_(std::move(done)),
        resolver_(executor.context()),
        socket_(executor.context()) {}

  void start(base::Duration patience) {
    timer_ = executor_.after(patience, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->fail("no answer in time", true, true);
    });
    resolver_.async_resolve(target_.host, std::to_string(target_.port),
                            Tcp::resolver::numeric_service,
                            [self = shared_from_this()](const std::error_code& error,
                                                        const Tcp::resolver::results_type& found) {
                              if (self->is_over_) return;
                              if (error) return self->fail(error.message(), true);
                              self->connect(found);
                            });
  }

  void cancel() {
    if (std::exchange(is_over_, true)) return;
    executor_.cancel(timer_);
    std::error_code ignored;
    resolver_.cancel();
    socket_.close(ignored);
    if (tls_) tls_->lowest_layer().close(ignored);
  }

 private:
  void connect(const Tcp::resolver::results_type& found) {
    asio::async_connect(
        socket_, found,
        [self = shared_from_this()](const std::error_code& error, const Tcp::endpoint&) {
          if (self->is_over_) return;
          if (error) return self->fail(error.message(), true);
          self->on_connected();
        });
  }

  void on_connected() {
    std::error_code ignored;
    socket_.set_option(Tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    if (target_.tls) return shake_hands();
    succeed(make_asio_stream(AsioSocket(std::move(socket_)), text_of(target_)));
  }

  void shake_hands() {
    std::error_code error;
    context_ = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    context_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
    if (target_.ca_file.empty()) {
      context_->set_default_verify_paths(error);
    } else {
      context_->load_verify_file(target_.ca_file, error);
    }
    if (error) return fail("the authorities cannot be read: " + error.message(), false);
    tls_ = std::make_unique<TlsSocket>(std::move(socket_), *context_);
    tls_->set_verify_mode(asio::ssl::verify_peer, error);
    if (error || !expect_host()) return fail("TLS cannot be set up", false);
    tls_->async_handshake(
        TlsSocket::client, [self = shared_from_this()](const std::error_code& why) {
          if (self->is_over_) return;
          if (why) return self->on_distrust(why);
          self->succeed(
              make_asio_tls_stream(std::move(self->tls_), self->context_, text_of(self->target_)));
        });
  }

  /// The certificate must be for the host; a name (no address, RFC 6066 section 3) is said to the
  /// server.
  bool expect_host() {
    SSL* const ssl = tls_->native_handle();
    const char* const host = target_.host.c_str();
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1) return true;
    ERR_clear_error();
    // The macro of OpenSSL without its cast.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host));
    return SSL_set1_host(ssl, host) == 1;
  }

  void on_distrust(const std::error_code& error) {
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      return fail("its certificate is for another name", false);
    }
    if (verdict != X509_V_OK) {
      return fail(
          "its certificate is not trusted: " + std::string(X509_verify_cert_error_string(verdict)) +
              "; name your authority's certificate with --ca-file",
          false);
    }
    const bool is_ours = error.category() == asio::error::get_ssl_category();
    const bool is_plain = is_ours && ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
                                         SSL_R_WRONG_VERSION_NUMBER;
    if (is_plain) return fail("it does not speak TLS there; write ws:// in place of wss://", false);
    fail("TLS: " + error.message(), !is_ours);
  }

  void succeed(std::unique_ptr<Stream> stream) {
    finish();
    done_(std::move(stream));
  }

  void fail(const std::string& why, bool may_pass, bool timed_out = false) {
    cancel();
    done_(tl::unexpected<Failure>(
        Failure{"cannot connect to " + text_of(target_) + ": " + why, may_pass, timed_out}));
  }

  void finish() {
    is_over_ = true;
    executor_.cancel(timer_);
  }

  AsioExecutor& executor_;
  const Target target_;
  const Done done_;
  Tcp::resolver resolver_;
  TcpSocket socket_;
  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<TlsSocket> tls_;
  base::TimerId timer_ = 0;
  bool is_over_ = false;
};

Dial::Dial(AsioExecutor& executor, Target target, base::Duration patience, Done done)
    : attempt_(std::make_shared<Attempt>(executor, std::move(target), std::move(done))) {
  attempt_->start(patience);
}

Dial::~Dial() { attempt_->cancel(); }

}  // namespace chat::transport
