#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <string>

#include "chat/broker/local_broker.hpp"
#include "support/broker_probe.hpp"
#include "support/manual_executor.hpp"

namespace {

std::size_t g_allocations = 0;

}  // namespace

// Not inlined: the compiler would see a free() of what it knows as new's.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace chat::tests {
namespace {

/// Takes everything at once and keeps nothing.
class NullStore final : public history::Store {
 public:
  void open(const base::RoomName&, OpenDone done) override {
    done(history::OpenedRoom{base::Epoch("E1"), base::Seq(0), base::Seq(0), "", {}});
  }
  void release(const base::RoomName&) override {}
  void append(history::Append, AppendDone done) override { done({}); }
  void read(const base::RoomName&, history::Range, ReadDone done) override {
    done(history::Page());
  }
  void list(ListDone done) override { done(std::vector<Listed>()); }
  void expire(base::WallMs) override {}
  void on_trim(TrimListener) override {}
  void forget_rooms(Which) override {}
  void on_forget(ForgetListener) override {}
  bool durable() const noexcept override { return false; }
};

class CountingSink final : public broker::Sink {
 public:
  void on_message(const base::RoomName&, const wire::MessagePtr&) override { ++heard; }
  void on_restart(const base::RoomName&, const broker::RoomHead&) override {}
  int heard = 0;
};

TEST_CASE("local broker: a publish allocates its message and what the store is given",
          "[broker][local][hot]") {
  ManualExecutor executor;
  NullStore store;
  broker::LocalBroker broker(executor, store, {});
  CountingSink sink;
  const base::RoomName room("ops");
  const bool subscribed = GENERATE(true, false);
  if (subscribed) broker.subscribe(room, sink, [](const auto&) {});
  int answered = 0;
  const auto publish = [&] {
    broker.publish(a_message(room, "1"), [&](const auto&) { ++answered; });
  };
  for (int i = 0; i < 100; ++i) publish();

  const auto before = g_allocations;
  for (int i = 0; i < 1000; ++i) publish();
  const auto after = g_allocations;

  CHECK(answered == 1100);
  CHECK(sink.heard == (subscribed ? 1100 : 0));
  CHECK(after - before == 2000);  // the message; the list of messages in history::Append
}

}  // namespace
}  // namespace chat::tests
