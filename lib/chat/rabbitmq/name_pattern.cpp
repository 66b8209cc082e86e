#include "chat/rabbitmq/name_pattern.hpp"

#include <regex>
#include <string_view>

namespace chat::rabbitmq {
namespace {

/// Longer ones are not written by people, and std::regex recurses.
constexpr std::size_t kLongest = 255;
/// Letters and digits that mean the same behind a backslash in both languages.
constexpr std::string_view kSharedEscapes = "bBdDsSwWnrtfv";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// False where ECMAScript would read `pattern` otherwise than Erlang, and not say so.
bool is_shared(std::string_view pattern) {
  bool is_behind_quantifier = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    const char next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    if (c == '+' && is_behind_quantifier) return false;  // possessive
    is_behind_quantifier = c == '*' || c == '+' || c == '?' || c == '}';
    if (c == '\\') {
      if (is_word(next) && kSharedEscapes.find(next) == std::string_view::npos) return false;
      ++at;
    } else if (c == '(' && next == '*') {
      return false;  // a verb: (*UTF8)
    } else if (c == '(' && next == '?') {
      const char what = at + 2 < pattern.size() ? pattern[at + 2] : '\0';
      if (what != ':' && what != '=' && what != '!') return false;
      at += 2;
    } else if (c == '[' && (next == ']' || (next == '^' && pattern.substr(at + 2, 1) == "]"))) {
      return false;  // the bracket stands for itself in Erlang's
    }
  }
  return true;
}

}  // namespace

std::optional<bool> is_found(const std::string& pattern, const std::string& name) {
  if (pattern.size() > kLongest || name.size() > kLongest || !is_shared(pattern)) {
    return std::nullopt;
  }
  try {
    return std::regex_search(name, std::regex(pattern));
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

}  // namespace chat::rabbitmq
