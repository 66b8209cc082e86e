#include "chat/rabbitmq/broker_url.hpp"

#include <utility>

#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::size_t kMostVhostBytes = 255;  // AMQP 0-9-1 shortstr
constexpr std::size_t kMostHosts = 16;
constexpr std::uint16_t kPlainPort = 5672;
constexpr std::uint16_t kTlsPort = 5671;

tl::unexpected<wire::Error> wrong(std::string what) {
  return wire::fail(wire::Code::bad_request, "the broker's address: " + std::move(what));
}

wire::Result<void> parse_hosts(std::string_view text, BrokerUrl& url) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    auto host =
        base::parse_host_port(text.substr(begin, comma - begin), url.tls ? kTlsPort : kPlainPort);
    if (!host) return wrong(host.error());
    url.hosts.push_back(std::move(*host));
    if (url.hosts.size() > kMostHosts) return wrong("at most 16 hosts");
    begin = comma + 1;
  }
  return {};
}

wire::Result<void> parse_user(std::string_view text, BrokerUrl& url) {
  if (text.find(':') != std::string_view::npos) {
    return wrong(
        "no password in it, others can read a command line; put it into a file (mode 600) and name "
        "that "
        "with --amqp-password-file");
  }
  auto user = base::percent_decode(text);
  if (!user || user->empty() || user->size() > kMostVhostBytes ||
      user->find('\0') != std::string::npos) {
    return wrong("the user's name before @ is empty, too long or wrongly encoded");
  }
  url.user = std::move(*user);
  return {};
}

}  // namespace

wire::Result<BrokerUrl> parse_broker_url(std::string_view text) {
  BrokerUrl url;
  constexpr std::string_view kPlain = "amqp://";
  constexpr std::string_view kTls = "amqps://";
  if (text.substr(0, kTls.size()) == kTls) {
    url.tls = true;
    text.remove_prefix(kTls.size());
  } else if (text.substr(0, kPlain.size()) == kPlain) {
    text.remove_prefix(kPlain.size());
  } else {
    return wrong("write amqp://[USER@]HOST[:PORT][,HOST…][/VHOST], or amqps:// for TLS");
  }
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  std::string_view path = text.substr(std::min(slash + 1, text.size()));
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (auto user = parse_user(authority.substr(0, at), url); !user) {
      return tl::unexpected(std::move(user.error()));
    }
    authority.remove_prefix(at + 1);
  }
  if (auto hosts = parse_hosts(authority, url); !hosts)
    return tl::unexpected(std::move(hosts.error()));
  if (path.find_first_of("?#") != std::string_view::npos) {
    return wrong("nothing comes behind the vhost; what else can be set has options of its own");
  }
  if (path.find('/') != std::string_view::npos)
    return wrong("a slash in a vhost's name is written %2F");
  if (path.empty()) return url;
  auto vhost = base::percent_decode(path);
  if (!vhost) return wrong("the vhost's percent-encoding is broken");
  if (const auto problem = problem_of_vhost(*vhost); !problem.empty()) return wrong(problem);
  url.vhost = std::move(*vhost);
  return url;
}

std::string describe(const BrokerUrl& url) {
  std::string text = url.tls ? "amqps://" : "amqp://";
  for (std::size_t i = 0; i < url.hosts.size(); ++i) {
    const auto& host = url.hosts[i];
    if (i > 0) text += ',';
    const bool is_v6 = host.name.find(':') != std::string::npos;
    text += (is_v6 ? "[" + host.name + "]" : host.name) + ":" + std::to_string(host.port);
  }
  return text + "/" + base::percent_encode(url.vhost);
}

std::string problem_of_vhost(std::string_view name) {
  if (name.empty()) return "a vhost's name is empty";
  if (name.size() > kMostVhostBytes) return "a vhost's name has at most 255 bytes";
  if (!base::is_utf8(name)) return "a vhost's name is UTF-8";
  if (base::has_unprintable(name)) return "a vhost's name has no control characters";
  if (name.front() == ' ' || name.back() == ' ') return "a vhost's name has no space at its ends";
  return {};
}

}  // namespace chat::rabbitmq
