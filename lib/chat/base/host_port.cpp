#include "chat/base/host_port.hpp"

#include <charconv>

#include "chat/base/text.hpp"

namespace chat::base {
namespace {

tl::unexpected<std::string> fail_with(std::string what) { return tl::unexpected(std::move(what)); }

/// What is behind the host: empty, or from its colon on.
tl::expected<std::string_view, std::string> cut_host(std::string_view text, std::string& host) {
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail_with("an IPv6 address is written [::1]");
    host = text.substr(1, end - 1);
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') {
      return fail_with("after [address] comes :PORT or nothing");
    }
    return rest;
  }
  const auto colon = text.find(':');
  host = text.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  if (rest.find(':', 1) != std::string_view::npos) {
    return fail_with("an IPv6 address is written [::1], and a port is a number");
  }
  return rest;
}

}  // namespace

tl::expected<HostPort, std::string> parse_host_port(std::string_view text,
                                                    std::optional<std::uint16_t> port,
                                                    std::uint16_t least_port) {
  HostPort place;
  auto rest = cut_host(text, place.name);
  if (!rest) return fail_with(std::move(rest.error()));
  if (place.name.empty()) return fail_with("a host is missing");
  if (has_unprintable(place.name) || place.name.find(' ') != std::string::npos) {
    return fail_with("\"" + escape_for_log(place.name) + "\" is not a host's name");
  }
  if (rest->empty()) {
    if (!port) return fail_with("a port is missing, as in " + text_of({place.name, 7000}));
    place.port = *port;
    return place;
  }
  rest->remove_prefix(1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(rest->data(), rest->data() + rest->size(), number);
  const bool is_number = error == std::errc() && end == rest->data() + rest->size();
  if (!is_number || number < least_port || number > 65535) {
    return fail_with("a port is a number from " + std::to_string(least_port) + " to 65535");
  }
  place.port = static_cast<std::uint16_t>(number);
  return place;
}

std::string text_of(const HostPort& place) {
  const bool is_v6 = place.name.find(':') != std::string::npos;
  return escape_for_log(is_v6 ? "[" + place.name + "]" : place.name) + ":" +
         std::to_string(place.port);
}

}  // namespace chat::base
