#include "chat/hub/outbox.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace chat::tests {
namespace {

using hub::Outbox;

constexpr std::size_t kCost = Outbox::kBlockCost;

base::BlockRef block(const std::string& bytes) { return base::Block::copy_of(bytes); }

/// What is still to be written, as the kernel would be given it.
std::string rest_of(const Outbox& outbox, int capacity = 64) {
  std::vector<iovec> entries(static_cast<std::size_t>(capacity));
  entries.resize(static_cast<std::size_t>(outbox.gather(entries.data(), capacity)));
  std::string rest;
  for (const auto& entry : entries) {
    REQUIRE(entry.iov_len > 0);
    rest.append(static_cast<const char*>(entry.iov_base), entry.iov_len);
  }
  return rest;
}

TEST_CASE("outbox: what is pushed is written in order", "[hub][outbox]") {
  Outbox outbox;
  CHECK(outbox.empty());
  CHECK(rest_of(outbox).empty());
  REQUIRE(outbox.push(block("abc"), 1000));
  REQUIRE(outbox.push(block("de"), 1000));
  CHECK_FALSE(outbox.empty());
  CHECK(rest_of(outbox) == "abcde");
  CHECK(outbox.cost() == 5 + 2 * kCost);
}

TEST_CASE("outbox: a gather takes no more entries than there is room for", "[hub][outbox]") {
  Outbox outbox;
  for (const char* bytes : {"a", "b", "c"}) outbox.push_unbounded(block(bytes));
  CHECK(rest_of(outbox, 2) == "ab");
  CHECK(rest_of(outbox, 3) == "abc");
  CHECK(outbox.gather(nullptr, 0) == 0);
}

TEST_CASE("outbox: an empty block is nothing to write", "[hub][outbox]") {
  Outbox outbox;
  CHECK(outbox.push(block(""), 1000));
  CHECK(outbox.empty());
  CHECK(outbox.cost() == 0);
}

TEST_CASE("outbox: consuming any number of bytes leaves exactly the rest", "[hub][outbox]") {
  const std::vector<std::string> blocks{"abc", "d", "efghi", "jk"};
  std::string all;
  for (const auto& bytes : blocks) all += bytes;
  const auto first = GENERATE(range<std::size_t>(0, 12));
  for (std::size_t second = 0; first + second <= all.size(); ++second) {
    CAPTURE(first, second);
    Outbox outbox;
    for (const auto& bytes : blocks) REQUIRE(outbox.push(block(bytes), 10'000));

    outbox.consume(first);
    REQUIRE(rest_of(outbox) == all.substr(first));
    outbox.consume(second);
    REQUIRE(rest_of(outbox) == all.substr(first + second));
    REQUIRE(outbox.empty() == (first + second == all.size()));

    outbox.push_unbounded(block("xyz"));
    REQUIRE(rest_of(outbox) == all.substr(first + second) + "xyz");
  }
}

TEST_CASE("outbox: a block counts until its last byte is written", "[hub][outbox]") {
  Outbox outbox;
  outbox.push_unbounded(block("abc"));
  outbox.push_unbounded(block("de"));
  outbox.consume(2);
  CHECK(outbox.cost() == 5 + 2 * kCost);
  outbox.consume(1);
  CHECK(outbox.cost() == 2 + kCost);
  outbox.consume(2);
  CHECK(outbox.cost() == 0);
}

TEST_CASE("outbox: a block over the bound is refused and changes nothing", "[hub][outbox][bound]") {
  const std::size_t bound = 10 + 2 * kCost;
  Outbox outbox;
  REQUIRE(outbox.push(block("12345"), bound));
  REQUIRE(outbox.push(block("12345"), bound));
  CHECK(outbox.cost() == bound);
  CHECK_FALSE(outbox.push(block("1"), bound));
  CHECK(rest_of(outbox) == "1234512345");
  CHECK(outbox.cost() == bound);

  outbox.consume(5);
  CHECK(outbox.push(block("1"), bound));
}

TEST_CASE("outbox: an empty one takes any block, a started one none over the bound",
          "[hub][outbox][bound]") {
  Outbox outbox;
  CHECK(outbox.push(block(std::string(1000, 'x')), 1));
  outbox.consume(999);
  CHECK_FALSE(outbox.push(block("y"), 1));
  outbox.consume(1);
  CHECK(outbox.push(block(std::string(1000, 'x')), 1));
}

TEST_CASE("outbox: the last words pass whatever the bound says", "[hub][outbox][bound]") {
  Outbox outbox;
  outbox.push(block("abc"), 1);
  outbox.push_unbounded(block("bye"));
  CHECK(rest_of(outbox) == "abcbye");
}

TEST_CASE("outbox: dropping keeps the rest of a block that was begun", "[hub][outbox][drop]") {
  const auto [written, rest] = GENERATE(table<std::size_t, std::string>({
      {0, ""},
      {1, "bc"},
      {2, "c"},
      {3, ""},
      {4, "e"},
      {5, ""},
  }));
  CAPTURE(written);
  Outbox outbox;
  outbox.push_unbounded(block("abc"));
  outbox.push_unbounded(block("de"));
  outbox.push_unbounded(block("f"));
  outbox.consume(written);

  outbox.drop_unstarted();
  CHECK(rest_of(outbox) == rest);
  CHECK(outbox.empty() == rest.empty());
  CHECK((outbox.cost() == 0) == rest.empty());

  outbox.push_unbounded(block("bye"));
  CHECK(rest_of(outbox) == rest + "bye");
  outbox.consume(rest.size() + 3);
  CHECK(outbox.empty());
  CHECK(outbox.cost() == 0);
}

TEST_CASE("outbox: a reader that is always a little behind reads everything in order",
          "[hub][outbox]") {
  Outbox outbox;
  std::string written;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = std::to_string(i) + ",";
    expected += bytes;
    REQUIRE(outbox.push(block(bytes), 1U << 20));
    if (i < 2) continue;
    const auto some = rest_of(outbox, 1);
    written += some;
    outbox.consume(some.size());
  }
  const auto last = rest_of(outbox);
  outbox.consume(last.size());
  CHECK(written + last == expected);
  CHECK(outbox.empty());
}

}  // namespace
}  // namespace chat::tests
