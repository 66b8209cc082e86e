#include "chat/rabbitmq/management_api.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>

#include "chat/rabbitmq/provision.hpp"
#include "chat/rabbitmq/topology.hpp"
#include "support/scripted_server.hpp"

using namespace chat::rabbitmq;
using chat::tests::ScriptedServer;
using Kind = ApiFailure::Kind;

namespace {

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ManagementApi api_of(const ScriptedServer& server) {
  chat::http::HttpTarget target;
  target.url = {false, "127.0.0.1", server.port(), "ann"};
  target.password = "hidden";
  return ManagementApi(std::move(target));
}

/// "PUT /api/vhosts/a".
std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}
std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("management_api: what RabbitMQ refuses is told for what it is", "[rabbitmq][api]") {
  const auto [status, body, kind, why] = GENERATE(table<int, std::string, Kind, std::string>({
      {401, R"({"error":"not_authorized","reason":"Login failed"})", Kind::credentials,
       "Login failed"},
      {401, "", Kind::credentials, "ann"},
      {401, R"({"error":"not_authorised","reason":"Not administrator user"})", Kind::forbidden,
       "administrator"},
      {401, R"({"error":"not_authorised","reason":"Not management user"})", Kind::forbidden, "tag"},
      {401, R"({"error":"not_authorised","reason":"Access refused."})", Kind::forbidden,
       "permissions"},
      {403, "", Kind::forbidden, "may not"},
      {404, R"({"error":"Object Not Found","reason":"Not Found"})", Kind::not_found, "not there"},
      {404, "<html>nothing</html>", Kind::not_rabbitmq, "is not RabbitMQ"},
      {400, R"({"error":"bad_request","reason":"inequivalent arg 'type'\nx"})", Kind::rejected,
       "inequivalent arg 'type' x"},
      {400, R"({"error":"bad_request","reason":[{"key_missing":"read"}]})", Kind::rejected,
       "bad_request"},
      {400, "nonsense", Kind::not_rabbitmq, "is not RabbitMQ"},
      {302, "", Kind::not_rabbitmq, "HTTP 302"},
      {500, "<h1>oops</h1>", Kind::server, "HTTP 500"},
      {503, R"({"error":"x","reason":"down\u001b[2J"})", Kind::server, "down\\x1b"},
  }));
  CAPTURE(status, body);
  const ScriptedServer server(answer(status, body));
  const auto done = api_of(server).put_exchange("v", signal_exchange_spec());
  REQUIRE_FALSE(done);
  CHECK(static_cast<int>(done.error().kind) == static_cast<int>(kind));
  CHECK_THAT(done.error().text, Catch::Contains(why) && !Catch::Contains("hidden"));
  CHECK(done.error().text.find('\x1b') == std::string::npos);
}

TEST_CASE("management_api: a server that is not RabbitMQ is told at the first question",
          "[rabbitmq][api]") {
  const std::string said =
      GENERATE(answer(200, "<html>hello</html>"), answer(200, "{}"), answer(200, "[]"),
               answer(200, "{\"rabbitmq_version\":3}"), answer(200, "{\"a\":"),
               answer(404, "{\"error\":\"Object Not Found\"}"), answer(404, "no"));
  CAPTURE(said);
  const ScriptedServer server(said);
  const auto overview = api_of(server).overview();
  REQUIRE_FALSE(overview);
  CHECK(overview.error().kind == Kind::not_rabbitmq);
}

TEST_CASE("management_api: lists with anything else in them cannot be read", "[rabbitmq][api]") {
  const std::string body = GENERATE("", "{}", "[1]", "[{}", "[{\"name\":\"\xFF\"}]", "null");
  CAPTURE(body);
  const ScriptedServer server(answer(200, body));
  auto api = api_of(server);
  CHECK(api.vhosts().error().kind == Kind::not_rabbitmq);
  CHECK(api.queues("v").error().kind == Kind::not_rabbitmq);
  CHECK(api.nodes().error().kind == Kind::not_rabbitmq);
  CHECK(api.policies("v").error().kind == Kind::not_rabbitmq);
}

TEST_CASE("management_api: members of another type are as if they were missing",
          "[rabbitmq][api]") {
  const ScriptedServer server(answer(
      200, R"([{"name":7,"type":null,"arguments":[],"messages":-1,"members":"x","policy":{}}])"));
  const auto queues = api_of(server).queues("v");
  REQUIRE(queues);
  REQUIRE(queues->size() == 1);
  CHECK(queues->front().name.empty());
  CHECK(queues->front().arguments.empty());
  CHECK_FALSE(queues->front().messages);
}

TEST_CASE("management_api: a queue is read with its arguments and counts", "[rabbitmq][api]") {
  const ScriptedServer server(answer(
      200,
      R"([{"name":"chat.log.00","type":"stream","durable":true,"policy":"chat-log","messages":5,)"
      R"("consumers":2,"leader":"r@a","members":["r@a","r@b"],"online":["r@a"],)"
      R"("arguments":{"x-queue-type":"stream","x-n":64,"x-b":true}}])"));
  const auto queues = api_of(server).queues("v");
  REQUIRE(queues);
  const auto& queue = queues->front();
  CHECK(queue.messages == 5);
  CHECK(queue.consumers == 2);
  CHECK(queue.leader == "r@a");
  CHECK(queue.members.size() == 2);
  CHECK(queue.online.size() == 1);
  CHECK(queue.arguments.size() == 3);
}

TEST_CASE("management_api: names are encoded, whatever is in them", "[rabbitmq][api]") {
  const ScriptedServer server(answer(204, ""));
  auto api = api_of(server);
  CHECK(api.remove_vhost("a/b é?#%"));
  CHECK(api.put_permissions("/", "x/../y", {"^c\\.", "\"", ""}));
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(line_of(requests[0]) == "DELETE /api/vhosts/a%2Fb%20%C3%A9%3F%23%25");
  CHECK(line_of(requests[1]) == "PUT /api/permissions/%2F/x%2F..%2Fy");
  CHECK(body_of(requests[1]) == R"({"configure":"^c\\.","read":"","write":"\""})");
}

TEST_CASE("management_api: making a user never tells its password", "[rabbitmq][api]") {
  const ScriptedServer server(
      answer(400, R"({"error":"bad_request","reason":"too short: s3cret-of-user"})"));
  const auto done = api_of(server).put_user("chat", "s3cret-of-user");
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().text, !Catch::Contains("s3cret-of-user"));
  CHECK(body_of(server.requests().front()) == R"({"password":"s3cret-of-user","tags":""})");
}

TEST_CASE("management_api: setting a vhost tells all of it, for the rest would be wiped",
          "[rabbitmq][api]") {
  const ScriptedServer server(answer(204, ""));
  VhostInfo vhost;
  vhost.name = "v";
  vhost.description = "ours";
  vhost.tags = {"a", "b"};
  vhost.default_queue_type = "quorum";
  CHECK(api_of(server).put_vhost(vhost));
  CHECK(body_of(server.requests().front()) ==
        R"({"default_queue_type":"quorum","description":"ours","tags":"a,b"})");
}

TEST_CASE("provision: it waits until RabbitMQ has counted chat.meta, and not for ever",
          "[rabbitmq][api]") {
  int looks = 0;
  const int counted_at = GENERATE(1, 3, 1000);
  const std::string before = GENERATE("", R"(,"messages":0)");  // of when it was empty
  const ScriptedServer server([&looks, counted_at, before](const std::string& request) {
    const auto line = line_of(request);
    if (line.find("/api/vhosts/") != std::string::npos) return answer(200, R"({"name":"v"})");
    if (line.find("/api/queues/") == std::string::npos) return answer(200, "[]");
    const std::string count = ++looks >= counted_at ? R"(,"messages":1)" : before;
    return answer(200, R"([{"name":"chat.meta")" + count + "}]");
  });
  auto api = api_of(server);
  VhostRequest request;
  request.vhost = "v";
  int waits = 0;
  const auto found = read_vhost(api, request, [&waits] { ++waits; });
  REQUIRE(found);
  CHECK(waits == std::min(counted_at - 1, 19));
  CHECK(found->queues.front().messages.value_or(0) == (counted_at < 1000 ? 1 : 0));
}

TEST_CASE("provision: of a vhost that is not there nothing more is asked", "[rabbitmq][api]") {
  const ScriptedServer server(answer(404, R"({"error":"Object Not Found","reason":"Not Found"})"));
  auto api = api_of(server);
  VhostRequest request;
  request.vhost = "v";
  const auto found = read_vhost(api, request, [] {});
  REQUIRE(found);
  CHECK_FALSE(found->vhost);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("provision: a plan becomes the requests that RabbitMQ needs", "[rabbitmq][api]") {
  const ScriptedServer server([](const std::string& request) {
    return line_of(request).find("publish") == std::string::npos
               ? answer(201, "")
               : answer(200, R"({"routed":true})");
  });
  auto api = api_of(server);
  VhostRequest request;
  request.vhost = "a/b";
  request.partitions = 1;
  request.user = "chat";
  request.create_user = true;
  const auto plan = plan_of(request, {});
  std::vector<std::string> lines;
  for (const auto& step : plan.steps) REQUIRE(carry_out(api, plan, step, "p"));
  for (const auto& made : server.requests()) lines.push_back(line_of(made));
  CHECK(lines == std::vector<std::string>{
                     "PUT /api/vhosts/a%2Fb", "PUT /api/vhost-limits/a%2Fb/max-queues",
                     "PUT /api/vhost-limits/a%2Fb/max-connections", "PUT /api/users/chat",
                     "PUT /api/permissions/a%2Fb/chat", "PUT /api/policies/a%2Fb/chat-log",
                     "PUT /api/exchanges/a%2Fb/chat.signal", "PUT /api/queues/a%2Fb/chat.log.00",
                     "PUT /api/queues/a%2Fb/chat.meta",
                     "POST /api/exchanges/a%2Fb/amq.default/publish"});
  CHECK_THAT(body_of(server.requests().back()),
             Catch::Contains(R"("payload":"{\"format\":1,\"partitions\":1}")"));
}

TEST_CASE("provision: a record that no stream takes is a failure", "[rabbitmq][api]") {
  const ScriptedServer server(answer(200, R"({"routed":false})"));
  auto api = api_of(server);
  const auto plan = plan_of(VhostRequest{"v", {}, {}, {}, {}, {}, {}, false}, {});
  const auto done = carry_out(api, plan, plan.steps.back(), "");
  REQUIRE_FALSE(done);
  CHECK(done.error().kind == Kind::not_found);
}
