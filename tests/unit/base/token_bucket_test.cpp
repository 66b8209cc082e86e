#include "chat/base/token_bucket.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace chat::base;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1000s};

int taken_at(TokenBucket& bucket, TimePoint now, int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += bucket.take(now) ? 1 : 0;
  return taken;
}

}  // namespace

TEST_CASE("token bucket: it starts full", "[base][token_bucket]") {
  TokenBucket bucket(10, 5, kStart);
  CHECK(taken_at(bucket, kStart, 100) == 5);
}

TEST_CASE("token bucket: tokens come back at the rate, up to the burst", "[base][token_bucket]") {
  TokenBucket bucket(10, 5, kStart);
  taken_at(bucket, kStart, 5);
  CHECK(taken_at(bucket, kStart + 99ms, 100) == 0);
  CHECK(taken_at(bucket, kStart + 100ms, 100) == 1);
  CHECK(taken_at(bucket, kStart + 400ms, 100) == 3);
  CHECK(taken_at(bucket, kStart + 1h, 100) == 5);
}

TEST_CASE("token bucket: refusals cost nothing", "[base][token_bucket]") {
  TokenBucket bucket(1, 1, kStart);
  CHECK(bucket.take(kStart));
  for (int ms = 0; ms < 1000; ++ms) CHECK_FALSE(bucket.take(kStart + ms * 1ms));
  CHECK(bucket.take(kStart + 1s));
}

TEST_CASE("token bucket: wait says when the next one comes", "[base][token_bucket]") {
  TokenBucket bucket(4, 1, kStart);
  CHECK(bucket.wait(kStart) == Duration::zero());
  bucket.take(kStart);
  CHECK(bucket.wait(kStart) == 250ms);
  CHECK(bucket.wait(kStart + 200ms) == 50ms);
  CHECK(bucket.wait(kStart + 250ms) == Duration::zero());
}

TEST_CASE("token bucket: no rate means no limit", "[base][token_bucket]") {
  const double rate = GENERATE(0.0, -1.0, std::numeric_limits<double>::quiet_NaN());
  TokenBucket bucket(rate, 1, kStart);
  CHECK(taken_at(bucket, kStart, 1000) == 1000);
  CHECK(bucket.wait(kStart) == Duration::zero());
}

TEST_CASE("token bucket: a burst below one lets one through", "[base][token_bucket]") {
  TokenBucket bucket(1, 0, kStart);
  CHECK(taken_at(bucket, kStart, 3) == 1);
}

TEST_CASE("token bucket: time that goes back gives nothing twice", "[base][token_bucket]") {
  TokenBucket bucket(10, 1, kStart);
  CHECK(bucket.take(kStart));
  CHECK_FALSE(bucket.take(kStart - 1h));
  CHECK(bucket.take(kStart + 100ms));
  CHECK_FALSE(bucket.take(kStart));
  CHECK_FALSE(bucket.take(kStart + 150ms));
}

TEST_CASE("token bucket: a wait is never longer than a timer can be", "[base][token_bucket]") {
  TokenBucket bucket(1e-30, 1, kStart);
  CHECK(bucket.take(kStart));
  CHECK(bucket.wait(kStart) > 24h * 365);
  CHECK(kStart + bucket.wait(kStart) > kStart);
}
