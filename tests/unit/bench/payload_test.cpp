#include "chat/bench/payload.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>
#include <string>

namespace chat::tests {
namespace {

using bench::Payload;

Payload payload_of(std::string_view text) {
  const auto payload = Payload::parse(text);
  REQUIRE(payload.has_value());
  return *payload;
}

std::string error_of(std::string_view text) {
  const auto payload = Payload::parse(text);
  return payload ? "none" : payload.error();
}

/// How often each size came in 100,000.
std::map<std::size_t, double> sizes_of(const Payload& payload) {
  std::mt19937_64 random(Catch::rngSeed());
  std::map<std::size_t, double> sizes;
  for (int i = 0; i < 100'000; ++i) ++sizes[payload.size(random)];
  return sizes;
}

TEST_CASE("payload: a number is the size of all", "[bench][payload]") {
  const auto payload = payload_of("100");
  CHECK(sizes_of(payload).size() == 1);
  CHECK(payload.most() == 100);
  CHECK(payload.mean() == 100);
}

TEST_CASE("payload: of a range each size comes as often", "[bench][payload]") {
  const auto payload = payload_of("100..109");
  const auto sizes = sizes_of(payload);
  CHECK(sizes.size() == 10);
  CHECK(sizes.begin()->first == 100);
  for (const auto& [size, times] : sizes) CHECK(times == Approx(10'000).epsilon(0.1));
  CHECK(payload.most() == 109);
  CHECK(payload.mean() == 104.5);
}

TEST_CASE("payload: of a list each size comes as its weight says", "[bench][payload]") {
  const auto payload = payload_of("100*7,4000,50*2");
  const auto sizes = sizes_of(payload);
  CHECK(sizes.size() == 3);
  CHECK(sizes.at(100) == Approx(70'000).epsilon(0.05));
  CHECK(sizes.at(4000) == Approx(10'000).epsilon(0.1));
  CHECK(sizes.at(50) == Approx(20'000).epsilon(0.05));
  CHECK(payload.most() == 4000);
  CHECK(payload.mean() == 480);
}

TEST_CASE("payload: an exponential one has many short and few long texts, none beyond the bounds",
          "[bench][payload]") {
  const auto sizes = sizes_of(payload_of("exp:200"));
  double shorter = 0;
  for (const auto& [size, times] : sizes) {
    if (size < 200) shorter += times;
  }
  CHECK(shorter == Approx(100'000 * (1 - std::exp(-1))).epsilon(0.02));
  CHECK(sizes.begin()->first == Payload::kLeast);
  CHECK(sizes_of(payload_of("exp:30000")).rbegin()->first == Payload::kMost);
}

TEST_CASE("payload: the mean is that of the sizes, whatever is cut off", "[bench][payload]") {
  for (const auto* text : {"32", "60000", "32..60000", "exp:32", "exp:33", "exp:200", "exp:9000",
                           "exp:60000", "32*3,60000*1", "100*9,4000*1"}) {
    CAPTURE(text);
    const auto payload = payload_of(text);
    double sum = 0;
    for (const auto& [size, times] : sizes_of(payload)) {
      sum += static_cast<double>(size) * times;
      CHECK(size >= Payload::kLeast);
      CHECK(size <= payload.most());
    }
    CHECK(sum / 100'000 == Approx(payload.mean()).epsilon(0.05));
  }
}

TEST_CASE("payload: the same random numbers give the same sizes", "[bench][payload]") {
  std::mt19937_64 random(7);
  std::string sizes;
  for (const auto* text : {"100..1000", "exp:200", "100*9,4000*1"}) {
    for (int i = 0; i < 3; ++i) sizes += std::to_string(payload_of(text).size(random)) + " ";
  }
  CHECK(sizes == "600 881 646 51 361 519 4000 100 100 ");
}

TEST_CASE("payload: as text it is as it was written, in one way", "[bench][payload]") {
  const std::pair<const char*, const char*> texts[] = {{"100", "100"},
                                                       {"0100", "100"},
                                                       {"100..1000", "100..1000"},
                                                       {"100..100", "100"},
                                                       {"exp:200", "exp:200"},
                                                       {"100*9,4000*1", "100*9,4000*1"},
                                                       {"100*9,4000", "100*9,4000*1"},
                                                       {"100*9", "100"},
                                                       {"100,100*3", "100"},
                                                       {"4000,100*02,100", "4000*1,100*2,100*1"}};
  for (const auto& [written, text] : texts) {
    CHECK(payload_of(written).text() == text);
    CHECK(payload_of(text).text() == text);
  }
}

TEST_CASE("payload: a size beyond the bounds is refused, with the bounds", "[bench][payload]") {
  const std::string bounds = "a text has 32 to 60000 bytes, not ";
  CHECK(error_of("31") == bounds + "31");
  CHECK(error_of("60001") == bounds + "60001");
  CHECK(error_of("exp:0") == bounds + "0");
  CHECK(error_of("100..70000") == bounds + "70000");
  CHECK(error_of("100*9,7") == bounds + "7");
  CHECK(error_of("99999999999999999999") == bounds + "99999999999999999999");
}

TEST_CASE("payload: weights and ranges that cannot be are refused", "[bench][payload]") {
  CHECK(error_of("100*0,200") == "a weight is from 1 to 1000000, not 0");
  CHECK(error_of("100*1000001,200") == "a weight is from 1 to 1000000, not 1000001");
  CHECK(error_of("1000..100") == "sizes go up: 100..1000");
}

TEST_CASE("payload: what is none is refused, with what is one", "[bench][payload]") {
  for (const auto* text :
       {"",       " 100",      "100 ",          "1k",    "-100", "+100",         "1e3",
        "100..",  "..100",     "100..200..300", "100.5", "exp:", "exp:100..200", "exp:exp:100",
        "100*",   "*9",        "100*9*9",       "100,",  ",100", "100,,200",     "100..200*3",
        "100*-1", "exp:100*2", "abc\x1b"}) {
    CAPTURE(text);
    const auto error = error_of(text);
    CHECK(error.find("is no size of a text: 100, 100..1000, exp:200 and") != std::string::npos);
    CHECK(error.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("payload: any text is a payload or an error", "[bench][payload]") {
  std::mt19937_64 random(Catch::rngSeed());
  constexpr std::string_view kPieces[] = {"100", "exp:", "..", "*", ",", "0", "9", "4000", "\xC3"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto left = random() % 7; left > 0; --left) text += kPieces[random() % 9];
    CAPTURE(text);
    const auto payload = Payload::parse(text);
    if (!payload) {
      CHECK_FALSE(payload.error().empty());
      continue;
    }
    const auto size = payload->size(random);
    CHECK((size >= Payload::kLeast && size <= payload->most()));
    CHECK(payload_of(payload->text()).text() == payload->text());
  }
}

}  // namespace
}  // namespace chat::tests
