// Any bytes as what a new connection says: the readers of requests must not fail, must find the
// same whatever the pieces that the bytes come in, and must mean what they say.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/transport/http_head.hpp"
#include "chat/transport/http_router.hpp"
#include "chat/transport/ws_protocol.hpp"

namespace {

using namespace chat::transport;
namespace wire = chat::wire;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

HeadLimits small_limits() {
  HeadLimits limits;
  limits.request_line = 40;
  limits.total = 200;
  limits.headers = 4;
  return limits;
}

/// Where the head ends, or minus the code of the error.
long found(std::string_view bytes, const HeadLimits& limits) {
  const auto end = find_head_end(bytes, limits);
  if (!end) return -wire::info(end.error().code).number;
  require(*end <= bytes.size() && *end <= limits.total, "a head is within its bound");
  return static_cast<long>(*end);
}

long found_in_pieces(std::string_view bytes, std::size_t piece, const HeadLimits& limits) {
  for (std::size_t size = 0; size < bytes.size();) {
    size = std::min(bytes.size(), size + piece);
    const long end = found(bytes.substr(0, size), limits);
    if (end != 0) return end;
  }
  return 0;
}

bool same(const HttpRequest& a, const HttpRequest& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.minor == b.minor &&
         a.headers == b.headers && a.content_length == b.content_length;
}

std::string written(const HttpRequest& request) {
  std::string head = request.method + " " + request.path;
  if (!request.query.empty()) head += "?" + request.query;
  head += " HTTP/1." + std::to_string(request.minor) + "\r\n";
  for (const auto& [name, value] : request.headers) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  return head + "\r\n";
}

void check_route(const HttpRequest& request) {
  const auto way = route(request);
  if (!way) return require(wire::info(way.error().code).http >= 400, "a refusal has a status");
  switch (way->target) {
    case Target::room_redirect: {
      HttpRequest next = request;
      next.path = way->location.substr(0, way->location.find('?'));
      const auto there = route(next);
      require(there && there->target == Target::room_page && there->room == way->room,
              "a redirect leads to the room's page");
      require(way->location.find_first_of("\r\n") == std::string::npos, "a location is one line");
      require(way->location.rfind("//", 0) != 0, "a location stays on this server");
      break;
    }
    case Target::asset:
      require(way->file.find('/') == std::string::npos, "an asset is one name");
      break;
    case Target::room_page:
    case Target::socket:
    case Target::api_messages:
    case Target::api_members: require(!way->room.value().empty(), "a room has a name"); break;
    default: require(way->room.value().empty(), "nothing else has a room");
  }
}

void check_handshake(std::string_view head, const HttpRequest& request) {
  if (!check_upgrade(request)) return;
  require(wants_upgrade(request), "a handshake wants to upgrade");
  require(request.method == "GET" && request.minor == 1, "a handshake is a GET in HTTP/1.1");
  const auto answer = WsProtocol::handshake(head, "chat.v1");
  require(answer.has_value(), "what passes the check is answered");
  require(answer->rfind("HTTP/1.1 101 ", 0) == 0, "the answer is a 101");
  require(answer->find("\r\n\r\n") == answer->size() - 4, "the answer is a head");
}

void check_request(std::string_view head, const HeadLimits& limits) {
  const auto request = parse_request_head(head, limits);
  if (!request)
    return require(wire::info(request.error().code).http >= 400, "a refusal has a status");
  require(request->path.front() == '/', "a path starts with a slash");
  require(request->headers.size() <= limits.headers, "the headers are within their bound");
  HeadLimits wide;
  wide.headers = limits.headers;
  const auto again = parse_request_head(written(*request), wide);
  require(again && same(*again, *request), "what was read and written again reads the same");
  request->keeps_alive();
  request->query_value("since");
  require(request->has_query("since") || request->query_value("since").empty(),
          "what is not there has no value");
  check_route(*request);
  check_handshake(head, *request);
}

void check(std::string_view bytes, const HeadLimits& limits) {
  const long end = found(bytes, limits);
  for (const std::size_t piece : {1U, 3U, 64U}) {
    if (piece == 1 && bytes.size() > 1024) continue;
    require(found_in_pieces(bytes, piece, limits) == end, "in pieces as at once");
  }
  if (end > 0) check_request(bytes.substr(0, static_cast<std::size_t>(end)), limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(bytes, HeadLimits());
  check(bytes, small_limits());
  target_of(bytes);
  parse_request_head(bytes, HeadLimits());
  return 0;
}
