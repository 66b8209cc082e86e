#include "command.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temp_dir.hpp"

using chat::tests::TempDir;
using chat::tools::Command;
using namespace std::string_literals;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("command: has its input on stdin and its variables", "[tools]") {
  const TempDir folder;
  ::setenv("CHAT_TEST_OURS", "ours", 1);
  ::setenv("CHAT_TEST_BOTH", "wrong", 1);
  Command command("cat > " + folder.file("in") +
                  "; printf '%s|%s|%s|%s' \"$CHAT_TEST_OURS\" \"$CHAT_TEST_BOTH\" \"$ODD\" "
                  "\"$NUL\" > " +
                  folder.file("out"));
  command.set("CHAT_TEST_BOTH", "right");
  command.set("ODD", "$(id) `id` ; '\" \\ \n部屋");
  command.set("NUL", "before\0after"s);
  const std::string input = std::string(300'000, 'x') + "\n";
  CHECK(command.run(input).empty());
  CHECK(read(folder.file("in")) == input);
  CHECK(read(folder.file("out")) == "ours|right|$(id) `id` ; '\" \\ \n部屋|before");
}

TEST_CASE("command: need not read its stdin", "[tools]") {
  CHECK(Command("exit 0").run(std::string(1 << 20, 'x')).empty());
}

TEST_CASE("command: how it failed is told", "[tools]") {
  CHECK_THAT(Command("exit 3").run(""), Catch::Contains("exit code 3"));
  CHECK_THAT(Command("kill -TERM $$").run(""), Catch::Contains("signal 15"));
  CHECK_THAT(Command("/nonexistent/command 2>/dev/null").run(""), Catch::Contains("127"));
}

TEST_CASE("command: a text that no environment holds is cut at a character, and it runs",
          "[tools]") {
  const TempDir folder;
  Command command("printf %s \"$TEXT\" > " + folder.file("out"));
  std::string text = "x";
  while (text.size() < 1'000'000) text += "部";
  command.set("TEXT", text);
  CHECK(command.run("").empty());
  const auto out = read(folder.file("out"));
  CHECK(out.size() > 100'000);
  CHECK(out.size() % 3 == 1);
  CHECK(text.compare(0, out.size(), out) == 0);
}
