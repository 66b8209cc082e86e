#include "chat/tui/language.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <tuple>

using chat::tui::Language;
using chat::tui::language_of_environment;
using chat::tui::parse_language;

namespace {

using Variables = std::map<std::string, std::string>;

Language wanted_by(const Variables& variables) {
  return language_of_environment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

}  // namespace

TEST_CASE("language: names as people and environments write them", "[tui][language]") {
  for (const char* name : {"en", "EN", "en-GB", "en_US", "en_US.UTF-8", "en_IE@euro"}) {
    CAPTURE(name);
    CHECK(parse_language(name) == Language::english);
  }
  for (const char* name : {"zh-TW", "zh_TW", "zh_TW.UTF-8", "ZH-tw", "zh_HK.utf8", "zh-Hant",
                           "zh_Hant_TW", "zh-hant-hk", "zh_TW.UTF-8@cjk"}) {
    CAPTURE(name);
    CHECK(parse_language(name) == Language::traditional_chinese);
  }
  for (const char* name :
       {"", "zh", "zh_CN.UTF-8", "zh-Hans", "zh-twx", "english", "de", "C", "_"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_language(name));
  }
}

TEST_CASE("language: the first variable that is not empty decides", "[tui][language]") {
  CHECK(wanted_by({}) == Language::english);
  CHECK(wanted_by({{"LANG", "zh_TW.UTF-8"}}) == Language::traditional_chinese);
  CHECK(wanted_by({{"LANG", "zh_TW.UTF-8"}, {"LC_MESSAGES", "en_US.UTF-8"}}) == Language::english);
  CHECK(wanted_by({{"LANG", "en_US.UTF-8"}, {"LC_MESSAGES", "zh_HK"}}) ==
        Language::traditional_chinese);
  CHECK(wanted_by({{"LANG", "zh_TW"}, {"LC_MESSAGES", "zh_TW"}, {"LC_ALL", "C"}}) ==
        Language::english);
  CHECK(wanted_by({{"LANG", "zh_TW"}, {"LC_MESSAGES", ""}, {"LC_ALL", ""}}) ==
        Language::traditional_chinese);
  CHECK(wanted_by({{"LANG", "de_DE.UTF-8"}}) == Language::english);
}
