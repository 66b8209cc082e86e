#include "chat/broker/fifo.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <random>

namespace chat::tests {
namespace {

TEST_CASE("fifo: behaves as a queue, whatever is done in whichever order",
          "[broker][fifo][seeded]") {
  std::mt19937_64 random(Catch::rngSeed());
  broker::Fifo<std::unique_ptr<int>> fifo;
  std::deque<int> model;
  for (int i = 0; i < 20'000; ++i) {
    const bool growing = (i / 1000) % 2 == 0;
    const auto dice = random() % 10;
    if (dice == 0) {
      const int digit = static_cast<int>(random() % 10);
      const auto matches = [digit](int value) { return value % 10 == digit; };
      std::size_t gone = 0;
      for (auto item = model.begin(); item != model.end();) {
        const bool goes = matches(*item);
        item = goes ? model.erase(item) : item + 1;
        gone += goes ? 1 : 0;
      }
      REQUIRE(fifo.erase_if([&](const auto& item) { return matches(*item); }) == gone);
    } else if (dice < (growing ? 8U : 4U)) {
      fifo.push(std::make_unique<int>(i));
      model.push_back(i);
    } else if (!model.empty()) {
      REQUIRE(*fifo.pop() == model.front());
      model.pop_front();
    }
    REQUIRE(fifo.size() == model.size());
    REQUIRE(fifo.empty() == model.empty());
    if (!model.empty()) {
      const auto any = random() % model.size();
      REQUIRE(*fifo[any] == model[any]);
    }
  }
}

}  // namespace
}  // namespace chat::tests
