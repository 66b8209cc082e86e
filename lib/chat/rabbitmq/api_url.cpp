#include "chat/rabbitmq/api_url.hpp"

#include <utility>

#include "chat/base/host_port.hpp"
#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::size_t kMostUserBytes = 255;
constexpr std::uint16_t kPort = 15672;
constexpr std::uint16_t kTlsPort = 15671;

tl::unexpected<wire::Error> wrong(const std::string& what) {
  return wire::fail(wire::Code::bad_request, "the management API's address: " + what);
}

}  // namespace

wire::Result<ApiUrl> parse_api_url(std::string_view text) {
  ApiUrl url;
  url.port = kPort;
  url.user = "guest";
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  if (text.substr(0, kTls.size()) == kTls) {
    url.tls = true;
    url.port = kTlsPort;
    text.remove_prefix(kTls.size());
  } else if (text.substr(0, kPlain.size()) == kPlain) {
    text.remove_prefix(kPlain.size());
  } else {
    return wrong("write http://[USER@]HOST[:PORT], or https:// for TLS");
  }
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto name = text.substr(0, at);
    if (name.find(':') != std::string_view::npos) {
      return wrong(
          "no password in it, others can read a command line; put it into a file (mode 600) and "
          "name that with --password-file");
    }
    auto user = base::percent_decode(name);
    if (!user || user->empty() || user->size() > kMostUserBytes || !base::is_utf8(*user) ||
        user->find_first_of(std::string_view(":\0\r\n", 4)) != std::string::npos) {
      return wrong(
          "the user's name before @ is empty, too long, has a colon or is wrongly encoded");
    }
    url.user = std::move(*user);
    text.remove_prefix(at + 1);
  }
  if (!text.empty() && text.back() == '/') text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos) {
    return wrong("nothing comes behind the port; what else can be set has options of its own");
  }
  auto host = base::parse_host_port(text, url.port);
  if (!host) return wrong(host.error());
  url.host = std::move(host->name);
  url.port = host->port;
  return url;
}

}  // namespace chat::rabbitmq
