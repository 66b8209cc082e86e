#include "chat/bench/run/machine.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

namespace chat::tests {
namespace {

using bench::Machine;
using Catch::StartsWith;

std::string text_of(const Machine& machine) {
  std::string text;
  for (const auto& fact : facts_of(machine)) text += fact.name + ": " + fact.text + "\n";
  return text;
}

TEST_CASE("bench machine: this one tells of itself", "[bench][machine]") {
  const auto machine = bench::read_machine();
  CHECK(bench::usable_cores() == machine.cores);
  CHECK(machine.cores >= 1);
  CHECK_THAT(machine.kernel, StartsWith("Linux "));
  CHECK(machine.memory_bytes > (64U << 20));
  CHECK(machine.most_files >= 64);
  CHECK_FALSE(machine.congestion_control.empty());
  CHECK(machine.congestion_control.find_first_of(" \n") == std::string::npos);
  REQUIRE(machine.ports);
  CHECK(machine.ports->count() > 100);
  if (machine.quota) CHECK(*machine.quota > 0);
}

TEST_CASE("machine: cores that another process has beside are counted, once", "[bench][machine]") {
  cpu_set_t all;
  REQUIRE(::sched_getaffinity(0, sizeof all, &all) == 0);
  cpu_set_t first;
  CPU_ZERO(&first);
  for (std::size_t core = 0; CPU_COUNT(&first) == 0; ++core) {
    if (CPU_ISSET(core, &all)) CPU_SET(core, &first);
  }
  const pid_t other = ::fork();
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  REQUIRE(::sched_setaffinity(0, sizeof first, &first) == 0);
  CHECK(bench::usable_cores() == 1);
  CHECK(bench::usable_cores({other}) == static_cast<unsigned>(CPU_COUNT(&all)));
  CHECK(bench::usable_cores({other, other}) == static_cast<unsigned>(CPU_COUNT(&all)));
  REQUIRE(::sched_setaffinity(0, sizeof all, &all) == 0);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  CHECK(bench::usable_cores({other}) == static_cast<unsigned>(CPU_COUNT(&all)));
}

TEST_CASE("bench machine: its times grow", "[bench][machine]") {
  const auto before = bench::read_cpu_times();
  REQUIRE(before);
  CHECK(before->busy > 0);
  CHECK(before->total > before->busy + before->stolen);
  const auto after = bench::read_cpu_times();
  REQUIRE(after);
  CHECK(after->total >= before->total);
}

TEST_CASE("bench machine: what is known is a fact of the report, the rest is left out",
          "[bench][machine]") {
  Machine machine;
  CHECK(text_of(machine).empty());
  machine.cpu = "AMD EPYC";
  machine.cores = 8;
  machine.kernel = "Linux 6.1.0";
  machine.memory_bytes = 16'500'000'000;
  machine.congestion_control = "cubic";
  machine.ports = bench::PortRange{32768, 60999};
  machine.most_files = 1'048'576;
  CHECK(text_of(machine) ==
        "CPU: AMD EPYC\ncores: 8\nmemory: 15.4 GiB\nkernel: Linux 6.1.0\n"
        "TCP congestion control: cubic\nports to call from: 32768 to 60999\n"
        "open files, at most: 1048576\n");
  machine.quota = 1.5;
  CHECK(facts_of(machine)[1].text == "8, with the time of 1.5");
}

TEST_CASE("bench machine: a CPU's model is the first that is named", "[bench][machine]") {
  CHECK(bench::cpu_model("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9\nx\n"
                         "processor\t: 1\nmodel name\t: other\n") == "AMD EPYC 9");
  CHECK(bench::cpu_model("processor\t: 0\nCPU part\t: 0xd0c\n").empty());
  CHECK(bench::cpu_model("model name").empty());
  CHECK(bench::cpu_model("").empty());
}

TEST_CASE("bench machine: a range of ports has two ends, both in it", "[bench][machine]") {
  REQUIRE(bench::port_range("32768\t60999\n"));
  CHECK(bench::port_range("32768\t60999\n")->count() == 28'232);
  CHECK(bench::port_range("1024 1024")->count() == 1);
  for (const std::string text : {"", "1024", "x 1024", "2048 1024", "1 65536", "1 2 3", "-1 5"}) {
    CAPTURE(text);
    CHECK_FALSE(bench::port_range(text));
  }
}

TEST_CASE("bench machine: a group's bound is so many cores' time", "[bench][machine]") {
  CHECK(bench::cpu_quota("150000 100000\n") == 1.5);
  for (const std::string text : {"", "max 100000\n", "100000", "100000 0", "x y"}) {
    CAPTURE(text);
    CHECK_FALSE(bench::cpu_quota(text));
  }
}

TEST_CASE("bench machine: cores are busy, idle, or taken away", "[bench][machine]") {
  const auto times =
      bench::cpu_times("cpu  100 20 30 1000 50 3 4 5 60 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  REQUIRE(times);
  CHECK(times->busy == 157);
  CHECK(times->stolen == 5);
  CHECK(times->total == 1212);
  for (const std::string text : {"", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8",
                                 "cpu 1 2 3 x 5 6 7 8", "intr 1 2 3 4 5 6 7 8"}) {
    CAPTURE(text);
    CHECK_FALSE(bench::cpu_times(text));
  }
}

}  // namespace
}  // namespace chat::tests
