#include "chat/wire/codes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace chat::wire {
namespace {

constexpr CodeInfo kTable[] = {
#define X(identifier, number, close, http, exit, text) \
  {Code::identifier, #identifier, number, close, http, exit, text},
#include "chat/wire/codes.def"
#undef X
};

}  // namespace

std::size_t code_count() noexcept { return std::size(kTable); }

const CodeInfo& info(Code code) noexcept { return kTable[static_cast<std::size_t>(code)]; }

std::optional<Code> code_from_name(std::string_view name) noexcept {
  for (const CodeInfo& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

bool is_passing(Code code) noexcept {
  return code == Code::rate_limited || code == Code::inflight_exceeded || code == Code::busy ||
         code == Code::unavailable;
}

bool is_known_close(std::uint16_t close) noexcept {
  if (close >= 1000 && close <= 1015) return true;
  return std::any_of(std::begin(kTable), std::end(kTable),
                     [close](const CodeInfo& row) { return row.close == close && close != 0; });
}

}  // namespace chat::wire
