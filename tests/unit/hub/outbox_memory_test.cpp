#include <malloc.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <string>

#include "chat/hub/outbox.hpp"

namespace {

std::size_t g_held = 0;

}  // namespace

// Not inlined: the compiler would see a free() of what it knows as new's.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* memory = std::malloc(size);
  if (memory != nullptr) g_held += malloc_usable_size(memory);
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  if (memory != nullptr) g_held -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

namespace chat::tests {
namespace {

using hub::Outbox;

void fill(Outbox& outbox, int blocks) {
  const std::string bytes(1000, 'x');
  for (int i = 0; i < blocks; ++i) outbox.push_unbounded(base::Block::copy_of(bytes));
}

TEST_CASE("outbox: a block's memory goes when its last byte is written", "[hub][outbox][memory]") {
  Outbox outbox;
  fill(outbox, 100);
  const auto full = g_held;
  outbox.consume(50 * 1000);
  CHECK(full - g_held >= std::size_t{50 * 1000});
}

TEST_CASE("outbox: an emptied one gives all its memory back", "[hub][outbox][memory]") {
  Outbox outbox;
  const auto before = g_held;
  fill(outbox, 1000);
  outbox.consume(1000 * 1000);
  CHECK(g_held == before);
}

TEST_CASE("outbox: what is dropped gives its memory back", "[hub][outbox][memory]") {
  Outbox outbox;
  const auto before = g_held;
  fill(outbox, 1000);
  outbox.consume(10);
  outbox.drop_unstarted();
  CHECK(g_held <= before + 1100);
  outbox.consume(990);
  CHECK(g_held <= before + 100);
}

TEST_CASE("outbox: a slow reader that never empties holds only what waits",
          "[hub][outbox][memory]") {
  Outbox outbox;
  fill(outbox, 4);
  const auto before = g_held;
  for (int i = 0; i < 10'000; ++i) {
    fill(outbox, 1);
    outbox.consume(1000);
  }
  CHECK(g_held <= before + 200);
}

}  // namespace
}  // namespace chat::tests
