#include "chat/rabbitmq/admin.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace chat::rabbitmq;
using Kind = Step::Kind;
using State = Step::State;

namespace {

QueueInfo stream(const std::string& name, std::uint64_t messages = 0) {
  QueueInfo queue;
  queue.name = name;
  queue.type = "stream";
  queue.durable = true;
  queue.arguments = stream_spec(name, "", 0).arguments;
  queue.messages = messages;
  return queue;
}

VhostRequest asking() {
  VhostRequest request;
  request.vhost = "asgi";
  return request;
}

/// As `chat vhost create` leaves it.
VhostFound made(std::size_t partitions) {
  VhostFound found;
  found.vhost = VhostInfo{};
  found.vhost->name = "asgi";
  found.vhost->tags = {"chat-partitions-" + std::to_string(partitions)};
  for (std::size_t i = 0; i < partitions; ++i) found.queues.push_back(stream(partition_stream(i)));
  found.queues.push_back(stream(kMetaStream, 1));
  found.exchanges = {{"asgi", kSignalExchange, "direct", true, false, false}};
  found.policies = {{kLogPolicy, "^chat\\.log\\.", "queues", 0, {{"max-age", std::string("7D")}}}};
  found.limits = {{"max-queues", 1024}, {"max-connections", 1024}};
  return found;
}

QueueInfo& queue_in(VhostFound& found, const std::string& name) {
  return *std::find_if(found.queues.begin(), found.queues.end(),
                       [&name](const QueueInfo& queue) { return queue.name == name; });
}

void lose(VhostFound& found, const std::string& name) {
  found.queues.erase(found.queues.begin() + (&queue_in(found, name) - found.queues.data()));
}

const Step& step_in(const Plan& plan, Kind kind, const std::string& name) {
  for (const auto& step : plan.steps) {
    if (step.kind == kind && step.name == name) return step;
  }
  FAIL("no step for " << name);
  return plan.steps.front();
}

/// Names of what is not unchanged.
std::vector<std::string> open_in(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& step : plan.steps) {
    if (step.state != State::unchanged) names.push_back(step.name);
  }
  return names;
}

}  // namespace

TEST_CASE("admin: of nothing everything is missing, the record comes last", "[rabbitmq][admin]") {
  const auto plan = plan_of(asking(), {});
  CHECK(plan.partitions == 16);
  CHECK(plan.open_steps() == plan.steps.size());
  CHECK(plan.steps.size() == 1 + 2 + 1 + 1 + 16 + 1 + 1);
  CHECK(plan.steps.front().kind == Kind::vhost);
  CHECK(plan.steps.back().kind == Kind::record);
  CHECK(plan.vhost.tags == std::vector<std::string>{"chat-partitions-16"});
  CHECK(plan.limits == VhostLimits{{"max-queues", 1024}, {"max-connections", 1024}});
}

TEST_CASE("admin: partitions are made from the highest down, chat.meta behind them",
          "[rabbitmq][admin]") {
  std::vector<std::string> names;
  for (const auto& step : plan_of(asking(), {}).steps) {
    if (step.kind == Kind::stream) names.push_back(step.name);
  }
  REQUIRE(names.size() == 17);
  CHECK(names.front() == "chat.log.15");
  CHECK(names[15] == "chat.log.00");
  CHECK(names.back() == "chat.meta");
}

TEST_CASE("admin: what was made is unchanged", "[rabbitmq][admin]") {
  CHECK(open_in(plan_of(asking(), made(16))).empty());
  auto request = asking();
  request.partitions = 16;
  request.max_age = "7D";
  request.max_bytes = 0;
  request.max_queues = 1024;
  CHECK(open_in(plan_of(request, made(16))).empty());
}

TEST_CASE("admin: begun and not finished, it goes on with the same number", "[rabbitmq][admin]") {
  auto found = made(32);
  lose(found, kMetaStream);
  for (std::size_t i = 0; i < 20; ++i) lose(found, partition_stream(i));
  found.limits.clear();
  const auto plan = plan_of(asking(), found);
  CHECK(plan.partitions == 32);
  CHECK_FALSE(plan.has_conflict());
  CHECK(step_in(plan, Kind::stream, "chat.log.00").state == State::missing);
  CHECK(step_in(plan, Kind::stream, "chat.log.31").state == State::unchanged);
  CHECK(step_in(plan, Kind::record, kMetaStream).state == State::missing);
  CHECK(step_in(plan, Kind::limit, "max-queues").state == State::missing);
}

TEST_CASE("admin: the number of partitions never changes", "[rabbitmq][admin]") {
  const std::size_t asked = GENERATE(1U, 15U, 17U, 256U);
  auto request = asking();
  request.partitions = asked;
  const auto plan = plan_of(request, made(16));
  CAPTURE(asked);
  CHECK(plan.partitions == 16);
  const auto& step = step_in(plan, Kind::vhost, "asgi");
  CHECK(step.state == State::conflict);
  CHECK_FALSE(step.way_out.empty());
  CHECK(open_in(plan) == std::vector<std::string>{"asgi"});
}

TEST_CASE("admin: without its tag, a record makes the streams that are there the number",
          "[rabbitmq][admin]") {
  auto found = made(8);
  found.vhost->tags = {"other"};
  found.vhost->description = "kept";
  auto plan = plan_of(asking(), found);
  CHECK(plan.partitions == 8);
  CHECK(open_in(plan) == std::vector<std::string>{"asgi"});
  CHECK(step_in(plan, Kind::vhost, "asgi").state == State::changes);
  CHECK(plan.vhost.tags == std::vector<std::string>{"other", "chat-partitions-8"});
  CHECK(plan.vhost.description == "kept");
  auto request = asking();
  request.partitions = 16;
  CHECK(plan_of(request, found).has_conflict());
}

TEST_CASE("admin: without tag and record nothing is settled, and nothing gets lost",
          "[rabbitmq][admin]") {
  auto found = made(20);
  found.vhost->tags.clear();
  lose(found, kMetaStream);
  CHECK(plan_of(asking(), found).partitions == 20);
  auto request = asking();
  request.partitions = 32;
  CHECK(plan_of(request, found).partitions == 32);
  CHECK_FALSE(plan_of(request, found).has_conflict());
  request.partitions = 19;
  CHECK(plan_of(request, found).has_conflict());
}

TEST_CASE("admin: a partition that is lost is missing, also the highest", "[rabbitmq][admin]") {
  const std::size_t lost = GENERATE(0U, 7U, 15U);
  auto found = made(16);
  lose(found, partition_stream(lost));
  const auto plan = plan_of(asking(), found);
  CHECK(open_in(plan) == std::vector<std::string>{partition_stream(lost)});
  CHECK_FALSE(plan.has_conflict());
}

TEST_CASE("admin: a partition too many is a conflict", "[rabbitmq][admin]") {
  auto found = made(4);
  found.queues.push_back(stream("chat.log.04"));
  const auto plan = plan_of(asking(), found);
  CHECK(step_in(plan, Kind::stream, "chat.log.04").state == State::conflict);
  CHECK(open_in(plan) == std::vector<std::string>{"chat.log.04"});
}

TEST_CASE("admin: a queue of another type or with other arguments is a conflict",
          "[rabbitmq][admin]") {
  auto found = made(4);
  auto& queue = queue_in(found, "chat.log.02");
  SECTION("a classic queue") { queue.type = "classic"; }
  SECTION("another segment size") {
    for (auto& [name, value] : queue.arguments) {
      if (name == "x-stream-max-segment-size-bytes") value = std::int64_t{1'000'000};
    }
  }
  SECTION("no segment size") { queue.arguments = {{"x-queue-type", std::string("stream")}}; }
  SECTION("another policy wins") { queue.policy = "everything"; }
  const auto plan = plan_of(asking(), found);
  CHECK(open_in(plan) == std::vector<std::string>{"chat.log.02"});
  const auto& step = step_in(plan, Kind::stream, "chat.log.02");
  CHECK(step.state == State::conflict);
  CHECK_FALSE(step.detail.empty());
  CHECK_FALSE(step.way_out.empty());
}

TEST_CASE("admin: a node's own retention is told, and left", "[rabbitmq][admin]") {
  auto found = made(4);
  queue_in(found, "chat.log.01").arguments = partition_spec(1).arguments;
  const auto plan = plan_of(asking(), found);
  CHECK(open_in(plan).empty());
  CHECK_THAT(step_in(plan, Kind::stream, "chat.log.01").detail,
             Catch::Contains("x-max-age=7D") && Catch::Contains("smaller"));
}

TEST_CASE("admin: retention that would forget the record is a conflict", "[rabbitmq][admin]") {
  auto found = made(4);
  queue_in(found, kMetaStream).arguments = stream_spec(kMetaStream, "7D", 0).arguments;
  CHECK(step_in(plan_of(asking(), found), Kind::stream, kMetaStream).state == State::conflict);
}

TEST_CASE("admin: an exchange of another kind is a conflict", "[rabbitmq][admin]") {
  auto found = made(4);
  auto& exchange = found.exchanges.front();
  SECTION("type") { exchange.type = "topic"; }
  SECTION("durable") { exchange.durable = false; }
  SECTION("auto-delete") { exchange.auto_delete = true; }
  SECTION("internal") { exchange.internal = true; }
  const auto plan = plan_of(asking(), found);
  CHECK(step_in(plan, Kind::exchange, kSignalExchange).state == State::conflict);
}

TEST_CASE("admin: the record is written when there is none", "[rabbitmq][admin]") {
  auto found = made(4);
  SECTION("counted, and empty") { queue_in(found, kMetaStream).messages = 0; }
  SECTION("not counted in time") { queue_in(found, kMetaStream).messages = std::nullopt; }
  const auto plan = plan_of(asking(), found);
  const auto& step = step_in(plan, Kind::record, kMetaStream);
  CHECK(step.state == State::missing);
  CHECK(step.detail == R"({"format":1,"partitions":4})");
}

TEST_CASE("admin: retention is kept as it is found, unless it is asked for otherwise",
          "[rabbitmq][admin]") {
  auto found = made(4);
  auto& definition = found.policies.front().definition;
  definition = {{"max-age", std::string("30D")}, {"queue-leader-locator", std::string("balanced")}};
  CHECK(open_in(plan_of(asking(), found)).empty());
  auto request = asking();
  request.max_bytes = 1000;
  auto plan = plan_of(request, found);
  CHECK(step_in(plan, Kind::policy, kLogPolicy).state == State::changes);
  CHECK(plan.policy.definition == Arguments{{"max-age", std::string("30D")},
                                            {"queue-leader-locator", std::string("balanced")},
                                            {"max-length-bytes", std::int64_t{1000}}});
  request.max_age = "1D";
  CHECK_THAT(step_in(plan_of(request, found), Kind::policy, kLogPolicy).detail,
             Catch::Contains("30D → 1D"));
}

TEST_CASE("admin: no bound at all is said, so that a lost policy is seen", "[rabbitmq][admin]") {
  auto request = asking();
  request.max_age = "";
  auto found = made(4);
  const auto plan = plan_of(request, found);
  CHECK(plan.policy.definition == Arguments{{"max-age", std::string("100Y")}});
  found.policies = {plan.policy};
  CHECK(open_in(plan_of(request, found)).empty());
  CHECK(open_in(plan_of(asking(), found)).empty());
  found.policies.clear();
  CHECK(open_in(plan_of(asking(), found)) == std::vector<std::string>{kLogPolicy});
}

TEST_CASE("admin: a policy for other names is set right", "[rabbitmq][admin]") {
  auto found = made(4);
  found.policies.front().pattern = "^nothing$";
  const auto plan = plan_of(asking(), found);
  CHECK(step_in(plan, Kind::policy, kLogPolicy).state == State::changes);
  CHECK(plan.policy.pattern == "^chat\\.log\\.");
}

TEST_CASE("admin: limits of a vhost that was there are not set unasked", "[rabbitmq][admin]") {
  auto found = made(4);
  found.limits.clear();
  CHECK(open_in(plan_of(asking(), found)).empty());
  auto request = asking();
  request.max_queues = 100;
  CHECK(step_in(plan_of(request, found), Kind::limit, "max-queues").state == State::missing);
  found.limits = {{"max-queues", 100}};
  request.max_queues = 0;
  const auto plan = plan_of(request, found);
  CHECK(step_in(plan, Kind::limit, "max-queues").state == State::changes);
  CHECK(plan.limits.front().second == -1);
  request.max_queues = 5;
  CHECK(step_in(plan_of(request, found), Kind::limit, "max-queues").state == State::conflict);
}

TEST_CASE("admin: a user that is missing is made only when asked", "[rabbitmq][admin]") {
  auto request = asking();
  request.user = "chat";
  auto plan = plan_of(request, made(4));
  CHECK(step_in(plan, Kind::user, "chat").state == State::conflict);
  request.create_user = true;
  plan = plan_of(request, made(4));
  CHECK(step_in(plan, Kind::user, "chat").state == State::missing);
  CHECK(step_in(plan, Kind::permissions, "chat").state == State::missing);
}

TEST_CASE("admin: a user's permissions become the least", "[rabbitmq][admin]") {
  auto request = asking();
  request.user = "chat";
  auto found = made(4);
  found.has_user = true;
  found.permissions = serve_permissions();
  CHECK(open_in(plan_of(request, found)).empty());
  found.permissions = Permissions{".*", ".*", ".*"};
  const auto plan = plan_of(request, found);
  CHECK(step_in(plan, Kind::permissions, "chat").state == State::changes);
  CHECK(step_in(plan, Kind::user, "chat").state == State::unchanged);
}

TEST_CASE("admin: a tag is a number of partitions or nothing", "[rabbitmq][admin]") {
  VhostInfo vhost;
  for (const std::string tag : {"", "chat-partitions-", "chat-partitions-0", "chat-partitions-257",
                                "chat-partitions-1x", "xchat-partitions-1"}) {
    CAPTURE(tag);
    vhost.tags = {tag};
    CHECK_FALSE(partitions_told(vhost));
  }
  vhost.tags = {"a", "chat-partitions-256"};
  CHECK(partitions_told(vhost) == 256);
}

TEST_CASE("admin: what strangers wrote is escaped", "[rabbitmq][admin]") {
  auto found = made(4);
  queue_in(found, "chat.log.00").type = "x\x1b[2J";
  found.exchanges.front().type = "y\n";
  found.policies.front().pattern = "^a\\.\x1b";
  for (const auto& step : plan_of(asking(), found).steps) {
    CHECK(step.detail.find('\x1b') == std::string::npos);
    CHECK(step.detail.find('\n') == std::string::npos);
  }
}
