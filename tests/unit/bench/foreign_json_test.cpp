#include "chat/bench/foreign_json.hpp"

#include <catch2/catch.hpp>
#include <string>

using chat::bench::ForeignJson;

TEST_CASE("foreign JSON: values are found by names and indexes", "[bench][json]") {
  const ForeignJson json(R"({"a":[{"b":"c"},7],"o":{}})");
  CHECK(json.is_object());
  CHECK(json.is_array({"a"}));
  CHECK(json.is_object({"o"}));
  CHECK_FALSE(json.is_empty_object());
  CHECK(json.text({"a", "0", "b"}) == "c");
  CHECK(json.natural({"a", "1"}) == 7);
  CHECK(json.shown({"a"}) == R"([{"b":"c"},7])");
  CHECK(json.shown({"a", "0", "b"}) == "c");
}

TEST_CASE("foreign JSON: what is missing or of another kind is empty", "[bench][json]") {
  const ForeignJson json(R"({"a":[1],"t":true,"n":-1,"f":1.5})");
  CHECK(json.text({"b"}).empty());
  CHECK(json.text({"t"}).empty());
  CHECK(json.text({"a", "1"}).empty());
  CHECK(json.natural({"n"}) == 0);
  CHECK(json.natural({"f"}) == 0);
  CHECK(json.natural({"a", "00x"}) == 0);
  CHECK(json.natural({"a", "-1"}) == 0);
  CHECK(json.natural({"a", ""}) == 0);
  CHECK(json.natural({"t", "0"}) == 0);
  CHECK(json.shown({"a", "0", "b"}).empty());
  CHECK_FALSE(json.within({"b"}).is_object());
}

TEST_CASE("foreign JSON: a text that is none has nothing", "[bench][json]") {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{} x"), std::string("{}\0", 3),
        std::string(R"({"a":1e999})"), std::string("\xFF")}) {
    CAPTURE(text);
    const ForeignJson json(text);
    CHECK_FALSE(json.is_object());
    CHECK_FALSE(json.is_empty_object());
    CHECK(json.shown({}).empty());
  }
}

TEST_CASE("foreign JSON: JSON in a string is read as the value itself is", "[bench][json]") {
  const ForeignJson json(R"({"text":"{\"a\":\"b\"}","value":{"a":"b"},"broken":"{\"a"})");
  CHECK(json.within({"text"}).text({"a"}) == "b");
  CHECK(json.within({"value"}).text({"a"}) == "b");
  CHECK_FALSE(json.within({"broken"}).is_object());
}

TEST_CASE("foreign JSON: what is nested without end is left out, the rest is there",
          "[bench][json]") {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const ForeignJson json(R"({"deep":)" + deep + R"(,"flat":"here"})");
  CHECK(json.text({"flat"}) == "here");
  CHECK(json.shown({"deep"}).size() < 100);
  CHECK(json.within({"deep"}).is_array());
}
