#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "chat/wire/codes.hpp"

using namespace chat::wire;

namespace {

constexpr std::string_view kBegin = "<!-- codes:begin -->\n";
constexpr std::string_view kEnd = "<!-- codes:end -->";

std::string protocol_page() {
  const std::ifstream file(CHAT_SOURCE_DIR "/docs/protocol.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string number_or_none(int number) { return number == 0 ? "–" : std::to_string(number); }

/// The table as the page should have it.
std::string table() {
  std::ostringstream out;
  out << "| code | number | close code | HTTP status | exit code | text |\n"
         "| --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < code_count(); ++i) {
    const CodeInfo& row = info(static_cast<Code>(i));
    out << "| `" << row.name << "` | " << row.number << " | " << number_or_none(row.close) << " | "
        << number_or_none(row.http) << " | " << row.exit << " | " << row.text << " |\n";
  }
  return out.str();
}

}  // namespace

TEST_CASE("protocol page: its table of codes is the table of codes.def", "[wire][docs]") {
  const std::string page = protocol_page();
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto from = begin + kBegin.size();
  REQUIRE(from <= end);

  if (page.substr(from, end - from) == table()) return;
  std::cout << table();  // by itself, so that it can be copied; Catch breaks long lines
  FAIL("docs/protocol.md must have the table above between codes:begin and codes:end");
}
