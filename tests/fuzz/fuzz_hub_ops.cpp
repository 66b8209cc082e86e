// Pairs of bytes as joins, leaves, deliveries, flushes and catch-ups: whatever their order, each
// member gets the frames of its time in the room, each once, in order.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "support/hub_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostOperations = 400;
  try {
    chat::tests::HubModel model;
    for (std::size_t i = 0; i + 1 < size && i < 2 * kMostOperations; i += 2) {
      model.apply(data[i], data[i + 1]);
    }
    model.finish();
  } catch (const chat::tests::BrokenLaw& broken) {
    std::fprintf(stderr, "broken law: %s\n", broken.what());
    std::abort();
  }
  return 0;
}
