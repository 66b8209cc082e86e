#include "since.hpp"

#include <cctype>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "chat/wire/names.hpp"
#include "options.hpp"

namespace chat::tools {
namespace {

/// Minutes of "+08:00", "-0330", "Z".
std::optional<int> parse_zone(const std::string& text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits = text.substr(1);
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  if (digits.size() != 4 || digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  const int minutes = std::stoi(digits.substr(0, 2)) * 60 + std::stoi(digits.substr(2));
  return text[0] == '-' ? -minutes : minutes;
}

std::optional<base::WallMs> parse_moment(const std::string& text) {
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* rest = ::strptime(text.c_str(), format, &parts);
    if (rest == nullptr) continue;
    std::string zone = rest;
    if (!zone.empty() && zone[0] == '.') {
      const auto end = zone.find_first_not_of("0123456789", 1);
      zone = end == std::string::npos ? std::string() : zone.substr(end);
    }
    if (zone.empty()) return static_cast<base::WallMs>(::mktime(&parts)) * 1000;
    if (const auto minutes = parse_zone(zone)) {
      return (static_cast<base::WallMs>(::timegm(&parts)) - *minutes * 60) * 1000;
    }
  }
  return std::nullopt;
}

/// Digits too: an epoch may have its dashes at the same places.
bool begins_with_date(const std::string& text) {
  constexpr std::string_view kShape = "0000-00-00";
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (i >= text.size()) return false;
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !is_digit : text[i] != '-') return false;
  }
  return true;
}

}  // namespace

std::optional<client::ReadFrom> parse_since(const std::string& text, base::WallMs now) {
  client::ReadFrom from;
  if (text == "all") {
    from.kind = client::ReadFrom::Kind::all;
    return from;
  }
  from.kind = client::ReadFrom::Kind::time;
  if (begins_with_date(text)) {
    const auto moment = parse_moment(text);
    if (!moment) return std::nullopt;
    from.at = *moment;
    return from;
  }
  if (text.find(':') != std::string::npos) {
    auto cursor = wire::parse_cursor(text);
    if (!cursor) return std::nullopt;
    from.kind = client::ReadFrom::Kind::cursor;
    from.cursor = std::move(*cursor);
    return from;
  }
  const auto ago = parse_time(text);
  if (!ago) return std::nullopt;
  from.at = now - ago->count();
  return from;
}

}  // namespace chat::tools
