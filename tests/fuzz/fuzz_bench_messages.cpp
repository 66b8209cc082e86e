// Any line as an order or a word of a load test: reading must not fail otherwise than by an answer,
// and what it takes must be the same when it is sent on.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "chat/bench/run/messages.hpp"

namespace {

namespace bench = chat::bench;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

template <class Message>
void check(const Message& message,
           tl::expected<Message, std::string> (*read)(std::string_view line)) {
  const auto line = bench::line_of(message);
  require(line.find('\n') == std::string::npos, "a message is a line");
  const auto again = read(line);
  require(again.has_value(), "what was taken can be sent on");
  require(bench::line_of(*again) == line, "what was sent on is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto order = bench::order_of(line)) check(*order, bench::order_of);
  if (const auto word = bench::word_of(line)) check(*word, bench::word_of);
  return 0;
}
