#include "support/hub_model.hpp"

#include <catch2/catch.hpp>

namespace chat::tests {
namespace {

void expect(ModelMember& member, const std::vector<std::string>& frames) {
  for (const auto& frame : frames) {
    member.missing.push_back(std::make_shared<const std::string>(frame));
  }
}

TEST_CASE("hub model: a member takes its frames, merged or one by one", "[support]") {
  ModelMember member(base::RoomName("a"), wire::Dialect::v1);
  expect(member, {"1;", "2;", "3;"});
  member.deliver(base::Block::copy_of("1;2;"));
  member.deliver(base::Block::copy_of("3;"));
  CHECK(member.problem.empty());
  CHECK(member.missing.empty());
  CHECK(member.handed == 3);
}

TEST_CASE("hub model: a frame lost, repeated, cut or of someone else is a problem", "[support]") {
  const std::string frames = GENERATE("2;", "1;1;", "1;2", "x;", "1;2;3;", "");
  CAPTURE(frames);
  ModelMember member(base::RoomName("a"), wire::Dialect::v1);
  expect(member, {"1;", "2;"});
  member.deliver(base::Block::copy_of(frames));
  CHECK_FALSE(member.problem.empty());
}

TEST_CASE("hub model: every opcode can be played at any time", "[support]") {
  for (int first = 0; first < 10; ++first) {
    for (int second = 0; second < 10; ++second) {
      HubModel model;
      model.apply(static_cast<std::uint8_t>(first), 1);
      model.apply(static_cast<std::uint8_t>(second), 1);
      REQUIRE_NOTHROW(model.finish());
    }
  }
}

}  // namespace
}  // namespace chat::tests
