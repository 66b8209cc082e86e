#include "chat/transport/http_head.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace chat::transport {
namespace {

using wire::Code;
using wire::fail;

bool is_token_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  if (std::isalnum(byte) != 0) return byte < 0x80;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_target_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
}

wire::Result<void> parse_request_line(std::string_view line, HttpRequest& request) {
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) {
    return fail(Code::bad_request, "the request line must be METHOD TARGET HTTP/1.1");
  }
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, second - first - 1);
  const auto version = line.substr(second + 1);
  if (!is_token(method)) return fail(Code::bad_request, "the method is not a token");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return fail(Code::bad_request, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  if (target.empty() || target.front() != '/' ||
      !std::all_of(target.begin(), target.end(), is_target_char)) {
    return fail(Code::bad_request,
                "the request target must start with / and be percent-encoded ASCII");
  }
  const auto question = target.find('?');
  request.method = method;
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.minor = version.back() - '0';
  return {};
}

wire::Result<void> parse_header(std::string_view line, HttpRequest& request) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(Code::bad_request, "a header line must be NAME: VALUE, unfolded");
  }
  const auto value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_field_char)) {
    return fail(Code::bad_request, "a header value has a control character");
  }
  request.headers.emplace_back(lower(line.substr(0, colon)), std::string(value));
  return {};
}

wire::Result<void> check_framing(HttpRequest& request) {
  std::size_t hosts = 0;
  std::string_view length;
  for (const auto& [name, value] : request.headers) {
    if (name == "host") ++hosts;
    if (name == "transfer-encoding") return fail(Code::length_required);
    if (name != "content-length") continue;
    if (!length.empty() && length != value) {
      return fail(Code::bad_request, "two different Content-Length headers");
    }
    length = value;
    if (value.empty() || value.size() > 15 ||
        !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return fail(Code::bad_request, "Content-Length must be a decimal number");
    }
    request.content_length = std::stoull(value);
  }
  if (hosts > 1) return fail(Code::bad_request, "more than one Host header");
  if (hosts == 0 && request.minor == 1)
    return fail(Code::bad_request, "the Host header is missing");
  return {};
}

bool has_single(const HttpRequest& request, std::string_view name) {
  return std::count_if(request.headers.begin(), request.headers.end(),
                       [name](const auto& header) { return header.first == name; }) == 1;
}

bool is_websocket_key(std::string_view key) noexcept {
  // 16 bytes are 22 characters and two '='; the last character carries two bits only.
  if (key.size() != 24 || key.substr(22) != "==") return false;
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return std::all_of(key.begin(), key.begin() + 22, is_base64) &&
         std::string_view("AQgw").find(key[21]) != std::string_view::npos;
}

}  // namespace

wire::Result<std::size_t> find_head_end(std::string_view bytes, const HeadLimits& limits) {
  const auto line_end = bytes.find('\n');
  if (line_end > limits.request_line && bytes.size() > limits.request_line) {
    return fail(Code::uri_too_long);
  }
  const auto end = bytes.find("\r\n\r\n");
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 4;
  // Looked at up to the bound only, as by who gets the bytes one by one.
  const std::size_t seen = std::min(size, limits.total + 1);
  for (auto at = line_end; at != std::string_view::npos && at < seen;
       at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') {
      return fail(Code::bad_request, "lines must end with CR LF");
    }
  }
  if (size > limits.total) return fail(Code::headers_too_large);
  return end == std::string_view::npos ? 0 : size;
}

std::string_view target_of(std::string_view bytes) noexcept {
  const auto line = bytes.substr(0, bytes.find_first_of("\r\n"));
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return {};
  const auto rest = line.substr(space + 1);
  return rest.substr(0, rest.find(' '));
}

wire::Result<HttpRequest> parse_request_head(std::string_view head, const HeadLimits& limits) {
  HttpRequest request;
  std::size_t begin = head.find("\r\n");
  if (begin == std::string_view::npos) return fail(Code::bad_request, "lines must end with CR LF");
  if (auto line = parse_request_line(head.substr(0, begin), request); !line) {
    return tl::unexpected(line.error());
  }
  for (begin += 2; begin < head.size();) {
    const auto end = head.find("\r\n", begin);
    if (end == std::string_view::npos || end == begin) break;
    if (request.headers.size() == limits.headers) return fail(Code::headers_too_large);
    if (auto header = parse_header(head.substr(begin, end - begin), request); !header) {
      return tl::unexpected(header.error());
    }
    begin = end + 2;
  }
  if (auto framing = check_framing(request); !framing) return tl::unexpected(framing.error());
  return request;
}

bool wants_upgrade(const HttpRequest& request) noexcept { return request.has_header("upgrade"); }

wire::Result<void> check_upgrade(const HttpRequest& request) {
  if (request.method != "GET" || request.minor != 1) {
    return fail(Code::bad_request, "a WebSocket handshake is a GET in HTTP/1.1");
  }
  if (!request.header_has_token("upgrade", "websocket")) {
    return fail(Code::bad_request, "the Upgrade header must be: websocket");
  }
  if (!request.header_has_token("connection", "upgrade")) {
    return fail(Code::bad_request, "the Connection header must have: Upgrade");
  }
  if (!has_single(request, "sec-websocket-version") ||
      request.header("sec-websocket-version") != "13") {
    return fail(Code::upgrade_required);
  }
  if (!has_single(request, "sec-websocket-key") ||
      !is_websocket_key(request.header("sec-websocket-key"))) {
    return fail(Code::bad_request, "one Sec-WebSocket-Key must be there, 16 bytes in base64");
  }
  return {};
}

}  // namespace chat::transport
