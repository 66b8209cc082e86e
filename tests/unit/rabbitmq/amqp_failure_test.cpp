#include "chat/rabbitmq/amqp_failure.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace chat::rabbitmq {
namespace {

using Kind = Failure::Kind;

Kind of_call(std::uint16_t code, const char* text) {
  return failure_of_close(Refused::call, code, text).kind;
}
Kind of_connection(std::uint16_t code) {
  return failure_of_close(Refused::connection, code, "text").kind;
}

TEST_CASE("what refuses a call is told apart by its code and text") {
  CHECK(of_call(403, "ACCESS_REFUSED - access to queue 'q' refused") == Kind::forbidden);
  CHECK(of_call(404, "NOT_FOUND - no queue 'q' in vhost '/'") == Kind::not_found);
  CHECK(of_call(404, "NOT_FOUND - home node 'n' of durable queue 'q' is down or inaccessible") ==
        Kind::unreachable);
  CHECK(of_call(406, "PRECONDITION_FAILED - inequivalent arg 'x-max-age' for queue 'q'") ==
        Kind::differs);
  CHECK(of_call(406, "PRECONDITION_FAILED - unknown delivery tag 7") == Kind::other);
  CHECK(of_call(405, "RESOURCE_LOCKED") == Kind::other);
}

TEST_CASE("403 means the credentials when a connection is refused") {
  CHECK(of_connection(403) == Kind::credentials);
  CHECK(of_connection(530) == Kind::vhost);
  CHECK(of_connection(320) == Kind::closed);
  CHECK(of_connection(541) == Kind::unreachable);
  CHECK(of_connection(504) == Kind::other);
}

TEST_CASE("a server's text is escaped and cut") {
  const auto failure =
      failure_of_close(Refused::call, 404, "line\nnext\x1b[31m" + std::string(5000, 'x'));
  CHECK(failure.code == 404);
  CHECK(failure.text.find('\n') == std::string::npos);
  CHECK(failure.text.find('\x1b') == std::string::npos);
  CHECK(failure.text.size() < 400);
}

}  // namespace
}  // namespace chat::rabbitmq
