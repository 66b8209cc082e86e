#include "chat/rabbitmq/channels_check.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/rabbitmq/admin.hpp"
#include "chat/rabbitmq/arguments.hpp"
#include "chat/rabbitmq/name_pattern.hpp"

namespace chat::rabbitmq {
namespace {

using Result = Finding::Result;

/// How channels_rabbitmq declares a queue, unless its settings say otherwise.
const Arguments& usual_of_django() {
  static const Arguments kArguments{{"x-max-length", std::int64_t{100}},
                                    {"x-message-ttl", std::int64_t{60'000}},
                                    {"x-overflow", std::string("reject-publish")}};
  return kArguments;
}
constexpr const char* kDjangoQueues = "channels_*";
constexpr const char* kOurQueues = "chat.channels.*";
constexpr const char* kDjangoQueue = "channels_abcdefghijkl";
constexpr const char* kOurQueue = "chat.channels.abcdefghijkl";
constexpr const char* kLayerPattern = "^(groups$|chat\\.channels\\.)";

bool begins_with(const std::string& text, std::string_view begin) {
  return text.compare(0, begin.size(), begin) == 0;
}
bool is_django_queue(const std::string& name) { return begins_with(name, kDjangoQueuePrefix); }
bool is_our_queue(const std::string& name) { return begins_with(name, kOurQueuePrefix); }

void append(std::string& list, const std::string& more, const char* between = "; ") {
  if (!list.empty() && !more.empty()) list += between;
  list += more;
}

std::string counted(std::uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::int64_t as_fact(std::uint64_t count) { return static_cast<std::int64_t>(count); }

// Versions, RabbitMQ's nodes, limits.

Finding version_finding(const Overview& overview) {
  return {"rabbitmq",
          overview.cluster,
          Result::unchanged,
          "RabbitMQ " + base::escape_for_log(overview.version) + ", Erlang " +
              base::escape_for_log(overview.erlang.empty() ? "?" : overview.erlang),
          {},
          {{"rabbitmq", overview.version}, {"erlang", overview.erlang}}};
}

Finding node_finding(const NodeInfo& node) {
  Finding finding{"node", node.name};
  const auto alarms = alarms_of(node);
  if (alarms.empty()) return finding;
  finding.result = Result::differs;
  finding.detail = alarms;
  finding.way_out =
      node.memory_alarm || node.disk_alarm
          ? "RabbitMQ takes no messages from anybody until there is memory and disk again"
          : "bring the node back";
  return finding;
}

void add_limits(const LayerFound& found, std::vector<Finding>& findings) {
  for (const auto& [name, value] : found.limits) {
    if (name != "max-queues" || value < 0) continue;
    Finding finding{"limit", name};
    finding.detail = std::to_string(value) + ", " + std::to_string(found.queues.size()) + " used";
    if (as_fact(found.queues.size()) >= value) {
      finding.result = Result::differs;
      append(finding.detail, "a further node cannot make its queue");
      finding.way_out = "allow more: rabbitmqctl set_vhost_limits";
    }
    findings.push_back(std::move(finding));
  }
}

// The exchange.

std::string unlike(const std::string& what, const std::string& is, const std::string& should) {
  return what + " is " + is + ", should be " + should;
}

std::string difference_of(const ExchangeInfo& exchange) {
  std::string differs;
  const auto flag = [&differs](const char* name, bool is_on) {
    if (is_on) append(differs, unlike(name, "true", "false"));
  };
  if (exchange.type != "direct") {
    append(differs, unlike("type", base::escape_for_log(exchange.type), "direct"));
  }
  flag("durable", exchange.durable);
  flag("auto-delete", exchange.auto_delete);
  flag("internal", exchange.internal);
  for (const auto& [name, value] : exchange.arguments) {
    append(differs, unlike("argument " + base::escape_for_log(name), text_of(value), "none"));
  }
  return differs;
}

Finding exchange_finding(const LayerFound& found) {
  Finding finding{"exchange", kChannelsExchange};
  const auto there = std::find_if(found.exchanges.begin(), found.exchanges.end(),
                                  [](const auto& one) { return one.name == kChannelsExchange; });
  if (there == found.exchanges.end()) {
    finding.result = Result::absent;
    finding.detail = "the first node makes it";
    return finding;
  }
  finding.detail = difference_of(*there);
  if (finding.detail.empty()) return finding;
  finding.result = Result::conflict;
  finding.way_out =
      "no node of Django's works with that (406 PRECONDITION_FAILED, each second), and it cannot "
      "be altered: stop all nodes, Django's and chat's, delete the exchange (it holds no "
      "messages), start them again";
  return finding;
}

// The queues.

/// How many messages wait in it at most; nullopt: any number.
std::optional<std::int64_t> bound_of(const QueueInfo& queue) {
  std::optional<std::int64_t> bound;
  for (const auto* argument : {find_argument(queue.arguments, "x-max-length"),
                               find_argument(queue.by_policy, "max-length")}) {
    const auto* number = argument == nullptr ? nullptr : std::get_if<std::int64_t>(argument);
    if (number != nullptr) bound = std::min(bound.value_or(*number), *number);
  }
  return bound;
}

bool drops_its_oldest(const QueueInfo& queue) {
  const auto* overflow = find_argument(queue.arguments, "x-overflow");
  if (overflow == nullptr) overflow = find_argument(queue.by_policy, "overflow");
  return overflow == nullptr || text_of(*overflow) == "drop-head";
}

/// What is wrong with it as a queue that channels_rabbitmq made.
std::string difference_of_django(const QueueInfo& queue) {
  std::string differs;
  if (!queue.exclusive) append(differs, "it is not exclusive: no node of Django's made it");
  if (find_argument(queue.arguments, "x-max-length") == nullptr) {
    append(differs, "without x-max-length it grows without a bound");
  }
  const auto* overflow = find_argument(queue.arguments, "x-overflow");
  const auto is = overflow == nullptr ? std::string("none") : text_of(*overflow);
  if (is != "reject-publish") append(differs, unlike("x-overflow", is, "reject-publish"));
  return differs;
}

void tell_trouble(const QueueInfo& queue, Finding& finding) {
  std::string trouble;
  const auto bound = bound_of(queue);
  if (bound && queue.ready && as_fact(*queue.ready) >= *bound) {
    append(trouble, drops_its_oldest(queue)
                        ? "full: its oldest messages are dropped"
                        : "full: what is published to its rooms is nacked, and does not reach it");
    append(finding.way_out,
           "its node does not keep up, or takes nothing more: look at its log, restart it");
  }
  if (queue.consumers && *queue.consumers == 0) {
    append(trouble, "nobody takes from it");
    if (finding.way_out.empty()) {
      finding.way_out = "look after its node; the queue goes with the node's connection";
    }
  }
  if (const auto differs = difference_of_django(queue);
      is_django_queue(queue.name) && !differs.empty()) {
    append(trouble, differs);
    if (finding.way_out.empty()) finding.way_out = "find out who made it, and delete it";
  }
  if (!trouble.empty()) finding.result = Result::differs;
  finding.detail = trouble;
}

std::string shown(const std::optional<std::uint64_t>& count) {
  return count ? std::to_string(*count) : "?";
}

std::uint64_t rooms_of(const QueueInfo& queue, const std::vector<BindingInfo>& bindings) {
  return static_cast<std::uint64_t>(
      std::count_if(bindings.begin(), bindings.end(), [&queue](const auto& binding) {
        return binding.is_to_queue && binding.destination == queue.name;
      }));
}

void tell_counts(const QueueInfo& queue, std::uint64_t rooms, Finding& finding) {
  const auto bound = bound_of(queue);
  append(finding.detail, shown(queue.ready) + (bound ? " of " + std::to_string(*bound) : "") +
                             " waiting, " + shown(queue.unacknowledged) + " not acknowledged, " +
                             (queue.consumers ? counted(*queue.consumers, "consumer")
                                              : std::string("? consumers")) +
                             ", " + counted(rooms, "room"));
  const auto fact = [&finding](const char* name, const std::optional<std::uint64_t>& count) {
    if (count) finding.facts.emplace_back(name, as_fact(*count));
  };
  fact("messages_ready", queue.ready);
  fact("messages_unacknowledged", queue.unacknowledged);
  fact("consumers", queue.consumers);
  fact("rooms", rooms);
  if (bound) finding.facts.emplace_back("max_length", *bound);
}

Finding queue_finding(const QueueInfo& queue, const LayerFound& found) {
  Finding finding{"queue", queue.name};
  tell_trouble(queue, finding);
  tell_counts(queue, rooms_of(queue, found.bindings), finding);
  std::string arguments;
  for (const auto& [name, value] : queue.arguments) {
    append(arguments, base::escape_for_log(name) + " " + text_of(value), ", ");
    finding.facts.emplace_back(name, value);
  }
  append(finding.detail, arguments.empty() ? "no arguments" : arguments);
  return finding;
}

/// Queues of one kind of node: how many, and each.
void add_queues(const LayerFound& found, const char* shown_name, bool (*is_one)(const std::string&),
                const std::string& node, std::vector<Finding>& findings) {
  std::vector<Finding> each;
  for (const auto& queue : found.queues) {
    if (is_one(queue.name)) each.push_back(queue_finding(queue, found));
  }
  Finding finding{"queues", shown_name};
  finding.detail = each.empty() ? "no " + node : counted(each.size(), node);
  finding.facts.emplace_back("count", as_fact(each.size()));
  if (each.empty()) finding.result = Result::absent;
  findings.push_back(std::move(finding));
  findings.insert(findings.end(), each.begin(), each.end());
}

// Policies.

/// What a policy may be about.
struct Target {
  const char* shown;
  std::string name;
  bool is_exchange = false;
  Arguments arguments = {};
  std::optional<std::string> told = {};  ///< the policy that RabbitMQ says it has; empty: none
};

bool is_kind(const PolicyInfo& policy, const Target& target) {
  if (policy.apply_to == "all") return true;
  if (target.is_exchange) return policy.apply_to == "exchanges";
  return policy.apply_to == "queues" || policy.apply_to == "classic_queues";
}

/// nullopt: nobody can tell.
std::optional<bool> concerns(const PolicyInfo& policy, const Target& target) {
  if (!is_kind(policy, target)) return false;
  const auto is_it = is_found(policy.pattern, target.name);
  if (!is_it && target.told && !target.told->empty()) return *target.told == policy.name;
  return is_it;
}

/// What a policy's entry changes in a queue that was declared with these arguments; RabbitMQ goes
/// by the smaller of two bounds, and by the argument of two words.
bool changes_queue(const std::string& key, const Argument& value, const Arguments& arguments) {
  static const std::set<std::string> kBounds{"max-length", "max-length-bytes", "message-ttl",
                                             "expires"};
  static const std::set<std::string> kWords{"overflow", "dead-letter-exchange",
                                            "dead-letter-routing-key"};
  const auto* own = find_argument(arguments, "x-" + key);
  if (kWords.count(key) > 0) return own == nullptr;
  if (kBounds.count(key) > 0) {
    const auto* least = own == nullptr ? nullptr : std::get_if<std::int64_t>(own);
    const auto* bound = std::get_if<std::int64_t>(&value);
    return least == nullptr || bound == nullptr || *bound < *least;
  }
  return begins_with(key, "federation-");
}

std::string changes_of(const PolicyInfo& policy, const Target& target) {
  std::string changes;
  for (const auto& [key, value] : policy.definition) {
    const bool is_change = target.is_exchange
                               ? key == "alternate-exchange" || begins_with(key, "federation-")
                               : changes_queue(key, value, target.arguments);
    if (is_change) append(changes, base::escape_for_log(key) + " " + text_of(value), ", ");
  }
  return changes;
}

std::vector<Target> targets_of(const LayerFound& found, bool is_for_operators) {
  std::vector<Target> targets{{kDjangoQueues, kDjangoQueue, false, usual_of_django()},
                              {kOurQueues, kOurQueue, false, channels_queue_spec("x").arguments}};
  for (const auto& queue : found.queues) {
    if (!is_node_queue(queue.name)) continue;
    targets.push_back({is_django_queue(queue.name) ? kDjangoQueues : kOurQueues, queue.name, false,
                       queue.arguments, is_for_operators ? queue.operator_policy : queue.policy});
  }
  Target exchange{kChannelsExchange, kChannelsExchange, true};
  for (const auto& one : found.exchanges) {
    if (one.name == kChannelsExchange) exchange.told = one.policy;
  }
  if (!is_for_operators) targets.push_back(exchange);
  return targets;
}

/// What is said of one policy.
struct Said {
  std::vector<std::string> changes;  ///< "on groups: alternate-exchange x"
  std::vector<std::string> matches;  ///< what it governs, and changes nothing of
  std::vector<std::string> unsure;
};

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

std::string joined(const std::vector<std::string>& list, const char* between) {
  std::string text;
  for (const auto& one : list) append(text, one, between);
  return text;
}

/// Only the first that matches governs it, so what stands behind that is not asked. `policies`: the
/// highest priority first.
void note_target(const std::vector<PolicyInfo>& policies, const Target& target,
                 std::vector<Said>& said) {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const auto is_it = concerns(policies[i], target);
    if (!is_it) {
      if (!changes_of(policies[i], target).empty()) add_once(said[i].unsure, target.shown);
      continue;
    }
    if (!*is_it) continue;
    const auto changes = changes_of(policies[i], target);
    if (changes.empty()) {
      add_once(said[i].matches, target.shown);
    } else {
      add_once(said[i].changes, "on " + std::string(target.shown) + ": " + changes);
    }
    return;
  }
}

std::optional<Finding> policy_finding(const PolicyInfo& policy, const Said& said,
                                      const char* object) {
  Finding finding{object, policy.name};
  if (!said.changes.empty()) {
    finding.result = Result::differs;
    finding.detail = joined(said.changes, "; ");
    finding.way_out = "let its pattern, " + pattern_text(policy.pattern) +
                      ", leave these names out, or let another policy with a higher priority have "
                      "them that sets nothing of it";
  } else if (!said.unsure.empty()) {
    finding.result = Result::differs;
    finding.detail = "whether its pattern, " + pattern_text(policy.pattern) + ", is about " +
                     joined(said.unsure, ", ") + " cannot be told here";
    finding.way_out = "look in RabbitMQ, or write it simpler";
  } else if (!said.matches.empty()) {
    finding.detail = "changes nothing of " + joined(said.matches, ", ");
  } else {
    return std::nullopt;
  }
  return finding;
}

void add_policies(const LayerFound& found, bool is_for_operators, std::vector<Finding>& findings) {
  auto policies = is_for_operators ? found.operator_policies : found.policies;
  std::stable_sort(policies.begin(), policies.end(),
                   [](const auto& a, const auto& b) { return a.priority > b.priority; });
  std::vector<Said> said(policies.size());
  for (const auto& target : targets_of(found, is_for_operators)) {
    note_target(policies, target, said);
  }
  for (std::size_t i = 0; i < policies.size(); ++i) {
    auto finding =
        policy_finding(policies[i], said[i], is_for_operators ? "operator_policy" : "policy");
    if (finding) findings.push_back(std::move(*finding));
  }
}

// The user.

/// What a node may not do with the exchange and its queue: "write to groups, read from …".
std::string lacks(const Permissions& has, const char* queue, const char* shown_queue) {
  std::string lacking;
  const std::pair<const char*, const std::string*> rights[] = {
      {"configure ", &has.configure}, {"write to ", &has.write}, {"read from ", &has.read}};
  for (const auto& [verb, pattern] : rights) {
    for (const auto& [name, shown_name] :
         {std::pair{kChannelsExchange, kChannelsExchange}, {queue, shown_queue}}) {
      // Empty, it is about no name at all.
      const auto may = pattern->empty() ? false : is_found(*pattern, name);
      const char* unsure = may ? "" : " (cannot be told here)";
      if (!may.value_or(false)) append(lacking, std::string(verb) + shown_name + unsure, ", ");
    }
  }
  return lacking;
}

void add_user(const LayerFound& found, const std::string& user, std::vector<Finding>& findings) {
  Finding is_there{"user", user};
  if (!found.has_user) {
    is_there.result = Result::missing;
    is_there.detail = "there is no such user";
    is_there.way_out = "name the user of chat serve with --user, or make it: rabbitmqctl add_user";
  }
  findings.push_back(std::move(is_there));
  Finding finding{"permissions", user};
  finding.way_out = "rabbitmqctl set_permissions; enough is, for configure, write and read each: " +
                    layer_permissions().configure;
  if (!found.permissions) {
    finding.result = Result::missing;
    finding.detail = "it has none in this vhost";
    findings.push_back(std::move(finding));
    return;
  }
  const auto& has = *found.permissions;
  const auto lacking = lacks(has, kOurQueue, kOurQueues);
  if (!lacking.empty()) {
    finding.result = Result::differs;
    finding.detail = "may not: " + lacking;
  } else {
    finding.way_out.clear();
    finding.detail = "configure " + pattern_text(has.configure) + ", write " +
                     pattern_text(has.write) + ", read " + pattern_text(has.read);
    if (!lacks(has, kDjangoQueue, kDjangoQueues).empty()) {
      append(finding.detail, "a node of Django's needs another user");
    }
  }
  findings.push_back(std::move(finding));
}

}  // namespace

bool is_node_queue(const std::string& name) { return is_django_queue(name) || is_our_queue(name); }

Permissions layer_permissions() { return {kLayerPattern, kLayerPattern, kLayerPattern}; }

std::vector<Finding> findings_of(const LayerFound& found, const std::string& user) {
  std::vector<Finding> findings{version_finding(found.overview)};
  for (const auto& node : found.nodes) findings.push_back(node_finding(node));
  add_limits(found, findings);
  findings.push_back(exchange_finding(found));
  add_queues(found, kDjangoQueues, is_django_queue, "Django node", findings);
  add_queues(found, kOurQueues, is_our_queue, "chat node", findings);
  add_policies(found, false, findings);
  add_policies(found, true, findings);
  add_user(found, user, findings);
  return findings;
}

}  // namespace chat::rabbitmq
