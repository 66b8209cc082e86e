#include "chat/rabbitmq/channels_check.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "chat/rabbitmq/provision.hpp"
#include "support/scripted_server.hpp"

using namespace chat::rabbitmq;
using chat::tests::ScriptedServer;
using Result = Finding::Result;

namespace {

/// What RabbitMQ 3.10.8 answered, without what is not read: a vhost that a node of
/// channels_rabbitmq and one of ours use.
using Answers = std::map<std::string, std::string>;
Answers recorded() {
  return {
      {"/api/vhosts/asgi",
       R"({"cluster_state":{"rabbit@a":"running"},"default_queue_type":)"
       R"("undefined","description":"","metadata":{"description":"","tags":[]},)"
       R"("name":"asgi","tags":[],"tracing":false})"},
      {"/api/exchanges/asgi",
       R"([{"arguments":{},"auto_delete":false,"durable":true,"internal":false,"name":"",)"
       R"("type":"direct","user_who_performed_action":"guest","vhost":"asgi"},)"
       R"({"arguments":{},"auto_delete":false,"durable":false,"internal":false,"name":"groups",)"
       R"("type":"direct","user_who_performed_action":"guest","vhost":"asgi"}])"},
      {"/api/queues/asgi",
       R"([{"arguments":{"x-max-length":100,"x-message-ttl":60000,"x-overflow":"reject-publish"},)"
       R"("consumers":1,"durable":false,"effective_policy_definition":{},"exclusive":true,)"
       R"("messages":13,"messages_ready":3,"messages_unacknowledged":10,)"
       R"("name":"channels_abcdefghijkl","node":"rabbit@a","operator_policy":null,"policy":null,)"
       R"("type":"classic"},{"arguments":{"x-max-length":1000,"x-overflow":"drop-head"},)"
       R"("consumers":1,"durable":false,"effective_policy_definition":[],"exclusive":true,)"
       R"("messages":0,"messages_ready":0,"messages_unacknowledged":0,"name":"chat.channels.n1",)"
       R"("node":"rabbit@a","operator_policy":null,"policy":null,"type":"classic"}])"},
      {"/api/policies/asgi", "[]"},
      {"/api/operator-policies/asgi", "[]"},
      {"/api/vhost-limits/asgi", "[]"},
      {"/api/nodes",
       R"([{"partitions":[],"fd_total":20000,"mem_limit":10110600806,"mem_alarm":false,)"
       R"("disk_free_alarm":false,"name":"rabbit@a","running":true,"mem_used":142028800}])"},
      {"/api/users/guest", R"({"name":"guest","tags":["administrator"],"limits":{}})"},
      {"/api/permissions/asgi/guest",
       R"({"user":"guest","vhost":"asgi","configure":".*","write":".*","read":".*"})"},
      {"/api/exchanges/asgi/groups/bindings/source",
       R"([{"destination":"channels_abcdefghijkl","destination_type":"queue","routing_key":)"
       R"("chat_qq"},{"destination":"channels_abcdefghijkl","destination_type":"queue",)"
       R"("routing_key":"chat_lobby"},{"destination":"chat.channels.n1","destination_type":)"
       R"("queue","routing_key":"chat_qq"}])"},
  };
}

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<Finding> findings_with(const Answers& answers) {
  const ScriptedServer server([&answers](const std::string& request) {
    const auto begin = request.find(' ') + 1;
    const auto path = request.substr(begin, request.find_first_of("? ", begin) - begin);
    const auto found = answers.find(path);
    return found != answers.end()
               ? http(200, found->second)
               : http(404, R"({"error":"Object Not Found","reason":"Not Found"})");
  });
  chat::http::HttpTarget target;
  target.url = {false, "127.0.0.1", server.port(), "guest"};
  ManagementApi api(std::move(target));
  const auto found = read_layer(api, {"3.10.8", "rabbit@a", "25.2.3"}, "asgi", "guest", [] {});
  REQUIRE(found);
  REQUIRE(found->vhost);
  return findings_of(*found, "guest");
}

/// The recorded answers with one text in one of them replaced.
Answers changed(const std::string& path, const std::string& was, const std::string& is) {
  auto answers = recorded();
  auto& text = answers.at(path);
  const auto at = text.find(was);
  REQUIRE(at != std::string::npos);
  text.replace(at, was.size(), is);
  return answers;
}

Answers with(const std::string& path, const std::string& body) {
  auto answers = recorded();
  answers[path] = body;
  return answers;
}

const Finding& finding_in(const std::vector<Finding>& findings, const std::string& object,
                          const std::string& name) {
  for (const auto& finding : findings) {
    if (finding.object == object && finding.name == name) return finding;
  }
  FAIL("nothing is said of " << object << " " << name);
  return findings.front();
}

/// Objects and names of what is not as it should be.
std::vector<std::string> bad_in(const std::vector<Finding>& findings) {
  std::vector<std::string> bad;
  for (const auto& finding : findings) {
    if (finding.is_good()) continue;
    bad.push_back(finding.object + " " + finding.name);
    CHECK_FALSE(finding.detail.empty());
    CHECK_FALSE(finding.way_out.empty());
  }
  return bad;
}
using Names = std::vector<std::string>;

std::int64_t fact(const Finding& finding, const std::string& name) {
  for (const auto& [key, value] : finding.facts) {
    if (key == name) return std::get<std::int64_t>(value);
  }
  FAIL("no fact " << name);
  return 0;
}

const std::string kGroups = R"("durable":false,"internal":false,"name":"groups","type":"direct")";

}  // namespace

TEST_CASE("channels_check: where both kinds of node run well, nothing is wrong",
          "[rabbitmq][admin]") {
  const auto findings = findings_with(recorded());
  CHECK(bad_in(findings).empty());
  CHECK(finding_in(findings, "rabbitmq", "rabbit@a").detail == "RabbitMQ 3.10.8, Erlang 25.2.3");
  CHECK(fact(finding_in(findings, "queues", "channels_*"), "count") == 1);
  CHECK(fact(finding_in(findings, "queues", "chat.channels.*"), "count") == 1);
  const auto& queue = finding_in(findings, "queue", "channels_abcdefghijkl");
  CHECK(queue.detail ==
        "3 of 100 waiting, 10 not acknowledged, 1 consumer, 2 rooms; x-max-length 100, "
        "x-message-ttl 60000, x-overflow reject-publish");
  CHECK(fact(queue, "messages_ready") == 3);
  CHECK(fact(queue, "max_length") == 100);
  CHECK(fact(queue, "rooms") == 2);
}

TEST_CASE("channels_check: a vhost that no node has used yet is as it should be",
          "[rabbitmq][admin]") {
  auto answers = recorded();
  answers["/api/exchanges/asgi"] = "[]";
  answers["/api/queues/asgi"] = "[]";
  answers.erase("/api/exchanges/asgi/groups/bindings/source");
  const auto findings = findings_with(answers);
  CHECK(bad_in(findings).empty());
  CHECK(finding_in(findings, "exchange", "groups").result == Result::absent);
  CHECK(finding_in(findings, "queues", "channels_*").result == Result::absent);
}

TEST_CASE("channels_check: each way in which the exchange differs is named, with what it should be",
          "[rabbitmq][admin]") {
  const auto [is, detail] = GENERATE(table<std::string, std::string>({
      {R"("durable":true,"internal":false,"name":"groups","type":"direct")",
       "durable is true, should be false"},
      {R"("durable":false,"internal":true,"name":"groups","type":"direct")",
       "internal is true, should be false"},
      {R"("durable":false,"internal":false,"name":"groups","type":"fanout")",
       "type is fanout, should be direct"},
      {R"("durable":false,"internal":false,"name":"groups","type":"direct","auto_delete":true)",
       "auto-delete is true, should be false"},
      {R"("durable":true,"name":"groups","type":"direct","arguments":{"alternate-exchange":"x"})",
       "durable is true, should be false; argument alternate-exchange is x, should be none"},
  }));
  const auto findings = findings_with(changed("/api/exchanges/asgi", kGroups, is));
  CHECK(bad_in(findings) == Names{"exchange groups"});
  const auto& finding = finding_in(findings, "exchange", "groups");
  CHECK(finding.result == Result::conflict);
  CHECK(finding.detail == detail);
  CHECK_THAT(finding.way_out, Catch::Contains("406") && Catch::Contains("stop all nodes"));
}

TEST_CASE("channels_check: a queue that is full is told, whatever bounds it", "[rabbitmq][admin]") {
  auto answers = changed("/api/queues/asgi", R"("messages_ready":3)", R"("messages_ready":100)");
  const auto findings = findings_with(answers);
  CHECK(bad_in(findings) == Names{"queue channels_abcdefghijkl"});
  CHECK_THAT(finding_in(findings, "queue", "channels_abcdefghijkl").detail,
             Catch::StartsWith("full: ") && Catch::Contains("nacked") &&
                 Catch::Contains("100 of 100 waiting"));
  answers = changed("/api/queues/asgi", R"("effective_policy_definition":{})",
                    R"("effective_policy_definition":{"max-length":3})");
  CHECK(bad_in(findings_with(answers)) == Names{"queue channels_abcdefghijkl"});
  answers = changed("/api/queues/asgi", R"("messages_ready":0)", R"("messages_ready":1000)");
  CHECK_THAT(finding_in(findings_with(answers), "queue", "chat.channels.n1").detail,
             Catch::StartsWith("full: its oldest messages are dropped"));
}

TEST_CASE("channels_check: a queue from which nobody takes, or that no node made, is told",
          "[rabbitmq][admin]") {
  const auto [was, is, detail] = GENERATE(table<std::string, std::string, std::string>({
      {R"("consumers":1)", R"("consumers":0)", "nobody takes from it"},
      {R"("exclusive":true)", R"("exclusive":false)", "it is not exclusive"},
      {R"("x-max-length":100,)", "", "without x-max-length"},
      {R"("reject-publish")", R"("drop-head")",
       "x-overflow is drop-head, should be reject-publish"},
      {R"(,"x-overflow":"reject-publish")", "", "x-overflow is none"},
  }));
  const auto findings = findings_with(changed("/api/queues/asgi", was, is));
  CHECK(bad_in(findings) == Names{"queue channels_abcdefghijkl"});
  CHECK_THAT(finding_in(findings, "queue", "channels_abcdefghijkl").detail,
             Catch::StartsWith(detail));
}

TEST_CASE("channels_check: capacity and expiry are the Django settings' own, and told",
          "[rabbitmq][admin]") {
  const auto findings =
      findings_with(changed("/api/queues/asgi", R"("x-max-length":100)", R"("x-max-length":5000)"));
  CHECK(bad_in(findings).empty());
  CHECK_THAT(finding_in(findings, "queue", "channels_abcdefghijkl").detail,
             Catch::Contains("3 of 5000 waiting") && Catch::Contains("x-max-length 5000"));
}

TEST_CASE("channels_check: counts that RabbitMQ has not made are no difference",
          "[rabbitmq][admin]") {
  const auto findings = findings_with(
      with("/api/queues/asgi",
           R"([{"name":"channels_abcdefghijkl","exclusive":true,"arguments":{"x-max-length":100,)"
           R"("x-message-ttl":60000,"x-overflow":"reject-publish"}}])"));
  CHECK(bad_in(findings).empty());
  CHECK_THAT(finding_in(findings, "queue", "channels_abcdefghijkl").detail,
             Catch::Contains("? of 100 waiting, ? not acknowledged, ? consumers"));
}

TEST_CASE("channels_check: of a policy is told what it changes, and where", "[rabbitmq][admin]") {
  const auto [policy, detail] = GENERATE(table<std::string, std::string>({
      {R"("pattern":".*","apply-to":"all","definition":{"max-length":99})",
       "on channels_*: max-length 99; on chat.channels.*: max-length 99"},
      {R"("pattern":"^channels_","apply-to":"queues","definition":{"message-ttl":1000})",
       "on channels_*: message-ttl 1000"},
      {R"("pattern":"^channels_","apply-to":"classic_queues","definition":{"expires":60000})",
       "on channels_*: expires 60000"},
      {R"("pattern":"^channels_","apply-to":"queues","definition":{"dead-letter-exchange":"d"})",
       "on channels_*: dead-letter-exchange d"},
      {R"("pattern":"^chat\\.","apply-to":"queues","definition":{"max-length-bytes":9})",
       "on chat.channels.*: max-length-bytes 9"},
      {R"("pattern":"^g","apply-to":"exchanges","definition":{"alternate-exchange":"x","y":1})",
       "on groups: alternate-exchange x"},
  }));
  const auto answer = R"([{"vhost":"asgi","name":"p","priority":0,)" + policy + "}]";
  const auto findings = findings_with(with("/api/policies/asgi", answer));
  CHECK(bad_in(findings) == Names{"policy p"});
  CHECK(finding_in(findings, "policy", "p").detail == detail);
}

TEST_CASE(
    "channels_check: a policy that is about other names, or changes nothing, is no difference",
    "[rabbitmq][admin]") {
  const std::string policy = GENERATE(
      R"("pattern":"^chat\\.log\\.","apply-to":"queues","definition":{"max-age":"7D"})",
      R"("pattern":".*","apply-to":"streams","definition":{"max-length":1})",
      R"("pattern":"^channels_","apply-to":"queues","definition":{"max-length":100})",
      R"("pattern":"^channels_","apply-to":"queues","definition":{"overflow":"drop-head"})",
      R"("pattern":".*","apply-to":"queues","definition":{"queue-mode":"lazy"})",
      R"("pattern":"^channels_","apply-to":"exchanges","definition":{"alternate-exchange":"x"})");
  const auto answer = R"([{"vhost":"asgi","name":"p","priority":0,)" + policy + "}]";
  CHECK(bad_in(findings_with(with("/api/policies/asgi", answer))).empty());
}

TEST_CASE("channels_check: only the policy with the highest priority governs",
          "[rabbitmq][admin]") {
  const auto answer = [](int priority) {
    return R"([{"name":"low","pattern":".*","apply-to":"queues","priority":5,)"
           R"("definition":{"max-length":1}},{"name":"other","pattern":"^cha","apply-to":)"
           R"("queues","definition":{"queue-mode":"lazy"},"priority":)" +
           std::to_string(priority) + "}]";
  };
  CHECK(bad_in(findings_with(with("/api/policies/asgi", answer(6)))).empty());
  CHECK(bad_in(findings_with(with("/api/policies/asgi", answer(4)))) == Names{"policy low"});
}

TEST_CASE("channels_check: operator policies are told beside the others", "[rabbitmq][admin]") {
  const auto findings = findings_with(
      with("/api/operator-policies/asgi",
           R"([{"vhost":"asgi","name":"op","pattern":"^channels_","apply-to":"queues",)"
           R"("definition":{"expires":60000,"max-length":50},"priority":0}])"));
  CHECK(bad_in(findings) == Names{"operator_policy op"});
  CHECK(finding_in(findings, "operator_policy", "op").detail ==
        "on channels_*: expires 60000, max-length 50");
}

TEST_CASE("channels_check: a pattern that is not understood here is told, unless RabbitMQ says",
          "[rabbitmq][admin]") {
  const std::string policy =
      R"([{"name":"p","pattern":"(?i)^CHANNELS_","apply-to":"queues","priority":0,)"
      R"("definition":{"max-length":9}}])";
  auto findings = findings_with(with("/api/policies/asgi", policy));
  CHECK(bad_in(findings) == Names{"policy p"});
  CHECK_THAT(finding_in(findings, "policy", "p").detail, Catch::Contains("cannot be told here"));
  auto answers = changed("/api/queues/asgi", R"("policy":null)", R"("policy":"p")");
  answers["/api/policies/asgi"] = policy;
  findings = findings_with(answers);
  CHECK(finding_in(findings, "policy", "p").detail == "on channels_*: max-length 9");
}

TEST_CASE("channels_check: a user is held against what a node does with the exchange and its queue",
          "[rabbitmq][admin]") {
  const auto [rights, detail] = GENERATE(table<std::string, std::string>({
      {R"("configure":"^chat\\.","write":".*","read":".*")", "may not: configure groups"},
      {R"("configure":".*","write":"^groups$","read":"")",
       "may not: write to chat.channels.*, read from groups, read from chat.channels.*"},
      {R"("configure":".*","write":"(?i)GROUPS|chat","read":".*")",
       "may not: write to groups (cannot be told here), write to chat.channels.* (cannot be told "
       "here)"},
  }));
  const auto findings = findings_with(
      with("/api/permissions/asgi/guest", R"({"user":"guest","vhost":"asgi",)" + rights + "}"));
  CHECK(bad_in(findings) == Names{"permissions guest"});
  CHECK(finding_in(findings, "permissions", "guest").detail == detail);
}

TEST_CASE("channels_check: the least rights are enough for us, and not for a node of Django's",
          "[rabbitmq][admin]") {
  CHECK(layer_permissions().configure == "^(groups$|chat\\.channels\\.)");
  const std::string least = R"(^(groups$|chat\\.channels\\.))";
  const auto findings = findings_with(with(
      "/api/permissions/asgi/guest",
      R"({"configure":")" + least + R"(","write":")" + least + R"(","read":")" + least + R"("})"));
  CHECK(bad_in(findings).empty());
  CHECK_THAT(finding_in(findings, "permissions", "guest").detail,
             Catch::EndsWith("a node of Django's needs another user"));
}

TEST_CASE("channels_check: a user that is missing, or has no rights there, is told",
          "[rabbitmq][admin]") {
  auto answers = recorded();
  answers.erase("/api/permissions/asgi/guest");
  auto findings = findings_with(answers);
  CHECK(bad_in(findings) == Names{"permissions guest"});
  CHECK(finding_in(findings, "permissions", "guest").result == Result::missing);
  answers.erase("/api/users/guest");
  CHECK(bad_in(findings_with(answers)) == Names{"user guest", "permissions guest"});
}

TEST_CASE("channels_check: alarms, nodes that are down and a limit that is reached are told",
          "[rabbitmq][admin]") {
  auto findings =
      findings_with(changed("/api/nodes", R"("mem_alarm":false)", R"("mem_alarm":true)"));
  CHECK(bad_in(findings) == Names{"node rabbit@a"});
  CHECK(finding_in(findings, "node", "rabbit@a").detail == "memory");
  findings = findings_with(changed("/api/nodes", R"("running":true)", R"("running":false)"));
  CHECK(bad_in(findings) == Names{"node rabbit@a"});
  const auto limit = [](int value) {
    return R"([{"vhost":"asgi","value":{"max-connections":9,"max-queues":)" +
           std::to_string(value) + "}}]";
  };
  CHECK(bad_in(findings_with(with("/api/vhost-limits/asgi", limit(3)))).empty());
  CHECK(bad_in(findings_with(with("/api/vhost-limits/asgi", limit(2)))) ==
        Names{"limit max-queues"});
}

TEST_CASE("channels_check: what RabbitMQ names is safe for a terminal", "[rabbitmq][admin]") {
  const auto findings = findings_with(changed(
      "/api/exchanges/asgi", kGroups,
      R"("durable":false,"name":"groups","type":"x\u001b[2J","arguments":{"a\u001b":"b\n"})"));
  const auto& detail = finding_in(findings, "exchange", "groups").detail;
  CHECK(detail.find('\x1b') == std::string::npos);
  CHECK(detail.find('\n') == std::string::npos);
}
