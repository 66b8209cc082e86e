#include "chat/base/histogram.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>

using chat::base::Histogram;

namespace {
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
}

TEST_CASE("histogram: an empty one answers zero", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  CHECK(histogram->count() == 0);
  CHECK(histogram->sum() == 0);
  CHECK(histogram->max() == 0);
  CHECK(histogram->quantile(0.5) == 0);
  CHECK(histogram->count_at_or_below(kMost) == 0);
}

TEST_CASE("histogram: small values are exact", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  for (std::uint64_t value = 0; value <= 200; ++value) histogram->record(value);
  CHECK(histogram->count() == 201);
  CHECK(histogram->sum() == 200 * 201 / 2);
  CHECK(histogram->max() == 200);
  CHECK(histogram->quantile(0) == 0);
  CHECK(histogram->quantile(0.5) == 100);
  CHECK(histogram->quantile(1) == 200);
  CHECK(histogram->count_at_or_below(99) == 100);
}

TEST_CASE("histogram: the quantile is the smallest value that covers its share",
          "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(10, 99);
  histogram->record(100);
  CHECK(histogram->quantile(0.99) == 10);
  CHECK(histogram->quantile(0.991) == 100);
}

TEST_CASE("histogram: quantiles out of range are the ends", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(3);
  histogram->record(7);
  CHECK(histogram->quantile(-1) == 3);
  CHECK(histogram->quantile(2) == 7);
  CHECK(histogram->quantile(std::numeric_limits<double>::quiet_NaN()) == 3);
}

TEST_CASE("histogram: the largest values have their place", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(kMost);
  CHECK(histogram->max() == kMost);
  CHECK(histogram->quantile(1) == kMost);
  CHECK(histogram->count_at_or_below(kMost) == 1);
  CHECK(histogram->count_at_or_below(kMost / 2) == 0);
}

TEST_CASE("histogram: sums stop at the end of their range", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(kMost, 2);
  CHECK(histogram->sum() == kMost);
  histogram->record(1, kMost);
  CHECK(histogram->count() == kMost);
  CHECK(histogram->quantile(0.5) == 1);
}

TEST_CASE("histogram: merging is recording both", "[base][histogram]") {
  const auto one = std::make_unique<Histogram>();
  const auto other = std::make_unique<Histogram>();
  const auto both = std::make_unique<Histogram>();
  for (std::uint64_t value : {1ULL, 500ULL, 70'000ULL}) one->record(value), both->record(value);
  for (std::uint64_t value : {2ULL, 900'000'000ULL}) other->record(value), both->record(value);
  one->merge(*other);
  CHECK(one->count() == both->count());
  CHECK(one->sum() == both->sum());
  CHECK(one->max() == both->max());
  for (double q : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) CHECK(one->quantile(q) == both->quantile(q));
}

TEST_CASE("histogram: clearing forgets everything", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(5, 10);
  histogram->clear();
  CHECK(histogram->count() == 0);
  CHECK(histogram->max() == 0);
  CHECK(histogram->count_at_or_below(kMost) == 0);
}

TEST_CASE("histogram: recording nothing changes nothing", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(5, 0);
  CHECK(histogram->count() == 0);
  CHECK(histogram->max() == 0);
}

TEST_CASE("histogram: its buckets carry all that it knows", "[base][histogram]") {
  const auto sent = std::make_unique<Histogram>();
  for (std::uint64_t value : {1ULL, 500ULL, 501ULL, 70'000ULL, 70'000ULL}) sent->record(value);
  const auto received = std::make_unique<Histogram>();
  received->record(900'000'000);
  received->add(sent->buckets(), sent->sum(), sent->max());
  sent->record(900'000'000);
  CHECK(received->count() == sent->count());
  CHECK(received->sum() == sent->sum());
  CHECK(received->max() == sent->max());
  for (double q : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) CHECK(received->quantile(q) == sent->quantile(q));
}

TEST_CASE("histogram: a bucket that cannot be is left out", "[base][histogram]") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->add({{Histogram::kBuckets, 3}, {7, 2}}, 14, 7);
  CHECK(histogram->count() == 2);
  CHECK(histogram->quantile(1) == 7);
}
