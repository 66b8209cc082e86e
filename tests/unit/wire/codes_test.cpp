#include "chat/wire/codes.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "chat/wire/error.hpp"

using namespace chat::wire;

namespace {

std::vector<CodeInfo> all_codes() {
  std::vector<CodeInfo> rows;
  for (std::size_t i = 0; i < code_count(); ++i) rows.push_back(info(static_cast<Code>(i)));
  return rows;
}

}  // namespace

TEST_CASE("codes: every code is found by its name", "[wire][codes]") {
  for (const CodeInfo& row : all_codes()) {
    CAPTURE(row.name);
    CHECK(code_from_name(row.name) == row.code);
    CHECK(info(row.code).name == row.name);
  }
  CHECK(info(Code::too_large).name == "too_large");
  CHECK(code_from_name("no_such_code") == std::nullopt);
  CHECK(code_from_name("") == std::nullopt);
}

TEST_CASE("codes: names and numbers are given once, and every code says what is wrong",
          "[wire][codes]") {
  std::set<std::string_view> names;
  std::set<int> numbers;
  for (const CodeInfo& row : all_codes()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(numbers.insert(row.number).second);
    CHECK(row.number > 0);
    CHECK_FALSE(row.text.empty());
  }
  CHECK(names.size() == code_count());
}

TEST_CASE("codes: close codes are in the ranges that tell a client what to do", "[wire][codes]") {
  const std::set<int> rfc6455 = {1002, 1003, 1007, 1008, 1009, 1011};
  for (const CodeInfo& row : all_codes()) {
    CAPTURE(row.name, row.close);
    const bool own = row.close >= 4000 && row.close < 4300;
    CHECK((row.close == 0 || own || rfc6455.count(row.close) == 1));
  }
}

TEST_CASE("codes: HTTP statuses are errors and exit codes are those that commands promise",
          "[wire][codes]") {
  const std::set<int> exits = {1, 2, 3, 4, 5, 6, 7, 8, 27, 130};
  for (const CodeInfo& row : all_codes()) {
    CAPTURE(row.name, row.http, row.exit);
    CHECK((row.http == 0 || (row.http >= 400 && row.http < 600)));
    CHECK(exits.count(row.exit) == 1);
  }
}

TEST_CASE("error: its text is the detail, or the table's where there is none", "[wire][error]") {
  Error error;
  error.code = Code::bad_token;
  CHECK(error.text() == info(Code::bad_token).text);
  error.detail = "the token has expired";
  CHECK(error.text() == "the token has expired");
}

TEST_CASE("codes: a peer's own close codes are told from RFC 6455's and ours", "[wire][codes]") {
  for (const int known : {1000, 1001, 1006, 1015, 4001, 4100, 4200}) {
    CHECK(is_known_close(static_cast<std::uint16_t>(known)));
  }
  for (const int other : {0, 999, 1016, 3000, 4000, 4105, 4999}) {
    CHECK_FALSE(is_known_close(static_cast<std::uint16_t>(other)));
  }
}
