#pragma once

#include <cstddef>
#include <string_view>

#include "chat/transport/http_message.hpp"
#include "chat/wire/error.hpp"

namespace chat::transport {

/// Bounds of a request's head, in bytes.
struct HeadLimits {
  std::size_t request_line = 4096;
  std::size_t total = 8192;
  std::size_t headers = 64;  ///< how many
};

/// Where the head ends in `bytes` (just behind the empty line), 0 when more bytes are needed.
/// Fails with uri_too_long, headers_too_large, or bad_request at a line feed without carriage
/// return.
wire::Result<std::size_t> find_head_end(std::string_view bytes, const HeadLimits& limits);

/// What stands for the target in the first line of `bytes`, unchecked, as far as it has come:
/// enough to choose the form of an error by.
std::string_view target_of(std::string_view bytes) noexcept;

/// Parses a whole head, empty line included, by RFC 9112 and nothing beyond it: no folded headers,
/// no space before a colon, no control characters, one Host (HTTP/1.1), origin-form targets, no
/// Transfer-Encoding (length_required). Fails with bad_request and what is wrong.
wire::Result<HttpRequest> parse_request_head(std::string_view head, const HeadLimits& limits);

/// What an upgrade request must have beyond that (RFC 6455 section 4.2.1): GET, HTTP/1.1, exact
/// tokens, version 13 alone (upgrade_required), a key of 16 bytes in base64.
wire::Result<void> check_upgrade(const HttpRequest& request);
/// True when the request means to become a WebSocket (it has an Upgrade header).
bool wants_upgrade(const HttpRequest& request) noexcept;

}  // namespace chat::transport
