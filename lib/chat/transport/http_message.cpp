#include "chat/transport/http_message.hpp"

#include <algorithm>

#include "chat/base/text.hpp"

namespace chat::transport {
namespace {

char lower_of(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower_of(x) == lower_of(y);
         });
}

/// Calls `use(part)` for each part of `text` between separators, until it answers true.
template <class Use>
bool any_part(std::string_view text, char separator, const Use& use) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (use(text.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_of);
  return out;
}

std::string_view HttpRequest::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool HttpRequest::has_header(std::string_view name) const noexcept {
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& header) { return header.first == name; });
}

bool HttpRequest::header_has_token(std::string_view name, std::string_view token) const noexcept {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first == name && any_part(header.second, ',', [&](std::string_view part) {
             return same_word(trim(part), token);
           });
  });
}

std::string HttpRequest::query_value(std::string_view name) const {
  std::string value;
  any_part(query, '&', [&](std::string_view part) {
    const auto equals = part.find('=');
    if (part.substr(0, equals) != name) return false;
    if (equals != std::string_view::npos) {
      value = base::percent_decode(part.substr(equals + 1)).value_or("");
    }
    return true;
  });
  return value;
}

bool HttpRequest::has_query(std::string_view name) const {
  return any_part(query, '&',
                  [&](std::string_view part) { return part.substr(0, part.find('=')) == name; });
}

bool HttpRequest::keeps_alive() const noexcept {
  if (header_has_token("connection", "close")) return false;
  return minor == 1 || header_has_token("connection", "keep-alive");
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return status < 500 ? "Error" : "Internal Server Error";
  }
}

std::string serialise(const HttpResponse& response, bool head_only, bool keep_alive) {
  std::string out;
  out.reserve(512 + (head_only ? 0 : response.body.size()));
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (response.status != 304) {
    if (!response.body.empty()) {
      out += "Content-Type: ";
      out += response.content_type;
      out += "\r\n";
    }
    out += "Content-Length: ";
    out += std::to_string(response.body.size());
    out += "\r\n";
  }
  out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!head_only && response.status != 304) out += response.body;
  return out;
}

}  // namespace chat::transport
