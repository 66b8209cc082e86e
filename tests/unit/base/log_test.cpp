#include "chat/base/log.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "support/stderr_capture.hpp"

using namespace chat::base;
using chat::tests::StderrCapture;

namespace {

/// `text` with every digit as 0, so that times compare.
std::string shape(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }, '0');
  return text;
}

}  // namespace

TEST_CASE("log: a line has time, level, message and fields", "[base][log]") {
  Log::configure(LogFormat::text, LogLevel::debug);
  StderrCapture captured;
  Log::info("listening", {{"address", "localhost"}, {"port", "8000"}});
  CHECK(shape(captured.text()) ==
        "0000-00-00 00:00:00.000 info  listening address=localhost port=0000\n");
}

TEST_CASE("log: values that could be taken for something else are quoted", "[base][log]") {
  Log::configure(LogFormat::text, LogLevel::info);
  StderrCapture captured;
  Log::warn("odd", {{"a", "x y"}, {"b", ""}, {"c", "k=v"}, {"d", "say \"hi\""}});
  CAPTURE(captured.text());
  CHECK_THAT(captured.text(), Catch::EndsWith(R"(warn  odd a="x y" b="" c="k=v" d="say \"hi\"")"
                                              "\n"));
}

TEST_CASE("log: strangers cannot begin a line of their own", "[base][log]") {
  const LogFormat format = GENERATE(LogFormat::text, LogFormat::json);
  Log::configure(format, LogLevel::info);
  StderrCapture captured;
  Log::error("refused\n", {{"name", "x\n2026-01-01 00:00:00.000 info  forged\x1b[2J"}});
  const std::string text = captured.text();
  CAPTURE(text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.back() == '\n');
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("log: JSON lines are objects", "[base][log]") {
  Log::configure(LogFormat::json, LogLevel::info);
  StderrCapture captured;
  Log::info("joined", {{"room", "caf\u00e9"}, {"name", "a\"b\\c"}});
  CHECK(shape(captured.text()) ==
        R"({"at":"0000-00-00T00:00:00.000Z","level":"info","message":"joined",)"
        R"("room":"café","name":"a\"b\\x0cc"})"
        "\n");
}

TEST_CASE("log: nothing below the level is written", "[base][log]") {
  Log::configure(LogFormat::text, LogLevel::warn);
  StderrCapture captured;
  Log::debug("no");
  Log::info("no");
  Log::warn("first");
  Log::error("second");
  const std::string text = captured.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find("no") == std::string::npos);
  CHECK(Log::enabled(LogLevel::error));
  CHECK_FALSE(Log::enabled(LogLevel::info));
}

TEST_CASE("log: off is off", "[base][log]") {
  Log::configure(LogFormat::text, LogLevel::off);
  StderrCapture captured;
  Log::error("no");
  Log::write(LogLevel::off, "no");
  CHECK(captured.text().empty());
  CHECK_FALSE(Log::enabled(LogLevel::off));
}

TEST_CASE("log: lines of several threads stay whole", "[base][log]") {
  Log::configure(LogFormat::text, LogLevel::info);
  StderrCapture captured;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) Log::info("from a thread", {{"key", std::string(100, 'v')}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int i = 0; i < 4 * 50; ++i) {
    expected += "0000-00-00 00:00:00.000 info  from a thread key=" + std::string(100, 'v') + "\n";
  }
  CHECK(shape(captured.text()) == expected);
}

TEST_CASE("log: levels are read by their names", "[base][log]") {
  const auto [name, wanted] = GENERATE(table<std::string, LogLevel>({
      {"debug", LogLevel::debug},
      {"info", LogLevel::info},
      {"warn", LogLevel::warn},
      {"error", LogLevel::error},
      {"off", LogLevel::off},
  }));
  LogLevel level = wanted == LogLevel::off ? LogLevel::debug : LogLevel::off;
  CHECK(Log::parse_level(name, level));
  CHECK(level == wanted);
  CHECK_FALSE(Log::parse_level("INFO", level));
  CHECK_FALSE(Log::parse_level("", level));
  CHECK(level == wanted);
}
