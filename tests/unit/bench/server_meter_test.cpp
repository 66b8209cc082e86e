#include "chat/bench/run/server_meter.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/scripted_server.hpp"

namespace chat::tests {
namespace {

using bench::meter_of_processes;
using bench::meter_of_urls;
using Catch::Contains;
using Catch::StartsWith;

std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string told(int cpu_s, int bytes) {
  return answer("process_cpu_seconds_total " + std::to_string(cpu_s) +
                "\nprocess_resident_memory_bytes " + std::to_string(bytes) + "\n");
}

std::string address(const ScriptedServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

tl::expected<bench::ServerUse, std::string> read(const std::vector<std::string>& urls) {
  auto meter = meter_of_urls(urls);
  REQUIRE(meter);
  return (*meter)->read();
}

TEST_CASE("bench server meter: processes here tell everything, of all of them", "[bench][server]") {
  const auto one = meter_of_processes({::getpid()})->read();
  REQUIRE(one);
  CHECK(one->cpu_s > 0);
  CHECK(one->rss_bytes > 100'000);
  CHECK(one->user_s);
  CHECK(one->system_s);
  CHECK(one->voluntary_switches);
  CHECK(one->involuntary_switches);
  const auto both = meter_of_processes({::getpid(), ::getppid()})->read();
  REQUIRE(both);
  CHECK(both->rss_bytes > one->rss_bytes);
  CHECK(meter_of_processes({::getpid(), 0})->read().error() == "process 0 is gone");
}

TEST_CASE("bench server meter: a server is asked at its address, at /metrics when none is written",
          "[bench][server]") {
  const ScriptedServer server(told(3, 4000));
  auto meter = meter_of_urls({address(server)});
  REQUIRE(meter);
  for (int i = 0; i < 2; ++i) {
    const auto use = (*meter)->read();
    REQUIRE(use);
    CHECK(use->cpu_s == 3);
    CHECK(use->rss_bytes == 4000);
  }
  CHECK(read({address(server) + "/"}));
  CHECK(read({address(server) + "/own/path?of=it"}));
  REQUIRE(server.requests().size() == 4);
  CHECK_THAT(server.requests()[0], StartsWith("GET /metrics HTTP/1.1\r\n"));
  CHECK_THAT(server.requests()[2], StartsWith("GET /metrics HTTP/1.1\r\n"));
  CHECK_THAT(server.requests()[3], StartsWith("GET /own/path?of=it HTTP/1.1\r\n"));
}

TEST_CASE("bench server meter: several servers are summed", "[bench][server]") {
  const ScriptedServer one(told(3, 4000));
  const ScriptedServer other(told(30, 40'000));
  const auto use = read({address(one), address(other)});
  REQUIRE(use);
  CHECK(use->cpu_s == 33);
  CHECK(use->rss_bytes == 44'000);
  CHECK_FALSE(use->user_s);
}

TEST_CASE("bench server meter: which server does not tell, and why", "[bench][server]") {
  const ScriptedServer good(told(3, 4000));
  std::string closed;
  {
    const ScriptedServer gone("");
    closed = address(gone);
  }
  CHECK(read({address(good), closed}).error() == "nothing listens at " + closed);
  const ScriptedServer missing(answer("no", "404 Not Found"));
  CHECK(read({address(good), address(missing)}).error() ==
        address(missing) + "/metrics: the answer is 404");
  const ScriptedServer page(answer("<html>"));
  CHECK_THAT(read({address(good), address(page)}).error(),
             StartsWith(address(page) + "/metrics: there is no process_cpu_seconds_total; "));
}

TEST_CASE("bench server meter: what is no address is told before anything is asked",
          "[bench][server]") {
  for (const std::string url :
       {"", "localhost:8000", "ws://localhost", "http://", "http:///metrics", "http://user@host/",
        "http://user:secret@host/", "http://host:0/", "http://host:x", "http://::1/",
        "http://host/a b", "http://host/#a", "http://host/\x1b[31m"}) {
    CAPTURE(url);
    const auto meter = meter_of_urls({"http://127.0.0.1:1", url});
    REQUIRE_FALSE(meter);
    CHECK_THAT(meter.error(),
               StartsWith("an address of metrics: ") && !Contains("secret") && !Contains("\x1b"));
  }
  CHECK_FALSE(meter_of_urls({}));
  CHECK(meter_of_urls({"https://host", "http://[::1]:8000/metrics"}));
}

}  // namespace
}  // namespace chat::tests
