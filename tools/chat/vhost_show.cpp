#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "chat/base/text.hpp"
#include "help.hpp"
#include "json_text.hpp"
#include "vhost.hpp"

namespace chat::tools {
namespace {

using rabbitmq::NodeInfo;
using rabbitmq::QueueInfo;

struct ShowOptions {
  ApiOptions api;
  std::string vhost;
};

/// All that is shown of a vhost.
struct Shown {
  rabbitmq::Overview overview;
  rabbitmq::VhostInfo vhost;
  std::vector<QueueInfo> ours;
  std::size_t others = 0;  ///< further queues
  bool has_exchange = false;
  rabbitmq::VhostLimits limits;
  std::vector<rabbitmq::PolicyInfo> policies;
  std::optional<std::vector<NodeInfo>> nodes;  ///< nullopt: the user may not see them
};

std::string shown_count(const std::optional<std::uint64_t>& count) {
  return count ? std::to_string(*count) : "?";
}

std::string json_count(const std::optional<std::uint64_t>& count) {
  return count ? std::to_string(*count) : "null";
}

std::string json_texts(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ",") + json_text(text);
  return "[" + list + "]";
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string definition_text(const rabbitmq::PolicyInfo& policy, bool is_json) {
  std::string text;
  for (const auto& [name, value] : policy.definition) {
    std::string shown;
    if (const auto* number = std::get_if<std::int64_t>(&value)) shown = std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&value)) shown = *flag ? "true" : "false";
    if (const auto* word = std::get_if<std::string>(&value)) {
      shown = is_json ? json_text(*word) : base::escape_for_log(*word);
    }
    text += (text.empty() ? "" : is_json ? "," : ", ");
    text += is_json ? json_text(name) + ":" + shown : base::escape_for_log(name) + " " + shown;
  }
  return is_json ? "{" + text + "}" : text;
}

std::string queues_text(const Shown& shown) {
  std::vector<std::vector<std::string>> rows{
      {"QUEUE", "TYPE", "MESSAGES", "CONSUMERS", "REPLICAS", "LEADER", "POLICY"}};
  for (const auto& queue : shown.ours) {
    const auto replicas = queue.members.empty() ? std::string("-")
                                                : std::to_string(queue.online.size()) + "/" +
                                                      std::to_string(queue.members.size());
    rows.push_back({base::escape_for_log(queue.name), base::escape_for_log(queue.type),
                    shown_count(queue.messages), shown_count(queue.consumers), replicas,
                    base::escape_for_log(queue.leader),
                    queue.policy.empty() ? "-" : base::escape_for_log(queue.policy)});
  }
  return table_of(rows);
}

std::string nodes_text(const Shown& shown) {
  if (!shown.nodes) return "nodes: not told to this user; it needs the tag monitoring\n";
  std::vector<std::vector<std::string>> rows{
      {"NODE", "STATE", "MEMORY", "OF", "DISK FREE", "FILES", "OF", "ALARMS"}};
  for (const auto& node : *shown.nodes) {
    const auto alarms = rabbitmq::alarms_of(node);
    rows.push_back({base::escape_for_log(node.name), node.running ? "running" : "down",
                    mebibytes(node.memory_used), mebibytes(node.memory_limit),
                    mebibytes(node.disk_free), std::to_string(node.files_used),
                    std::to_string(node.files_most), alarms.empty() ? "none" : alarms});
  }
  return table_of(rows);
}

std::string text_of(const Shown& shown) {
  const auto told = rabbitmq::partitions_told(shown.vhost);
  std::string text = "vhost " + base::escape_for_log(shown.vhost.name) + ", RabbitMQ " +
                     base::escape_for_log(shown.overview.version) + ", cluster " +
                     base::escape_for_log(shown.overview.cluster) + "\n";
  text += "partitions: " + (told ? std::to_string(*told) : "not told") +
          "; exchange chat.signal: " + (shown.has_exchange ? "there" : "missing") +
          "; other queues: " + std::to_string(shown.others) + "\n";
  for (const auto& [name, value] : shown.limits) {
    text += base::escape_for_log(name) + ": " + (value < 0 ? "none" : std::to_string(value)) + "\n";
  }
  for (const auto& policy : shown.policies) {
    text += "policy " + base::escape_for_log(policy.name) + ": " +
            rabbitmq::pattern_text(policy.pattern) + ", " + definition_text(policy, false) + "\n";
  }
  return text + "\n" + queues_text(shown) + "\n" + nodes_text(shown);
}

std::string json_of(const QueueInfo& queue) {
  return "{\"name\":" + json_text(queue.name) + ",\"type\":" + json_text(queue.type) +
         ",\"messages\":" + json_count(queue.messages) +
         ",\"consumers\":" + json_count(queue.consumers) +
         ",\"leader\":" + json_text(queue.leader) + ",\"members\":" + json_texts(queue.members) +
         ",\"online\":" + json_texts(queue.online) +
         ",\"policy\":" + (queue.policy.empty() ? "null" : json_text(queue.policy)) + "}";
}

std::string json_of(const NodeInfo& node) {
  const auto flag = [](bool is_on) { return is_on ? "true" : "false"; };
  return "{\"name\":" + json_text(node.name) + ",\"running\":" + flag(node.running) +
         ",\"memory_alarm\":" + flag(node.memory_alarm) +
         ",\"disk_alarm\":" + flag(node.disk_alarm) +
         ",\"memory_used\":" + std::to_string(node.memory_used) +
         ",\"memory_limit\":" + std::to_string(node.memory_limit) +
         ",\"disk_free\":" + std::to_string(node.disk_free) +
         ",\"files_used\":" + std::to_string(node.files_used) +
         ",\"files_most\":" + std::to_string(node.files_most) +
         ",\"partitions\":" + json_texts(node.partitions) + "}";
}

std::string json_of(const Shown& shown) {
  const auto told = rabbitmq::partitions_told(shown.vhost);
  const auto joined = [](const auto& things, auto&& text) {
    std::string list;
    for (const auto& thing : things) list += (list.empty() ? "" : ",") + text(thing);
    return list;
  };
  const auto limits = joined(shown.limits, [](const auto& limit) {
    return json_text(limit.first) + ":" + std::to_string(limit.second);
  });
  const auto policies = joined(shown.policies, [](const auto& policy) {
    return "{\"name\":" + json_text(policy.name) + ",\"pattern\":" + json_text(policy.pattern) +
           ",\"definition\":" + definition_text(policy, true) + "}";
  });
  const auto queues = joined(shown.ours, [](const QueueInfo& queue) { return json_of(queue); });
  std::string nodes = "null";
  if (shown.nodes) {
    nodes = "[" + joined(*shown.nodes, [](const NodeInfo& node) { return json_of(node); }) + "]";
  }
  return "{\"vhost\":" + json_text(shown.vhost.name) +
         ",\"rabbitmq\":" + json_text(shown.overview.version) +
         ",\"cluster\":" + json_text(shown.overview.cluster) +
         ",\"partitions\":" + (told ? std::to_string(*told) : "null") +
         ",\"has_signal_exchange\":" + (shown.has_exchange ? "true" : "false") +
         ",\"other_queues\":" + std::to_string(shown.others) + ",\"limits\":{" + limits +
         "},\"policies\":[" + policies + "],\"queues\":[" + queues + "],\"nodes\":" + nodes + "}\n";
}

/// Reads what is shown; nullopt after it was said why not.
std::optional<Shown> read(const ShowOptions& options, OpenApi& open, int& exit_code) {
  Shown shown;
  shown.overview = open.overview;
  const auto fail = [&options, &exit_code](const rabbitmq::ApiFailure& failure) {
    exit_code = failed(options.api, failure);
    return std::nullopt;
  };
  auto vhost = open.api.vhost(options.vhost);
  if (!vhost) return fail(vhost.error());
  if (!*vhost) {
    complain(options.api, "there is no vhost " + in_quotes(options.vhost));
    exit_code = kExitNotFound;
    return std::nullopt;
  }
  shown.vhost = std::move(**vhost);
  auto queues = open.api.queues(options.vhost);
  if (!queues) return fail(queues.error());
  for (auto& queue : *queues) {
    if (rabbitmq::is_chat_name(queue.name)) {
      shown.ours.push_back(std::move(queue));
    } else {
      ++shown.others;
    }
  }
  const auto exchanges = open.api.exchanges(options.vhost);
  if (!exchanges) return fail(exchanges.error());
  for (const auto& exchange : *exchanges) {
    if (exchange.name == rabbitmq::kSignalExchange) shown.has_exchange = true;
  }
  auto limits = open.api.limits(options.vhost);
  if (!limits) return fail(limits.error());
  shown.limits = std::move(*limits);
  auto policies = open.api.policies(options.vhost);
  if (!policies) return fail(policies.error());
  shown.policies = std::move(*policies);
  auto nodes = open.api.nodes();
  if (!nodes && nodes.error().kind != rabbitmq::ApiFailure::Kind::forbidden) {
    return fail(nodes.error());
  }
  if (nodes) shown.nodes = std::move(*nodes);
  return shown;
}

int show(const ShowOptions& options) {
  if (!check_name(options.api, options.vhost)) return kExitUsage;
  int exit_code = kExitOk;
  auto open = open_api(options.api, exit_code);
  if (!open) return exit_code;
  const auto shown = read(options, *open, exit_code);
  if (!shown) return exit_code;
  return print(options.api, options.api.json ? json_of(*shown) : text_of(*shown));
}

int list(const ApiOptions& options) {
  int exit_code = kExitOk;
  auto open = open_api(options, exit_code);
  if (!open) return exit_code;
  const auto vhosts = open->api.vhosts();
  if (!vhosts) return failed(options, vhosts.error());
  const auto exchanges = open->api.exchanges();
  if (!exchanges) return failed(options, exchanges.error());
  std::set<std::string> ours;
  for (const auto& exchange : *exchanges) {
    if (exchange.name == rabbitmq::kSignalExchange) ours.insert(exchange.vhost);
  }
  std::vector<std::vector<std::string>> rows{{"VHOST", "CHAT", "PARTITIONS", "MESSAGES"}};
  std::string lines;
  for (const auto& vhost : *vhosts) {
    const auto told = rabbitmq::partitions_told(vhost);
    const bool is_ours = ours.count(vhost.name) > 0 || told;
    rows.push_back({base::escape_for_log(vhost.name), is_ours ? "yes" : "no",
                    told ? std::to_string(*told) : "-", shown_count(vhost.messages)});
    lines += "{\"vhost\":" + json_text(vhost.name) + ",\"chat\":" + (is_ours ? "true" : "false") +
             ",\"partitions\":" + (told ? std::to_string(*told) : "null") +
             ",\"messages\":" + json_count(vhost.messages) + "}\n";
  }
  return print(options, options.json ? lines : table_of(rows));
}

}  // namespace

void add_vhost_show(CLI::App& vhost, Run& run) {
  auto options = std::make_shared<ShowOptions>();
  options->api.command = "chat vhost show";
  auto* verb = vhost.add_subcommand("show", "Print a vhost's objects, messages, nodes and alarms");
  add_name(*verb, options->vhost);
  add_api_options(*verb, options->api);
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat vhost show asgi\n"
                                      "  chat vhost show asgi --json\n"));
  verb->footer("RabbitMQ counts messages and consumers some seconds late; ? is not counted yet.\n" +
               vhost_footer(""));
  verb->parse_complete_callback([options, &run] { run = [options] { return show(*options); }; });
}

void add_vhost_list(CLI::App& vhost, Run& run) {
  auto options = std::make_shared<ApiOptions>();
  options->command = "chat vhost list";
  auto* verb = vhost.add_subcommand("list", "Print all vhosts, and which of them are chat's");
  add_api_options(*verb, *options);
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat vhost list\n"
                                      "  chat vhost list --json\n"));
  verb->footer(vhost_footer(""));
  verb->parse_complete_callback([options, &run] { run = [options] { return list(*options); }; });
}

}  // namespace chat::tools
