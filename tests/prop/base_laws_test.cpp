#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "chat/base/backoff.hpp"
#include "chat/base/digest.hpp"
#include "chat/base/histogram.hpp"
#include "chat/base/text.hpp"
#include "chat/base/token_bucket.hpp"
#include "generators.hpp"

using namespace chat::base;
namespace prop = chat::prop;

namespace {

/// Values of every size: 2^0 to 2^64.
rc::Gen<std::uint64_t> any_magnitude() {
  return rc::gen::apply([](std::uint64_t value, unsigned shift) { return value >> shift; },
                        rc::gen::resize(1000, rc::gen::arbitrary<std::uint64_t>()),
                        rc::gen::inRange(0U, 64U));
}

std::uint64_t with_error(std::uint64_t value) {
  const std::uint64_t sum = value + value / 128;
  return sum < value ? ~std::uint64_t{0} : sum;
}

std::uint64_t at_or_below(const std::vector<std::uint64_t>& values, std::uint64_t limit) {
  return static_cast<std::uint64_t>(
      std::count_if(values.begin(), values.end(), [limit](auto value) { return value <= limit; }));
}

}  // namespace

TEST_CASE("law: a histogram's quantile is right to within 1/128", "[prop][histogram]") {
  rc::prop("quantile", [] {
    auto values =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(any_magnitude()));
    const double quantile = *rc::gen::inRange(0, 1001) / 1000.0;
    Histogram histogram;
    for (const auto value : values) histogram.record(value);

    std::sort(values.begin(), values.end());
    const double rank = std::ceil(quantile * static_cast<double>(values.size()));
    const std::uint64_t exact = values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
    RC_ASSERT(histogram.quantile(quantile) >= exact);
    RC_ASSERT(histogram.quantile(quantile) <= with_error(exact));
    RC_ASSERT(histogram.max() == values.back());
  });
}

TEST_CASE("law: a histogram's counts are right to within 1/128 of the limit", "[prop][histogram]") {
  rc::prop("count_at_or_below", [] {
    const auto values = *rc::gen::container<std::vector<std::uint64_t>>(any_magnitude());
    const std::uint64_t limit = *any_magnitude();
    Histogram histogram;
    for (const auto value : values) histogram.record(value);
    RC_ASSERT(histogram.count_at_or_below(limit) >= at_or_below(values, limit));
    RC_ASSERT(histogram.count_at_or_below(limit) <= at_or_below(values, with_error(limit)));
    RC_ASSERT(histogram.count() == values.size());
  });
}

TEST_CASE("law: a token bucket never gives more than rate * time + burst", "[prop][token_bucket]") {
  rc::prop("no more, and no less when it is asked in time", [] {
    const int rate = *rc::gen::inRange(1, 10'000);
    const int burst = *rc::gen::inRange(1, 1000);
    const auto steps = *rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(0, 50'000'000));
    const TimePoint start{std::chrono::hours(1)};
    TimePoint now = start;
    TokenBucket bucket(rate, burst, start);
    int taken = 0;
    for (const std::int64_t step : steps) {
      now += Duration(step);
      for (int i = 0; i < burst / 3 + 1; ++i) taken += bucket.take(now) ? 1 : 0;
      const double seconds = std::chrono::duration<double>(now - start).count();
      RC_ASSERT(taken <= burst + rate * seconds + 1e-5);
      const Duration wait = bucket.wait(now);
      RC_ASSERT((wait == Duration::zero()) == TokenBucket(bucket).take(now));
      RC_ASSERT(TokenBucket(bucket).take(now + wait));
    }
  });
}

TEST_CASE("law: a back-off waits at most base * 2^k and at most the cap", "[prop][backoff]") {
  rc::prop("bounds", [] {
    const auto base = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
    const auto cap = *rc::gen::inRange<std::int64_t>(0, 100'000'000'000);
    Backoff backoff{Duration(base), Duration(cap)};
    for (int k = 0; k < 80; ++k) {
      const auto wait = backoff.next(*rc::gen::resize(1000, rc::gen::arbitrary<std::uint64_t>()));
      const double bound =
          std::min(static_cast<double>(cap), std::ldexp(static_cast<double>(base), k));
      RC_ASSERT(wait >= Duration::zero());
      RC_ASSERT(static_cast<double>(wait.count()) <= bound);
    }
  });
}

TEST_CASE("law: percent decoding undoes encoding, for any bytes", "[prop][text]") {
  rc::prop("decode ∘ encode = id", [] {
    const std::string original = *prop::bytes();
    const std::string encoded = percent_encode(original);
    RC_ASSERT(percent_decode(encoded) == original);
    RC_ASSERT(std::all_of(encoded.begin(), encoded.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("-._~%").find(c) != std::string_view::npos;
    }));
  });
}

TEST_CASE("law: an escaped text is one printable line", "[prop][text]") {
  rc::prop("no control characters, and UTF-8", [] {
    const std::string original = *rc::gen::oneOf(prop::bytes(), prop::text());
    const std::string escaped = escape_for_log(original, *rc::gen::inRange<std::size_t>(0, 300));
    RC_ASSERT(std::none_of(escaped.begin(), escaped.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    }));
    RC_ASSERT(is_utf8(escaped));
    RC_ASSERT_FALSE(has_unprintable(escaped));
  });
}

TEST_CASE("law: NFC is reached in one step, and exactly by UTF-8", "[prop][text]") {
  rc::prop("idempotent", [] {
    const std::string original = *rc::gen::oneOf(prop::bytes(), prop::text());
    const auto once = to_nfc(original);
    RC_ASSERT(once.has_value() == is_utf8(original));
    if (once) RC_ASSERT(to_nfc(*once) == once);
  });
}

TEST_CASE("law: folding does not depend on the spelling", "[prop][text]") {
  rc::prop("fold ∘ nfc = fold, and folded text is folded", [] {
    const std::string original = *prop::text();
    const auto folded = fold_case(original);
    RC_ASSERT(folded.has_value());
    RC_ASSERT(fold_case(*to_nfc(original)) == folded);
    RC_ASSERT(fold_case(*folded) == folded);
  });
}

TEST_CASE("law: a text has no more graphemes than bytes, and one at least", "[prop][text]") {
  rc::prop("bounds", [] {
    const std::string original = *rc::gen::oneOf(prop::bytes(), prop::text());
    RC_ASSERT(grapheme_count(original) <= original.size());
    RC_ASSERT((grapheme_count(original) == 0) == original.empty());
  });
}

TEST_CASE("law: base64url has four characters for three bytes", "[prop][digest]") {
  rc::prop("length", [] {
    const auto data = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
    RC_ASSERT(base64url(data.data(), data.size()).size() == (data.size() * 4 + 2) / 3);
  });
}
