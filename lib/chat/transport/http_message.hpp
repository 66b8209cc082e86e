#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::transport {

/// `text` without the spaces and tabs at its ends (RFC 9110's OWS).
std::string_view trim(std::string_view text) noexcept;
/// `text` with A to Z in lower case.
std::string lower(std::string_view text);

/// One HTTP/1.x request, its head strictly checked (transport::parse_request_head).
struct HttpRequest {
  std::string method;
  std::string path;   ///< as sent: starts with '/', percent-encoded, without query
  std::string query;  ///< as sent, without '?'
  int minor = 1;      ///< HTTP/1.minor
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, as they came
  std::uint64_t content_length = 0;
  std::string body;

  /// The value of the header `name` (lower case), the first one; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
  /// True when a comma-separated header has `token`, without regard to case (RFC 9110
  /// section 5.6.1).
  bool header_has_token(std::string_view name, std::string_view token) const noexcept;
  /// The decoded value of a query parameter; empty when missing or badly encoded.
  std::string query_value(std::string_view name) const;
  bool has_query(std::string_view name) const;
  /// The connection may be used again after this request (RFC 9112 section 9.3).
  bool keeps_alive() const noexcept;
};

/// An answer. `serialise` adds Content-Type, Content-Length and Connection.
struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones
  bool close = false;                                        ///< end the connection afterwards
};

/// The reason phrase of a status.
std::string_view reason_phrase(int status) noexcept;

/// `response` as bytes. `head_only`: HEAD, the body is counted but left out.
std::string serialise(const HttpResponse& response, bool head_only, bool keep_alive);

}  // namespace chat::transport
