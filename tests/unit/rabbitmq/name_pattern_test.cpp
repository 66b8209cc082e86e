#include "chat/rabbitmq/name_pattern.hpp"

#include <catch2/catch.hpp>
#include <string>

using chat::rabbitmq::is_found;

TEST_CASE("name_pattern: a pattern is looked for anywhere in a name", "[rabbitmq][admin]") {
  CHECK(is_found(".*", "groups") == true);
  CHECK(is_found("", "groups") == true);
  CHECK(is_found("oup", "groups") == true);
  CHECK(is_found("^oup", "groups") == false);
  CHECK(is_found("^(groups$|chat\\.channels\\.)", "chat.channels.n1") == true);
  CHECK(is_found("^(groups$|chat\\.channels\\.)", "groups2") == false);
  CHECK(is_found("^(?!amq\\.)", "groups") == true);
  CHECK(is_found("^channels_[[:alpha:]]{12}$", "channels_abcdefghijkl") == true);
  CHECK(is_found("^channels_\\w+$", "channels_a") == true);
}

TEST_CASE("name_pattern: what is another thing in Erlang's expressions is not guessed",
          "[rabbitmq][admin]") {
  const std::string pattern =
      GENERATE(as<std::string>{}, "(?i)GROUPS", "\\Agroups\\z", "\\Qgroups\\E", "(?<!x)groups",
               "g++roups", "[]g]roups", "[^]]", "(*UTF8)g", "(?P<n>g)", "\\x67roups", "(g)\\1",
               "a{,", "(", "[", "*", std::string(300, 'a'));
  CAPTURE(pattern);
  CHECK_FALSE(is_found(pattern, "groups"));
}
