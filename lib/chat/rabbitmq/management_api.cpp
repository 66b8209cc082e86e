#include "chat/rabbitmq/management_api.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

using nlohmann::json;
using Kind = ApiFailure::Kind;

/// "/api/queues/a%2Fb/c" of {"queues", "a/b", "c"}.
std::string path_of(std::initializer_list<std::string_view> segments) {
  std::string path = "/api";
  for (const auto segment : segments) path += "/" + base::percent_encode(segment);
  return path;
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::optional<std::uint64_t> count_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

/// A list of strings; RabbitMQ writes some as one string with commas.
std::vector<std::string> texts_at(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const auto& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

Arguments arguments_at(const json& object, const char* key) {
  Arguments arguments;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return arguments;
  for (const auto& [name, value] : found->items()) {
    if (value.is_boolean()) {
      arguments.emplace_back(name, value.get<bool>());
    } else if (value.is_number_integer()) {
      arguments.emplace_back(name, value.get<std::int64_t>());
    } else if (value.is_string()) {
      arguments.emplace_back(name, value.get<std::string>());
    } else {
      arguments.emplace_back(name, value.dump(-1, ' ', false, json::error_handler_t::replace));
    }
  }
  return arguments;
}

json json_of(const Arguments& arguments) {
  json object = json::object();
  for (const auto& [name, value] : arguments) {
    std::visit([&object, &name = name](const auto& held) { object[name] = held; }, value);
  }
  return object;
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

VhostInfo vhost_of(const json& object) {
  VhostInfo vhost;
  vhost.name = text_at(object, "name");
  vhost.description = text_at(object, "description");
  vhost.tags = texts_at(object, "tags");
  vhost.default_queue_type = text_at(object, "default_queue_type");
  if (vhost.default_queue_type == "undefined") vhost.default_queue_type.clear();
  vhost.messages = count_at(object, "messages");
  return vhost;
}

QueueInfo queue_of(const json& object) {
  QueueInfo queue;
  queue.name = text_at(object, "name");
  queue.type = text_at(object, "type");
  queue.durable = flag_at(object, "durable");
  queue.exclusive = flag_at(object, "exclusive");
  queue.arguments = arguments_at(object, "arguments");
  queue.policy = text_at(object, "policy");
  queue.operator_policy = text_at(object, "operator_policy");
  queue.by_policy = arguments_at(object, "effective_policy_definition");
  queue.messages = count_at(object, "messages");
  queue.ready = count_at(object, "messages_ready");
  queue.unacknowledged = count_at(object, "messages_unacknowledged");
  queue.consumers = count_at(object, "consumers");
  queue.leader = text_at(object, "leader");
  if (queue.leader.empty()) queue.leader = text_at(object, "node");
  queue.members = texts_at(object, "members");
  queue.online = texts_at(object, "online");
  return queue;
}

ExchangeInfo exchange_of(const json& object) {
  ExchangeInfo exchange;
  exchange.vhost = text_at(object, "vhost");
  exchange.name = text_at(object, "name");
  exchange.type = text_at(object, "type");
  exchange.durable = flag_at(object, "durable");
  exchange.auto_delete = flag_at(object, "auto_delete");
  exchange.internal = flag_at(object, "internal");
  exchange.arguments = arguments_at(object, "arguments");
  exchange.policy = text_at(object, "policy");
  return exchange;
}

BindingInfo binding_of(const json& object) {
  BindingInfo binding;
  binding.destination = text_at(object, "destination");
  binding.key = text_at(object, "routing_key");
  binding.is_to_queue = text_at(object, "destination_type") == "queue";
  return binding;
}

PolicyInfo policy_of(const json& object) {
  PolicyInfo policy;
  policy.name = text_at(object, "name");
  policy.pattern = text_at(object, "pattern");
  policy.apply_to = text_at(object, "apply-to");
  const auto priority = object.find("priority");
  if (priority != object.end() && priority->is_number_integer()) {
    policy.priority = priority->get<std::int64_t>();
  }
  policy.definition = arguments_at(object, "definition");
  return policy;
}

NodeInfo node_of(const json& object) {
  NodeInfo node;
  node.name = text_at(object, "name");
  node.running = flag_at(object, "running");
  node.memory_alarm = flag_at(object, "mem_alarm");
  node.disk_alarm = flag_at(object, "disk_free_alarm");
  node.memory_used = count_at(object, "mem_used").value_or(0);
  node.memory_limit = count_at(object, "mem_limit").value_or(0);
  node.disk_free = count_at(object, "disk_free").value_or(0);
  node.files_used = count_at(object, "fd_used").value_or(0);
  node.files_most = count_at(object, "fd_total").value_or(0);
  node.partitions = texts_at(object, "partitions");
  return node;
}

/// The answer's JSON; a discarded value when it is not JSON, or not of that type.
json parsed(const std::string& body, json::value_t type) {
  auto value = json::parse(body, nullptr, false);
  return value.type() == type ? value : json(json::value_t::discarded);
}

/// A list of objects, each by `read`; nullopt when it is not one.
template <class Read>
auto list_of(const std::string& body, Read read)
    -> std::optional<std::vector<std::invoke_result_t<Read, const json&>>> {
  const auto list = parsed(body, json::value_t::array);
  if (list.is_discarded()) return std::nullopt;
  std::vector<std::invoke_result_t<Read, const json&>> all;
  for (const auto& item : list) {
    if (!item.is_object()) return std::nullopt;
    all.push_back(read(item));
  }
  return all;
}

/// What RabbitMQ says is wrong: "reason", or "error"; empty when the body is no such object.
std::string reason_in(const std::string& body) {
  const auto object = parsed(body, json::value_t::object);
  if (object.is_discarded()) return {};
  auto reason = text_at(object, "reason");
  if (reason.empty()) reason = text_at(object, "error");
  if (reason.empty() && object.contains("reason")) reason = dumped(object["reason"]);
  std::string line;
  for (const char c : reason) {
    if (c != '\n') line += c;
    if (c == '\n' && !line.empty() && line.back() != ' ') line += ' ';
  }
  return base::escape_for_log(line);
}

ApiFailure from(http::HttpFailure failure) {
  const bool is_other = failure.kind == http::HttpFailure::Kind::not_http;
  const auto kind = failure.kind == http::HttpFailure::Kind::timed_out ? Kind::timed_out
                    : is_other                                         ? Kind::not_rabbitmq
                                                                       : Kind::unreachable;
  return {kind, std::move(failure.text)};
}

}  // namespace

ManagementApi::ManagementApi(http::HttpTarget target)
    : where_(describe(target.url)),
      user_(base::escape_for_log(target.url.user)),
      http_(std::move(target)) {}

ApiFailure ManagementApi::unreadable() const {
  return {Kind::not_rabbitmq,
          "the answer of " + where_ + " cannot be read as RabbitMQ's; is it the management API?"};
}

ApiFailure ManagementApi::refusal(const http::HttpAnswer& answer, const std::string& path) const {
  const auto reason = reason_in(answer.body);
  const auto status = "HTTP " + std::to_string(answer.status);
  const auto said = reason.empty() ? status : status + ", \"" + reason + "\"";
  if (answer.status >= 500) return {Kind::server, "RabbitMQ at " + where_ + " failed: " + said};
  if (answer.status == 401 || answer.status == 403) {
    if (reason == "Access refused.") {
      return {Kind::forbidden, "the user \"" + user_ +
                                   "\" has no permissions in this vhost that allow it; see "
                                   "rabbitmqctl set_permissions (" +
                                   said + " for " + path + ")"};
    }
    if (reason.rfind("Not ", 0) == 0 || answer.status == 403) {
      return {Kind::forbidden, "the user \"" + user_ + "\" may not do that: " + said +
                                   "; it needs the tag administrator (rabbitmqctl set_user_tags), "
                                   "or monitoring to look only"};
    }
    return {Kind::credentials, "the user \"" + user_ + "\" or its password is not taken at " +
                                   where_ + ": " + said + "; see --password-file"};
  }
  if (answer.status == 404 && !reason.empty()) return {Kind::not_found, path + " is not there"};
  if (answer.status < 400 || reason.empty()) {
    return {Kind::not_rabbitmq,
            where_ + " is not RabbitMQ's management API: " + status + " for " + path};
  }
  return {Kind::rejected, "RabbitMQ refused " + path + ": " + said};
}

ApiResult<http::HttpAnswer> ManagementApi::call(const std::string& method, const std::string& path,
                                                const std::string& body) {
  auto answer = http_.call(method, path, body);
  if (!answer) return tl::unexpected(from(std::move(answer.error())));
  if (answer->status < 200 || answer->status > 299) return tl::unexpected(refusal(*answer, path));
  return std::move(*answer);
}

ApiResult<void> ManagementApi::change(const std::string& method, const std::string& path,
                                      const std::string& body) {
  auto answer = call(method, path, body);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

ApiResult<Overview> ManagementApi::overview() {
  const auto answer = call("GET", path_of({"overview"}));
  if (!answer && answer.error().kind == Kind::not_found) return tl::unexpected(unreadable());
  if (!answer) return tl::unexpected(answer.error());
  const auto object = parsed(answer->body, json::value_t::object);
  if (object.is_discarded() || text_at(object, "rabbitmq_version").empty()) {
    return tl::unexpected(unreadable());
  }
  return Overview{text_at(object, "rabbitmq_version"), text_at(object, "cluster_name"),
                  text_at(object, "erlang_version")};
}

ApiResult<std::vector<NodeInfo>> ManagementApi::nodes() {
  const auto answer = call("GET", "/api/nodes");
  if (!answer) return tl::unexpected(answer.error());
  auto nodes = list_of(answer->body, node_of);
  if (!nodes) return tl::unexpected(unreadable());
  return std::move(*nodes);
}

ApiResult<std::vector<VhostInfo>> ManagementApi::vhosts() {
  const auto answer = call("GET", "/api/vhosts");
  if (!answer) return tl::unexpected(answer.error());
  auto vhosts = list_of(answer->body, vhost_of);
  if (!vhosts) return tl::unexpected(unreadable());
  return std::move(*vhosts);
}

ApiResult<std::vector<ExchangeInfo>> ManagementApi::exchanges() {
  const auto answer = call("GET", "/api/exchanges?columns=vhost,name,type,durable");
  if (!answer) return tl::unexpected(answer.error());
  auto exchanges = list_of(answer->body, exchange_of);
  if (!exchanges) return tl::unexpected(unreadable());
  return std::move(*exchanges);
}

ApiResult<std::optional<VhostInfo>> ManagementApi::vhost(const std::string& name) {
  const auto answer = call("GET", path_of({"vhosts", name}));
  if (!answer && answer.error().kind == Kind::not_found) return std::nullopt;
  if (!answer) return tl::unexpected(answer.error());
  const auto object = parsed(answer->body, json::value_t::object);
  if (object.is_discarded()) return tl::unexpected(unreadable());
  return vhost_of(object);
}

ApiResult<void> ManagementApi::put_vhost(const VhostInfo& vhost) {
  // What is left out here is wiped by RabbitMQ, so all of it is told.
  std::string tags;
  for (const auto& tag : vhost.tags) tags += (tags.empty() ? "" : ",") + tag;
  json body = {{"description", vhost.description}, {"tags", tags}};
  if (!vhost.default_queue_type.empty()) body["default_queue_type"] = vhost.default_queue_type;
  return change("PUT", path_of({"vhosts", vhost.name}), dumped(body));
}

ApiResult<void> ManagementApi::remove_vhost(const std::string& name) {
  return change("DELETE", path_of({"vhosts", name}));
}

ApiResult<std::vector<QueueInfo>> ManagementApi::queues(const std::string& vhost) {
  const auto answer =
      call("GET", path_of({"queues", vhost}) +
                      "?columns=name,type,durable,exclusive,arguments,policy,operator_policy,"
                      "effective_policy_definition,messages,messages_ready,"
                      "messages_unacknowledged,consumers,node,leader,members,online");
  if (!answer) return tl::unexpected(answer.error());
  auto queues = list_of(answer->body, queue_of);
  if (!queues) return tl::unexpected(unreadable());
  return std::move(*queues);
}

ApiResult<void> ManagementApi::put_queue(const std::string& vhost, const QueueSpec& queue) {
  const json body = {{"durable", queue.durable},
                     {"auto_delete", queue.auto_delete},
                     {"arguments", json_of(queue.arguments)}};
  return change("PUT", path_of({"queues", vhost, queue.name}), dumped(body));
}

ApiResult<std::vector<ExchangeInfo>> ManagementApi::exchanges(const std::string& vhost) {
  const auto answer = call("GET", path_of({"exchanges", vhost}));
  if (!answer) return tl::unexpected(answer.error());
  auto exchanges = list_of(answer->body, exchange_of);
  if (!exchanges) return tl::unexpected(unreadable());
  return std::move(*exchanges);
}

ApiResult<void> ManagementApi::put_exchange(const std::string& vhost,
                                            const ExchangeSpec& exchange) {
  const json body = {{"type", exchange.type},
                     {"durable", exchange.durable},
                     {"auto_delete", false},
                     {"internal", false},
                     {"arguments", json::object()}};
  return change("PUT", path_of({"exchanges", vhost, exchange.name}), dumped(body));
}

ApiResult<std::vector<BindingInfo>> ManagementApi::bindings(const std::string& vhost,
                                                            const std::string& exchange) {
  const auto answer = call("GET", path_of({"exchanges", vhost, exchange, "bindings", "source"}) +
                                      "?columns=destination,destination_type,routing_key");
  if (!answer && answer.error().kind == Kind::not_found) return std::vector<BindingInfo>{};
  if (!answer) return tl::unexpected(answer.error());
  auto bindings = list_of(answer->body, binding_of);
  if (!bindings) return tl::unexpected(unreadable());
  return std::move(*bindings);
}

ApiResult<std::vector<PolicyInfo>> ManagementApi::policies(const std::string& vhost) {
  const auto answer = call("GET", path_of({"policies", vhost}));
  if (!answer) return tl::unexpected(answer.error());
  auto policies = list_of(answer->body, policy_of);
  if (!policies) return tl::unexpected(unreadable());
  return std::move(*policies);
}

ApiResult<std::vector<PolicyInfo>> ManagementApi::operator_policies(const std::string& vhost) {
  const auto answer = call("GET", path_of({"operator-policies", vhost}));
  if (!answer) return tl::unexpected(answer.error());
  auto policies = list_of(answer->body, policy_of);
  if (!policies) return tl::unexpected(unreadable());
  return std::move(*policies);
}

ApiResult<void> ManagementApi::put_policy(const std::string& vhost, const PolicyInfo& policy) {
  const json body = {{"pattern", policy.pattern},
                     {"apply-to", policy.apply_to},
                     {"priority", policy.priority},
                     {"definition", json_of(policy.definition)}};
  return change("PUT", path_of({"policies", vhost, policy.name}), dumped(body));
}

ApiResult<VhostLimits> ManagementApi::limits(const std::string& vhost) {
  const auto answer = call("GET", path_of({"vhost-limits", vhost}));
  if (!answer) return tl::unexpected(answer.error());
  const auto entries = parsed(answer->body, json::value_t::array);
  if (entries.is_discarded()) return tl::unexpected(unreadable());
  VhostLimits limits;
  for (const auto& entry : entries) {
    if (!entry.is_object() || !entry.contains("value") || !entry["value"].is_object()) continue;
    for (const auto& [name, value] : entry["value"].items()) {
      if (value.is_number_integer()) limits.emplace_back(name, value.get<std::int64_t>());
    }
  }
  return limits;
}

ApiResult<void> ManagementApi::put_limit(const std::string& vhost, const std::string& name,
                                         std::int64_t value) {
  return change("PUT", path_of({"vhost-limits", vhost, name}), dumped({{"value", value}}));
}

ApiResult<void> ManagementApi::remove_limit(const std::string& vhost, const std::string& name) {
  return change("DELETE", path_of({"vhost-limits", vhost, name}));
}

ApiResult<bool> ManagementApi::has_user(const std::string& name) {
  const auto answer = call("GET", path_of({"users", name}));
  if (!answer && answer.error().kind == Kind::not_found) return false;
  if (!answer) return tl::unexpected(answer.error());
  return true;
}

ApiResult<void> ManagementApi::put_user(const std::string& name, const std::string& password) {
  auto done =
      change("PUT", path_of({"users", name}), dumped({{"password", password}, {"tags", ""}}));
  // RabbitMQ may quote what it does not take.
  if (!done && done.error().text.find(password) != std::string::npos) {
    done.error().text = "RabbitMQ refused to make the user";
  }
  return done;
}

ApiResult<std::optional<Permissions>> ManagementApi::permissions(const std::string& vhost,
                                                                 const std::string& user) {
  const auto answer = call("GET", path_of({"permissions", vhost, user}));
  if (!answer && answer.error().kind == Kind::not_found) return std::nullopt;
  if (!answer) return tl::unexpected(answer.error());
  const auto object = parsed(answer->body, json::value_t::object);
  if (object.is_discarded()) return tl::unexpected(unreadable());
  return Permissions{text_at(object, "configure"), text_at(object, "write"),
                     text_at(object, "read")};
}

ApiResult<void> ManagementApi::put_permissions(const std::string& vhost, const std::string& user,
                                               const Permissions& permissions) {
  const json body = {{"configure", permissions.configure},
                     {"write", permissions.write},
                     {"read", permissions.read}};
  return change("PUT", path_of({"permissions", vhost, user}), dumped(body));
}

ApiResult<bool> ManagementApi::publish(const std::string& vhost, const std::string& queue,
                                       const std::string& body) {
  const json request = {{"properties", {{"delivery_mode", 2}}},
                        {"routing_key", queue},
                        {"payload", body},
                        {"payload_encoding", "string"}};
  const auto answer =
      call("POST", path_of({"exchanges", vhost, "amq.default", "publish"}), dumped(request));
  if (!answer) return tl::unexpected(answer.error());
  const auto object = parsed(answer->body, json::value_t::object);
  if (object.is_discarded()) return tl::unexpected(unreadable());
  return flag_at(object, "routed");
}

}  // namespace chat::rabbitmq
