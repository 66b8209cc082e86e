#include "chat/rabbitmq/msgpack.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "msgpack_bytes.hpp"

namespace chat::tests {
namespace {

using namespace rabbitmq;
using Kind = MsgpackItem::Kind;

template <class... Values>
std::string packed(void (*pack)(std::string&, Values...), Values... values) {
  std::string out;
  pack(out, values...);
  return out;
}

std::string problem_of(const std::string& bytes) {
  MsgpackReader in(bytes);
  const auto value = in.skip();
  if (in.good()) return "";
  CHECK(value.empty());
  CHECK(in.at_end());
  return in.problem();
}

TEST_CASE("msgpack: an integer is written in its shortest form", "[rabbitmq][msgpack]") {
  const auto [value, hex] = GENERATE(table<std::int64_t, std::string>({
      {0, "00"},
      {127, "7f"},
      {128, "cc80"},
      {255, "ccff"},
      {256, "cd0100"},
      {65535, "cdffff"},
      {65536, "ce00010000"},
      {4294967295, "ceffffffff"},
      {4294967296, "cf0000000100000000"},
      {-1, "ff"},
      {-32, "e0"},
      {-33, "d0df"},
      {-128, "d080"},
      {-129, "d1ff7f"},
      {-32768, "d18000"},
      {-32769, "d2ffff7fff"},
      {-2147483648LL, "d280000000"},
      {-2147483649LL, "d3ffffffff7fffffff"},
      {std::numeric_limits<std::int64_t>::min(), "d38000000000000000"},
  }));
  const auto bytes = packed(pack_integer, value);
  CHECK(to_hex(bytes) == hex);
  MsgpackReader in(bytes);
  const auto item = in.next();
  CHECK(in.good());
  CHECK(in.at_end());
  CHECK(item.kind == (value < 0 ? Kind::negative : Kind::natural));
  CHECK((value < 0 ? item.negative : static_cast<std::int64_t>(item.natural)) == value);
}

TEST_CASE("msgpack: the largest integer is a natural one", "[rabbitmq][msgpack]") {
  const auto bytes = packed(pack_natural, ~std::uint64_t{0});
  CHECK(to_hex(bytes) == "cfffffffffffffffff");
  CHECK(MsgpackReader(bytes).next().natural == ~std::uint64_t{0});
}

TEST_CASE("msgpack: a number is the same in whatever form it comes", "[rabbitmq][msgpack]") {
  for (const auto* hex : {"07", "cc07", "cd0007", "ce00000007", "cf0000000000000007", "d007",
                          "d10007", "d200000007", "d30000000000000007"}) {
    CAPTURE(hex);
    const auto bytes = from_hex(hex);
    const auto item = MsgpackReader(bytes).next();
    CHECK(item.kind == Kind::natural);
    CHECK(item.natural == 7);
  }
  for (const auto* hex : {"fe", "d0fe", "d1fffe", "d2fffffffe", "d3fffffffffffffffe"}) {
    CAPTURE(hex);
    const auto bytes = from_hex(hex);
    const auto item = MsgpackReader(bytes).next();
    CHECK(item.kind == Kind::negative);
    CHECK(item.negative == -2);
  }
}

TEST_CASE("msgpack: a double keeps its bits, a float becomes the double it is",
          "[rabbitmq][msgpack]") {
  CHECK(to_hex(packed(pack_double, 1.0)) == "cb3ff0000000000000");
  CHECK(to_hex(packed(pack_double, -0.0)) == "cb8000000000000000");
  const auto read = [](const char* hex) {
    const auto bytes = from_hex(hex);
    const auto item = MsgpackReader(bytes).next();
    CHECK(item.kind == Kind::real);
    return item.real;
  };
  CHECK(read("cb3fb999999999999a") == 0.1);
  CHECK(read("ca3dcccccd") == static_cast<double>(0.1F));
  CHECK(std::signbit(read("cb8000000000000000")));
  CHECK(std::isnan(read("cb7ff8000000000000")));
  CHECK(std::isinf(read("ca7f800000")));
}

TEST_CASE("msgpack: a text has the shortest length before it", "[rabbitmq][msgpack]") {
  const auto [size, hex] = GENERATE(table<std::size_t, std::string>({{0, "a0"},
                                                                     {31, "bf"},
                                                                     {32, "d920"},
                                                                     {255, "d9ff"},
                                                                     {256, "da0100"},
                                                                     {65535, "daffff"},
                                                                     {65536, "db00010000"}}));
  const std::string text(size, 'x');
  const auto bytes = packed<std::string_view>(pack_text, text);
  CHECK(to_hex(bytes.substr(0, bytes.size() - size)) == hex);
  MsgpackReader in(bytes);
  const auto item = in.next();
  CHECK(item.kind == Kind::text);
  CHECK(item.text == text);
  CHECK(in.at_end());
}

TEST_CASE("msgpack: a container tells how much follows", "[rabbitmq][msgpack]") {
  const auto [count, array, map] = GENERATE(
      table<std::uint32_t, std::string, std::string>({{0, "90", "80"},
                                                      {15, "9f", "8f"},
                                                      {16, "dc0010", "de0010"},
                                                      {65535, "dcffff", "deffff"},
                                                      {65536, "dd00010000", "df00010000"}}));
  CHECK(to_hex(packed(pack_array, count)) == array);
  CHECK(to_hex(packed(pack_map, count)) == map);
  for (const auto& [hex, kind] : {std::pair(array, Kind::array), std::pair(map, Kind::map)}) {
    const auto bytes = from_hex(hex);
    const auto item = MsgpackReader(bytes).next();
    CHECK(item.kind == kind);
    CHECK(item.count == count);
  }
}

TEST_CASE("msgpack: every first byte begins a value of its size, but one", "[rabbitmq][msgpack]") {
  // With zeros behind it, each value is as long as its head says and no longer.
  const auto size_of = [](unsigned head) -> std::size_t {
    static const std::size_t kSizes[] = {1, 0, 1, 1, 2, 3, 5, 3,  4,  6, 5, 9, 2, 3, 5, 9,
                                         2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5};
    if (head < 0x80 || head >= 0xe0) return 1;
    if (head < 0x90) return 1 + 2 * (head & 0x0FU);
    if (head < 0xa0) return 1 + (head & 0x0FU);
    return head < 0xc0 ? 1 + (head & 0x1FU) : kSizes[head - 0xc0];
  };
  for (unsigned head = 0; head < 256; ++head) {
    CAPTURE(head);
    const std::string bytes = static_cast<char>(head) + std::string(40, '\0');
    MsgpackReader in(bytes);
    CHECK(in.skip().size() == size_of(head));
    CHECK(in.good() == (head != 0xc1));
  }
}

TEST_CASE("msgpack: cut off anywhere, a value is none", "[rabbitmq][msgpack]") {
  const auto whole =
      from_hex("83 a161 93 cc80 cb3ff0000000000000 c0 a162 c7020561 62 a163 d9027878");
  CHECK(problem_of(whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(problem_of(whole.substr(0, size)) == "it is cut off");
  }
}

TEST_CASE("msgpack: lengths that are not there cost nothing", "[rabbitmq][msgpack]") {
  for (const auto* hex : {"dbffffffff 6161616161", "c6ffffffff 6161616161", "c9ffffffff 6161616161",
                          "ddffffffff 0101010101", "dfffffffff 0101010101"}) {
    CAPTURE(hex);
    CHECK(problem_of(from_hex(hex)) == "it is cut off");
  }
}

TEST_CASE("msgpack: a million containers in each other are passed over", "[rabbitmq][msgpack]") {
  CHECK(problem_of(repeated("\x91", 1'000'000) + "\xc0").empty());
  CHECK(problem_of(repeated("\x81\xa0", 1'000'000) + "\xc0").empty());
  CHECK(problem_of(repeated("\x91", 1'000'000)) == "it is cut off");
  // Counts whose sum is beyond any number of bytes.
  CHECK(problem_of(repeated(from_hex("dfffffffff"), 1'000'000)) == "it is cut off");
}

TEST_CASE("msgpack: a text is UTF-8 or a mistake, bytes are anything", "[rabbitmq][msgpack]") {
  CHECK(problem_of(from_hex("a1ff")) == "a text is not UTF-8");
  CHECK(problem_of(from_hex("a3eda080")) == "a text is not UTF-8");  // a surrogate
  CHECK(problem_of(from_hex("a2c080")) == "a text is not UTF-8");    // U+0000, too long
  CHECK(problem_of(from_hex("c401ff")).empty());
  CHECK(problem_of(from_hex("d405ff")).empty());
}

TEST_CASE("msgpack: behind a mistake nothing is read, and the first one is told",
          "[rabbitmq][msgpack]") {
  const auto bytes = from_hex("c1 07");
  MsgpackReader in(bytes);
  in.next();
  CHECK(std::string(in.problem()) == "a byte begins no value");
  CHECK(in.next().kind == Kind::nil);
  CHECK(in.skip().empty());
  in.fail("another one");
  CHECK(std::string(in.problem()) == "a byte begins no value");
}

}  // namespace
}  // namespace chat::tests
