#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/hub_model.hpp"

using chat::tests::HubModel;

namespace {

using Operation = std::pair<std::uint8_t, std::uint8_t>;

/// As tests/support/hub_model.hpp reads them; joins, deliveries and flushes more often than the
/// rest, large messages less often.
rc::Gen<std::uint8_t> opcode() {
  return rc::gen::weightedElement<std::uint8_t>(
      {{12, 0}, {5, 1}, {16, 2}, {1, 4}, {5, 5}, {10, 6}, {3, 7}, {3, 8}, {3, 9}});
}

rc::Gen<std::vector<Operation>> operations() {
  return rc::gen::scale(4.0, rc::gen::container<std::vector<Operation>>(
                                 rc::gen::pair(opcode(), rc::gen::inRange<std::uint8_t>(0, 255))));
}

}  // namespace

TEST_CASE("law: a member gets the frames of its time in the room, each once, in order",
          "[prop][hub]") {
  rc::prop("hub = naive model", [] {
    HubModel model;
    for (const auto& [code, argument] : *operations()) model.apply(code, argument);
    model.finish();
  });
}
