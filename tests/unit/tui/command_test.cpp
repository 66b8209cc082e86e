#include "chat/tui/command.hpp"

#include <catch2/catch.hpp>
#include <tuple>

using namespace chat::tui;
using Strings = std::vector<std::string>;

TEST_CASE("commands: a slash makes one, two are a text", "[tui][command]") {
  const auto [line, is_command, name, text] =
      GENERATE(table<std::string, bool, std::string, std::string>({
          {"hello", false, "", "hello"},
          {" /quit", false, "", " /quit"},
          {"//quit", false, "", "/quit"},
          {"///", false, "", "//"},
          {"/quit", true, "quit", ""},
          {"/NICK  ann b ", true, "nick", "ann b"},
          {"/me waves", false, "me", "/me waves"},
          {"/nonsense x", true, "nonsense", "x"},
          {"/", true, "", ""},
      }));
  CAPTURE(line);
  const auto entered = parse_line(line);
  CHECK(entered.is_command == is_command);
  CHECK(entered.name == name);
  CHECK(entered.text == text);
}

TEST_CASE("completion: names, last speaker first, again and again", "[tui][command]") {
  Completion completion;
  const Strings names{"anna", "bob", "Ann"};
  auto offer = completion.next("an", 2, names, {});
  REQUIRE(offer.is_there);
  CHECK(offer.begin == 0);
  CHECK(offer.text == "anna: ");
  CHECK(completion.next("anna: ", 6, names, {}).text == "Ann: ");
  CHECK(completion.next("Ann: ", 5, names, {}).text == "anna: ");
  completion.reset();
  offer = completion.next("hi b", 4, names, {});
  CHECK(offer.begin == 3);
  CHECK(offer.text == "bob ");
  completion.reset();
  CHECK_FALSE(completion.next("hi x", 4, names, {}).is_there);
  CHECK_FALSE(completion.next("hi ", 3, names, {}).is_there);
}

TEST_CASE("completion: a name with its at sign keeps it", "[tui][command]") {
  Completion completion;
  const Strings names{"anna", "bob", "Ann"};
  auto offer = completion.next("hello @b", 8, names, {});
  REQUIRE(offer.is_there);
  CHECK(offer.begin == 6);
  CHECK(offer.text == "@bob ");
  completion.reset();
  offer = completion.next("@an", 3, names, {});
  CHECK(offer.begin == 0);
  CHECK(offer.text == "@anna ");
  CHECK(completion.next("@anna ", 6, names, {}).text == "@Ann ");
  completion.reset();
  CHECK(completion.next("so @", 4, names, {}).text == "@anna ");
}

TEST_CASE("completion: an empty line is for who spoke last", "[tui][command]") {
  Completion completion;
  CHECK(completion.next("", 0, {"bob", "ann"}, {}).text == "bob: ");
  CHECK(completion.next("bob: ", 5, {"bob", "ann"}, {}).text == "ann: ");
  completion.reset();
  CHECK_FALSE(completion.next("", 0, {}, {}).is_there);
  CHECK_FALSE(completion.next("text", 0, {"bob"}, {}).is_there);
}

TEST_CASE("completion: commands, and rooms behind /join", "[tui][command]") {
  Completion completion;
  CHECK(completion.next("/j", 2, {"/jo"}, {}).text == "/join ");
  completion.reset();
  const auto offer = completion.next("/join lo", 8, {"lola"}, {"ops", "lobby"});
  CHECK(offer.begin == 6);
  CHECK(offer.text == "lobby ");
  completion.reset();
  CHECK(completion.next("/join #o", 8, {"olga"}, {"ops", "lobby"}).text == "#ops ");
  completion.reset();
  CHECK_FALSE(completion.next("/join ", 6, {"olga"}, {}).is_there);
}

TEST_CASE("completion: a half-written emoji becomes one, then the next", "[tui][command]") {
  Completion completion;
  const auto offer = completion.next("so :smi", 7, {"smith"}, {});
  REQUIRE(offer.is_there);
  CHECK(offer.begin == 3);
  CHECK(offer.text == "😄");
  CHECK(completion.next("so 😄", 7, {"smith"}, {}).text == "😏");
  CHECK(completion.next("so 😏", 7, {"smith"}, {}).text == "😄");
}
