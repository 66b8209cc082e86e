#include "chat/bench/run/process_meter.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "chat/bench/run/channel.hpp"
#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/proc_file.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;

/// A child that stands still until its parent wants it to end.
class Child {
 public:
  Child() : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    for (; pid_ == 0;) ::raise(SIGSTOP);
    REQUIRE(::waitpid(pid_, nullptr, WUNTRACED) == pid_);
  }
  ~Child() {
    if (!is_ended_) end();
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// From here on it is a zombie.
  void end() {
    is_ended_ = true;
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t pid_;
  bool is_ended_ = false;
};

/// One that has been there: nobody has its number now.
pid_t ended() {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  return child;
}

std::string gone(pid_t pid) { return "process " + std::to_string(pid) + " is gone"; }

TEST_CASE("bench process meter: CPU time of a process grows by what it uses", "[bench][meter]") {
  const auto before = bench::read_use({::getpid()});
  REQUIRE(before);
  std::uint64_t work = 1;
  const auto begun = bench::monotonic_ns();
  auto after = bench::read_use({::getpid()});
  // A tick of user or system time is 10 ms.
  while (after && after->user_s + after->system_s <= before->user_s + before->system_s &&
         bench::monotonic_ns() - begun < 20 * bench::kNanosPerSecond) {
    for (int i = 0; i < 1'000'000; ++i) work = work * 6364136223846793005U + 1;
    after = bench::read_use({::getpid()});
  }
  REQUIRE(after);
  CHECK(work != 0);
  CHECK(after->cpu_ns > before->cpu_ns);
  CHECK(after->cpu_ns - before->cpu_ns <= 2 * (bench::monotonic_ns() - begun) + 20'000'000);
  CHECK(after->user_s + after->system_s > before->user_s + before->system_s);
  CHECK(after->voluntary_switches >= before->voluntary_switches);
}

TEST_CASE("bench process meter: memory grows by what is touched", "[bench][meter]") {
  constexpr std::size_t kBytes = 32U << 20;
  const auto before = bench::read_memory({::getpid()});
  REQUIRE(before);
  CHECK(before->is_exact);
  CHECK(before->pss_bytes <= before->rss_bytes);
  void* const map = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  REQUIRE(map != MAP_FAILED);
  const auto after = bench::read_memory({::getpid()});
  ::munmap(map, kBytes);
  REQUIRE(after);
  CHECK(after->rss_bytes >= before->rss_bytes + kBytes);
  // Its share of libraries shrinks with each other process that comes to use them.
  CHECK(after->pss_bytes > before->pss_bytes + kBytes / 2);
  CHECK(after->vm_rss_bytes > before->vm_rss_bytes + kBytes / 2);
}

TEST_CASE("bench process meter: several processes are summed, none is nothing", "[bench][meter]") {
  const Child one;
  const Child other;
  const auto first = bench::read_memory({one.pid()});
  const auto second = bench::read_memory({other.pid()});
  const auto both = bench::read_memory({one.pid(), other.pid()});
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(both);
  CHECK(both->vm_rss_bytes == first->vm_rss_bytes + second->vm_rss_bytes);
  CHECK(bench::read_use({one.pid(), other.pid()}));
  const auto none = bench::read_use({});
  REQUIRE(none);
  CHECK(none->cpu_ns == 0);
}

TEST_CASE("bench process meter: a process that is gone is named", "[bench][meter]") {
  Child child;
  REQUIRE(bench::read_use({::getpid(), child.pid()}));
  SECTION("a zombie") {
    child.end();
    CHECK(bench::read_use({::getpid(), child.pid()}).error() == gone(child.pid()));
    CHECK(bench::read_memory({::getpid(), child.pid()}).error() == gone(child.pid()));
  }
  SECTION("one without a trace") {
    const pid_t pid = ended();
    CHECK(bench::read_use({child.pid(), pid}).error() == gone(pid));
    CHECK(bench::read_memory({child.pid(), pid}).error() == gone(pid));
  }
  SECTION("no process at all") {
    CHECK(bench::read_use({0}).error() == "process 0 is gone");
    CHECK(bench::read_memory({-1}).error() == "process -1 is gone");
  }
}

TEST_CASE("bench proc file: a number is found by the key that begins its line", "[bench][meter]") {
  const std::string text =
      "Name:\tx Rss: 7\nPss_Dirty: 5\nRss:     12 kB\nEmpty:\nWord: x\nLast:\t3";
  CHECK(bench::number_of(text, "Rss") == 12U);
  CHECK(bench::number_of(text, "Last") == 3U);
  CHECK_FALSE(bench::number_of(text, "Pss"));
  CHECK_FALSE(bench::number_of(text, "Empty"));
  CHECK_FALSE(bench::number_of(text, "Word"));
  CHECK_FALSE(bench::number_of(text, "None"));
  CHECK_FALSE(bench::number_of("", "Rss"));
  CHECK(bench::read_file("/proc/self/none").error() == ENOENT);
}

}  // namespace
}  // namespace chat::tests
