#include "chat/http/http_client.hpp"

#include <httplib.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/http/http_probe.hpp"

namespace chat::http {
namespace {

using Kind = HttpFailure::Kind;
using Clock = std::chrono::steady_clock;

/// Cuts a call off that takes longer than its bound: the library bounds single reads only.
class Watchdog {
 public:
  Watchdog(httplib::ClientImpl& client, std::chrono::milliseconds bound)
      : thread_([this, &client, end = Clock::now() + bound] {
          std::unique_lock lock(mutex_);
          // Again and again: before it is connected, there is nothing to stop.
          for (auto until = end; !changed_.wait_until(lock, until, [this] { return is_done_; });
               until += std::chrono::milliseconds(50)) {
            has_barked_ = true;
            client.stop();
          }
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  bool has_barked() const noexcept { return has_barked_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_done_ = false;
  std::atomic<bool> has_barked_{false};
  std::thread thread_;  // last: it uses the others
};

/// What is known of a call that failed.
struct Course {
  httplib::Error error = httplib::Error::Success;
  bool has_head = false;  ///< status and headers came
  bool is_too_large = false;
  bool is_late = false;
  long verify_result = 0;  ///< OpenSSL's
};

std::string seconds(std::chrono::milliseconds time) {
  const auto count = time.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

/// What to write when the one is there and the other was expected.
std::string instead(const HttpUrl& url, bool tls) {
  return "write " + scheme_of(url, tls) + " in place of " + scheme_of(url, !tls);
}

HttpFailure amqp_port(const HttpTarget& target) {
  return {Kind::not_http, describe(target.url) + " is a port for AMQP, not " + target.expected +
                              (target.when_amqp.empty() ? "" : "; " + target.when_amqp)};
}

HttpFailure not_http(const HttpTarget& target) {
  return {Kind::not_http, "what answers at " + describe(target.url) +
                              " does not speak HTTP; is it " + target.expected + "?"};
}

HttpFailure timed_out(const std::string& where, std::chrono::milliseconds bound) {
  return {Kind::timed_out, "no answer from " + where + " within " + seconds(bound)};
}

HttpFailure refused(const HttpTarget& target, Speaks speaks) {
  const auto where = describe(target.url);
  if (speaks == Speaks::unknown_host) {
    return {Kind::refused, "there is no host \"" + base::escape_for_log(target.url.host) + "\""};
  }
  return {Kind::refused, "nothing listens at " + where +
                             (target.when_refused.empty() ? "" : "; " + target.when_refused)};
}

HttpFailure tls_failed(const HttpTarget& target, const Course& course, Speaks speaks) {
  const auto where = describe(target.url);
  if (course.error == httplib::Error::SSLLoadingCerts) {
    return {Kind::tls, target.ca_file.empty()
                           ? "the system's certificates cannot be read"
                           : "no certificate can be read from " +
                                 base::escape_for_log(target.ca_file) + " (PEM is expected)"};
  }
  if (course.error == httplib::Error::SSLServerVerification) {
    const bool is_signed = course.verify_result == X509_V_OK;
    const std::string why =
        is_signed ? "it is for another name" : X509_verify_cert_error_string(course.verify_result);
    return {Kind::tls, "the certificate of " + where + " is not good: " + why +
                           (is_signed ? "" : "; name your authority's certificate with --ca-file")};
  }
  if (speaks == Speaks::amqp) return amqp_port(target);
  if (speaks == Speaks::http) {
    return {Kind::tls, where + " speaks plain HTTP, not TLS; " + instead(target.url, false)};
  }
  if (speaks == Speaks::other) return not_http(target);
  return {Kind::tls, "the TLS handshake with " + where + " failed"};
}

HttpFailure no_answer(const HttpTarget& target, const Course& course, Speaks speaks) {
  const auto where = describe(target.url);
  if (course.has_head) return {Kind::cut, "the answer of " + where + " ended in its middle"};
  if (speaks == Speaks::amqp) return amqp_port(target);
  if (speaks == Speaks::tls && !target.url.tls) {
    return {Kind::tls, where + " speaks TLS; " + instead(target.url, true)};
  }
  if (speaks == Speaks::other || speaks == Speaks::tls) return not_http(target);
  const bool may_be_tls = speaks == Speaks::closes && !target.url.tls;
  return {Kind::cut,
          where + " ended the connection without a whole answer" +
              (may_be_tls ? "; if it expects TLS, write " + scheme_of(target.url, true) : "")};
}

/// Says in words what happened; asks the port once more where the library does not tell.
HttpFailure explain(const HttpTarget& target, const Course& course) {
  using httplib::Error;
  const auto ask = [&target] {
    return probe(target.url.host, target.url.port, target.connect_bound);
  };
  if (course.is_too_large) {
    return {Kind::too_large, "an answer of " + describe(target.url) + " has more than " +
                                 std::to_string(target.most_bytes) + " bytes"};
  }
  switch (course.error) {
    case Error::SSLLoadingCerts:
    case Error::SSLServerVerification: return tls_failed(target, course, Speaks::silence);
    case Error::ConnectionTimeout: return timed_out(describe(target.url), target.connect_bound);
    case Error::Connection:
      if (course.is_late) return timed_out(describe(target.url), target.connect_bound);
      return refused(target, ask());
    case Error::SSLConnection:
      if (course.is_late) return timed_out(describe(target.url), target.connect_bound);
      return tls_failed(target, course, ask());
    default:
      if (course.is_late) return timed_out(describe(target.url), target.read_bound);
      return no_answer(target, course, course.has_head ? Speaks::http : ask());
  }
}

}  // namespace

std::string scheme_of(const HttpUrl& url, bool tls) {
  return std::string(url.is_ws ? "ws" : "http") + (tls ? "s://" : "://");
}

std::string describe(const HttpUrl& url) {
  const bool is_v6 = url.host.find(':') != std::string::npos;
  return scheme_of(url, url.tls) + base::escape_for_log(is_v6 ? "[" + url.host + "]" : url.host) +
         ":" + std::to_string(url.port);
}

struct HttpClient::Impl {
  explicit Impl(HttpTarget given) : target(std::move(given)) {
    const auto& url = target.url;
    if (url.tls) {
      auto made = std::make_unique<httplib::SSLClient>(url.host, url.port);
      made->enable_server_certificate_verification(true);
      if (!target.ca_file.empty()) made->set_ca_cert_path(target.ca_file);
      tls = made.get();
      client = std::move(made);
    } else {
      client = std::make_unique<httplib::ClientImpl>(url.host, url.port);
    }
    // A server may end an idle connection at the moment when it is used again.
    client->set_keep_alive(false);
    client->set_follow_location(false);
    client->set_url_encode(false);  // paths come encoded
    client->set_connection_timeout(target.connect_bound);
    client->set_read_timeout(target.read_bound);
    client->set_write_timeout(target.read_bound);
    if (!url.user.empty()) client->set_basic_auth(url.user, target.password);
  }

  httplib::Request request(const std::string& method, const std::string& path,
                           const std::string& body, HttpAnswer& answer, Course& course) const {
    httplib::Request made;
    made.method = method;
    made.path = path;
    made.body = body;
    // Not compressed: what is read is bounded as it comes. RabbitMQ answers some requests with 406
    // when JSON is asked for.
    made.headers = {{"Accept", "*/*"}, {"Accept-Encoding", "identity"}};
    if (!body.empty()) made.headers.emplace("Content-Type", "application/json");
    made.response_handler = [&course](const httplib::Response&) { return course.has_head = true; };
    made.content_receiver = [&answer, &course, this](const char* data, std::size_t size,
                                                     std::uint64_t, std::uint64_t) {
      course.is_too_large = answer.body.size() + size > target.most_bytes;
      if (!course.is_too_large) answer.body.append(data, size);
      return !course.is_too_large;
    };
    return made;
  }

  HttpTarget target;
  std::unique_ptr<httplib::ClientImpl> client;
  httplib::SSLClient* tls = nullptr;  ///< the same, when it is one
};

HttpClient::HttpClient(HttpTarget target) : impl_(std::make_unique<Impl>(std::move(target))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

tl::expected<HttpAnswer, HttpFailure> HttpClient::call(const std::string& method,
                                                       const std::string& path,
                                                       const std::string& body) {
  const auto& target = impl_->target;
  auto& client = *impl_->client;
  HttpAnswer answer;
  Course course;
  const auto begun = Clock::now();
  try {
    auto request = impl_->request(method, path, body, answer, course);
    httplib::Response response;
    bool has_barked = false;
    bool is_whole = false;
    {
      const Watchdog watchdog(client, target.whole_bound);
      is_whole = client.send(request, response, course.error);
      has_barked = watchdog.has_barked();
    }
    if (is_whole) {
      answer.status = response.status;
      return answer;
    }
    if (has_barked) return tl::unexpected(timed_out(describe(target.url), target.whole_bound));
    if (impl_->tls != nullptr) course.verify_result = impl_->tls->get_openssl_verify_result();
  } catch (const std::exception& error) {
    return tl::unexpected(HttpFailure{
        Kind::not_http, "the request to " + describe(target.url) + " failed: " + error.what()});
  }
  const bool is_connecting =
      course.error == httplib::Error::Connection || course.error == httplib::Error::SSLConnection;
  course.is_late =
      Clock::now() - begun >= (is_connecting ? target.connect_bound : target.read_bound);
  return tl::unexpected(explain(target, course));
}

}  // namespace chat::http
