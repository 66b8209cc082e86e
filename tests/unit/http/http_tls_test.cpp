#include <httplib.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "chat/http/http_client.hpp"
#include "support/certificate.hpp"
#include "support/temp_dir.hpp"

using namespace chat::http;
using chat::tests::Certificate;
using chat::tests::certificate_for;
using chat::tests::Key;
using chat::tests::TempDir;
using Kind = HttpFailure::Kind;

namespace {

/// A server with TLS on the loopback that answers GET / with "ok".
class TlsServer {
 public:
  explicit TlsServer(const std::string& names, long days = 1)
      : key_(EVP_RSA_gen(2048), EVP_PKEY_free),
        certificate_(certificate_for(key_.get(), names, days)),
        server_(certificate_.get(), key_.get()) {
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok", "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~TlsServer() {
    server_.stop();
    thread_.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  HttpTarget target(const std::string& ca_file) const {
    HttpTarget made;
    made.url = {true, "127.0.0.1", static_cast<std::uint16_t>(port_), "ann"};
    made.ca_file = ca_file;
    return made;
  }
  void write_certificate(const std::string& file) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(file.c_str(), "w"), std::fclose);
    REQUIRE(PEM_write_X509(out.get(), certificate_.get()) == 1);
  }

 private:
  Key key_;
  Certificate certificate_;
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("http_client: a certificate that the CA file vouches for is good", "[http][tls]") {
  const TempDir folder;
  const TlsServer server("DNS:localhost,IP:127.0.0.1");
  server.write_certificate(folder.file("ca.pem"));
  auto target = server.target(folder.file("ca.pem"));
  target.url.host = GENERATE("127.0.0.1", "localhost");
  const auto answer = HttpClient(target).call("GET", "/");
  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

TEST_CASE("http_client: an unknown authority, another name, a past date are refused",
          "[http][tls]") {
  const TempDir folder;
  const auto [names, days, is_known, why] = GENERATE(table<std::string, long, bool, std::string>({
      {"IP:127.0.0.1", 1, false, "--ca-file"},
      {"DNS:rabbit.example,IP:127.0.0.2", 1, true, "another name"},
      {"DNS:rabbit.example", 1, true, "another name"},
      {"IP:127.0.0.1", -1, true, "expired"},
  }));
  CAPTURE(names, days, is_known);
  const TlsServer server(names, days);
  server.write_certificate(folder.file("ca.pem"));
  const auto answer =
      HttpClient(server.target(is_known ? folder.file("ca.pem") : "")).call("GET", "/");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::tls);
  CHECK_THAT(answer.error().text, Catch::Contains(why));
}

TEST_CASE("http_client: a TLS server that hangs up on plain HTTP is guessed at", "[http][tls]") {
  const TlsServer server("IP:127.0.0.1");
  auto target = server.target("");
  target.url.tls = false;
  const auto answer = HttpClient(target).call("GET", "/");
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().text, Catch::Contains("https://"));
}
