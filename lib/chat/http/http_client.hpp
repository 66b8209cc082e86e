#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace chat::http {

/// A server, and as whom it is asked.
struct HttpUrl {
  bool tls = false;
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string user;    ///< empty: no authentication
  bool is_ws = false;  ///< who named it writes ws:// and wss://: messages do, too
};
/// "http://", or as `url` has it with TLS or without: "wss://".
std::string scheme_of(const HttpUrl& url, bool tls);
/// The server without the user, for messages: "http://localhost:15672" (escaped).
std::string describe(const HttpUrl& url);

/// Where requests go, as whom, and within which bounds.
struct HttpTarget {
  HttpUrl url;
  std::string expected = "an HTTP server";  ///< what it should be, for messages
  std::string when_refused;                 ///< what to look at when nothing listens
  std::string when_amqp;                    ///< what to do when it is a port for AMQP
  std::string password;                     ///< never in an error
  std::string ca_file;                      ///< PEM, with https; empty: the system's
  std::chrono::milliseconds connect_bound{3'000};
  std::chrono::milliseconds read_bound{10'000};   ///< without a byte of the answer
  std::chrono::milliseconds whole_bound{30'000};  ///< for a request and its whole answer
  std::size_t most_bytes = 64U << 20;             ///< of an answer's body
};

struct HttpAnswer {
  int status = 0;
  std::string body;  ///< as the peer sent it
};

/// Why there is no answer.
struct HttpFailure {
  enum class Kind {
    refused,    ///< nothing listens, or the host's name is unknown
    timed_out,  ///< a bound has passed
    tls,        ///< TLS where plain was expected, the reverse, or a certificate that is not good
    cut,        ///< the connection ended in the middle of an answer
    not_http,   ///< something else than HTTP answered
    too_large,  ///< the answer is over `most_bytes`
  };
  Kind kind = Kind::refused;
  std::string text;  ///< what, where, and what to do; made for a terminal, without secrets
};

/// HTTP/1.1 with basic authentication to one server, by cpp-httplib. TLS certificates are always
/// verified, for the host's name or address. Redirects are not followed.
/// Thread: one at a time; calls block, within the target's bounds.
class HttpClient {
 public:
  explicit HttpClient(HttpTarget target);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// `method`: GET, PUT, POST, DELETE. `path`: from its slash, percent-encoded already. `body`:
  /// JSON text, or empty.
  tl::expected<HttpAnswer, HttpFailure> call(const std::string& method, const std::string& path,
                                             const std::string& body = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::http
