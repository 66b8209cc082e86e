#include "chat/rabbitmq/broker_url.hpp"

#include <charconv>
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

tl::unexpected<std::string> fail_with(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

wire::Result<void> parse_hosts(std::string_view text, BrokerUrl& url) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    auto host = parse_host(text.substr(begin, comma - begin), url.tls ? kTlsPort : kPlainPort);
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

tl::expected<BrokerUrl::Host, std::string> parse_host(std::string_view text, std::uint16_t port) {
  BrokerUrl::Host host;
  host.port = port;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail_with("an IPv6 address is written [::1]");
    host.name = std::string(text.substr(1, end - 1));
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return fail_with("after [address] comes :PORT or nothing");
  } else {
    const auto colon = text.find(':');
    host.name = std::string(text.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) {
      return fail_with("an IPv6 address is written [::1], and a port is a number");
    }
  }
  if (host.name.empty()) return fail_with("a host is missing");
  if (base::has_unprintable(host.name) || host.name.find(' ') != std::string::npos) {
    return fail_with("\"" + base::escape_for_log(host.name) + "\" is not a host's name");
  }
  if (rest.empty()) return host;
  rest.remove_prefix(1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const bool is_number = error == std::errc() && end == rest.data() + rest.size();
  if (!is_number || number < 1 || number > 65535)
    return fail_with("a port is a number from 1 to 65535");
  host.port = static_cast<std::uint16_t>(number);
  return host;
}

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
