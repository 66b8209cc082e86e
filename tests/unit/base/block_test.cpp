#include "chat/base/block.hpp"

#include <catch2/catch.hpp>
#include <cstring>

using namespace chat::base;

TEST_CASE("block: it holds its pieces one after the other", "[base][block]") {
  CHECK(Block::copy_of("head", "tail")->bytes() == "headtail");
  CHECK(Block::copy_of("only")->bytes() == "only");
  CHECK(Block::copy_of({}, "second")->bytes() == "second");
  CHECK(Block::copy_of({})->size() == 0);
}

TEST_CASE("block: it can be filled before it is shared", "[base][block]") {
  char* bytes = nullptr;
  const BlockRef block = Block::uninitialised(3, bytes);
  std::memcpy(bytes, "abc", 3);
  CHECK(block->bytes() == "abc");
}

TEST_CASE("block: copies share the bytes and outlive each other", "[base][block]") {
  BlockRef last;
  {
    const BlockRef first = Block::copy_of("shared");
    const BlockRef second = first;
    CHECK(second.get() == first.get());
    last = second;
  }
  CHECK(last->bytes() == "shared");
}

TEST_CASE("block: a moved or default reference is empty", "[base][block]") {
  BlockRef from = Block::copy_of("x");
  const BlockRef to = std::move(from);
  CHECK(to);
  CHECK_FALSE(from);  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK_FALSE(BlockRef());
  const BlockRef copy_of_empty = from;
  CHECK_FALSE(copy_of_empty);
}

TEST_CASE("block: assignment lets go of the old bytes, also to itself", "[base][block]") {
  BlockRef block = Block::copy_of("old");
  block = Block::copy_of("new");
  CHECK(block->bytes() == "new");
  const BlockRef& same = block;
  block = same;
  CHECK(block->bytes() == "new");
}
