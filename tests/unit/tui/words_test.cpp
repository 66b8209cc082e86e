#include "chat/tui/words.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "chat/tui/command.hpp"
#include "chat/tui/emoji.hpp"

// The cases of tests/vectors; tests/web/words.test.mjs runs the same ones in the page's code.

using namespace chat::tui;
using Json = nlohmann::json;

namespace {

template <class Check>
void each(const std::string& name, Check check) {
  std::ifstream file(CHAT_SOURCE_DIR "/tests/vectors/" + name);
  REQUIRE(file);
  const Json cases = Json::parse(file);
  REQUIRE_FALSE(cases.empty());
  for (const Json& one : cases) {
    const std::string vector = one.dump();
    CAPTURE(vector);
    check(one);
  }
}

bool is_known(const std::string& name) {
  const auto names = command_names();
  return std::find(names.begin(), names.end(), "/" + name) != names.end();
}

}  // namespace

TEST_CASE("vectors: a line says something, is a command, or is none", "[tui][vectors]") {
  each("lines.json", [](const Json& one) {
    const auto entered = parse_line(one.at("text").get<std::string>());
    REQUIRE(entered.is_command != one.contains("say"));
    if (!entered.is_command) {
      CHECK(entered.text == one.at("say"));
      CHECK(action_in(entered.text).value_or("") == one.value("action", ""));
      return;
    }
    CHECK(is_known(entered.name) == one.contains("command"));
    CHECK(entered.name == one.value("command", one.value("unknown", "")));
    if (one.contains("unknown")) CHECK(nearest_command(entered.name) == one.value("near", ""));
    if (one.contains("argument")) CHECK(entered.text == one.at("argument"));
  });
}

TEST_CASE("vectors: a text speaks of a name, or does not", "[tui][vectors]") {
  each("mentions.json", [](const Json& one) {
    CHECK(mentions(one.at("text").get<std::string>(), one.at("name").get<std::string>()) ==
          one.at("is"));
  });
}

TEST_CASE("vectors: short names become emoji, or are offered", "[tui][vectors]") {
  each("emoji.json", [](const Json& one) {
    if (one.contains("text")) {
      CHECK(with_emoji(one.at("text").get<std::string>()) == one.at("is"));
      return;
    }
    const auto begun = begun_emoji(one.at("typed").get<std::string>());
    REQUIRE(begun.has_value() == one.contains("first"));
    if (!begun) return;
    CHECK(begun->begin == one.at("from").get<std::string>().size());
    CHECK(begun->texts.front() == one.at("first"));
  });
}

TEST_CASE("emoji: every short name of the page's table stands for one, and for one only",
          "[tui][vectors]") {
  std::set<std::string_view> names;
  for (const auto& [name, text] : all_emoji()) {
    CAPTURE(name);
    CHECK(names.insert(name).second);
    CHECK(with_emoji(":" + std::string(name) + ":") == text);
  }
  CHECK(names.size() > 250);
}
