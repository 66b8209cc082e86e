#include "chat/rabbitmq/admin.hpp"

#include <algorithm>
#include <charconv>

#include "chat/base/text.hpp"
#include "chat/rabbitmq/arguments.hpp"

namespace chat::rabbitmq {
namespace {

using State = Step::State;
using Kind = Step::Kind;

/// Told in the vhost's tags, where the management API can read it (a stream it cannot).
constexpr std::string_view kPartitionsTag = "chat-partitions-";
constexpr const char* kLogPattern = "^chat\\.log\\.";
/// RabbitMQ takes no policy that says nothing; and without one, nobody could tell "no bound" from a
/// policy that got lost.
constexpr const char* kUnboundedAge = "100Y";
constexpr const char* kMaxAge = "max-age";
constexpr const char* kMaxBytes = "max-length-bytes";

template <class Things>
auto* named(const Things& things, std::string_view name) {
  const auto found = std::find_if(things.begin(), things.end(),
                                  [name](const auto& thing) { return thing.name == name; });
  return found == things.end() ? nullptr : &*found;
}

/// Gives, alters or (nullopt) takes away.
void set(Arguments& arguments, const std::string& name, std::optional<Argument> value) {
  const auto is_it = [&name](const auto& entry) { return entry.first == name; };
  const auto found = std::find_if(arguments.begin(), arguments.end(), is_it);
  if (!value && found != arguments.end()) arguments.erase(found);
  if (!value) return;
  if (found != arguments.end()) {
    found->second = *value;
  } else {
    arguments.emplace_back(name, *value);
  }
}

void note(std::string& detail, const std::string& more) {
  if (!detail.empty()) detail += "; ";
  detail += more;
}

std::string change(const std::string& name, const std::string& was, const std::string& is) {
  return name + " " + (was.empty() ? "none" : was) + " → " + (is.empty() ? "none" : is);
}

/// Highest partition there is + 1.
std::size_t partitions_found(const VhostFound& found) {
  std::size_t count = 0;
  for (const auto& queue : found.queues) {
    if (const auto number = partition_of_stream(queue.name)) count = std::max(count, *number + 1);
  }
  return count;
}

bool has_record(const VhostFound& found) {
  const auto* meta = named(found.queues, kMetaStream);
  return meta != nullptr && meta->messages.value_or(0) > 0;
}

/// True until the record is written in a vhost that was made here.
bool is_being_made(const VhostFound& found) {
  return !found.vhost || (partitions_told(*found.vhost) && !has_record(found));
}

/// How many partitions the vhost has for good; nullopt while that is open.
std::optional<std::size_t> partitions_settled(const VhostFound& found) {
  if (!found.vhost) return std::nullopt;
  if (const auto told = partitions_told(*found.vhost)) return told;
  const auto count = partitions_found(found);
  if (has_record(found) && count > 0) return count;
  return std::nullopt;
}

std::size_t partitions_wanted(const VhostRequest& request, const VhostFound& found) {
  if (const auto settled = partitions_settled(found)) return *settled;
  if (request.partitions) return *request.partitions;
  return std::max(kDefaultPartitions, partitions_found(found));
}

Step vhost_step(const VhostRequest& request, const VhostFound& found, Plan& plan) {
  Step step{Kind::vhost, request.vhost, State::unchanged, {}, {}};
  if (found.vhost) plan.vhost = *found.vhost;
  plan.vhost.name = request.vhost;
  plan.partitions = partitions_wanted(request, found);
  const auto tag = std::string(kPartitionsTag) + std::to_string(plan.partitions);
  const auto there = found.vhost ? partitions_told(*found.vhost) : std::nullopt;
  if (!there) plan.vhost.tags.push_back(tag);
  if (!found.vhost) {
    step.state = State::missing;
    step.detail = std::to_string(plan.partitions) + " partitions";
    return step;
  }
  if (!there) {
    step.state = State::changes;
    step.detail = "without the tag " + tag;
  }
  const auto count = partitions_found(found);
  const auto settled = partitions_settled(found);
  const auto least = settled.value_or(count);
  if (request.partitions &&
      (settled ? *request.partitions != least : *request.partitions < least)) {
    step.state = State::conflict;
    step.detail = "it has " + std::to_string(least) + " partitions, not " +
                  std::to_string(*request.partitions) +
                  "; that can never change, a room's messages would be looked for elsewhere";
    step.way_out = "leave --partitions out, or make another vhost";
  }
  return step;
}

/// -1: none.
std::int64_t limit_in(const VhostLimits& limits, const std::string& name) {
  for (const auto& [key, value] : limits) {
    if (key == name) return value;
  }
  return -1;
}

Step limit_step(const std::string& name, std::optional<std::uint64_t> asked, std::uint64_t usual,
                const VhostFound& found, Plan& plan) {
  Step step{Kind::limit, name, State::unchanged, {}, {}};
  const auto was = limit_in(found.limits, name);
  auto is = was;
  if (is_being_made(found) && was < 0) is = static_cast<std::int64_t>(usual);
  if (asked) is = *asked == 0 ? -1 : static_cast<std::int64_t>(*asked);
  plan.limits.emplace_back(name, is);
  const auto shown = [](std::int64_t value) {
    return value < 0 ? std::string("none") : std::to_string(value);
  };
  step.detail = shown(is);
  if (was != is) {
    step.state = was < 0 ? State::missing : State::changes;
    if (was >= 0) step.detail = shown(was) + " → " + shown(is);
  }
  const auto needed = static_cast<std::int64_t>(plan.partitions) + 2;
  if (name == "max-queues" && is >= 0 && is < needed) {
    step.state = State::conflict;
    step.detail = std::to_string(is) + " is too few: " + std::to_string(plan.partitions) +
                  " partitions, chat.meta and a queue for each node";
    step.way_out = "allow more with --max-queues N";
  }
  return step;
}

void add_user_steps(const VhostRequest& request, const VhostFound& found, Plan& plan) {
  Step user{Kind::user, request.user, State::unchanged, {}, {}};
  if (found.has_user && request.create_user) user.detail = "its password is left as it is";
  if (!found.has_user) user.state = request.create_user ? State::missing : State::conflict;
  if (user.state == State::conflict) {
    user.detail = "there is no such user";
    user.way_out = "chat vhost create with --create-user in place of --user makes it";
  }
  plan.steps.push_back(user);
  Step step{Kind::permissions, request.user, State::unchanged, {}, {}};
  const auto wanted = serve_permissions();
  const auto all = [](const Permissions& given) {
    return "configure " + pattern_text(given.configure) + ", write " + pattern_text(given.write) +
           ", read " + pattern_text(given.read);
  };
  step.detail = all(wanted);
  const auto& has = found.permissions;
  if (!has) {
    step.state = State::missing;
  } else if (has->configure != wanted.configure || has->write != wanted.write ||
             has->read != wanted.read) {
    step.state = State::changes;
    step.detail = all(*has) + " → " + all(wanted);
  }
  plan.steps.push_back(step);
}

/// The retention that the policy is to have.
Arguments wanted_definition(const VhostRequest& request, const PolicyInfo* there) {
  Arguments definition = there != nullptr ? there->definition : Arguments{};
  const bool is_new = there == nullptr;
  if (request.max_age || is_new) {
    const auto age = request.max_age.value_or(kDefaultRetention);
    set(definition, kMaxAge, age.empty() ? std::nullopt : std::optional<Argument>(age));
  }
  if (request.max_bytes) {
    const auto bytes = static_cast<std::int64_t>(*request.max_bytes);
    set(definition, kMaxBytes, bytes == 0 ? std::nullopt : std::optional<Argument>(bytes));
  }
  if (find_argument(definition, kMaxAge) == nullptr &&
      find_argument(definition, kMaxBytes) == nullptr) {
    set(definition, kMaxAge, std::string(kUnboundedAge));
  }
  return definition;
}

std::string value_text(const Arguments& arguments, const char* name) {
  const auto* value = find_argument(arguments, name);
  return value == nullptr ? std::string() : text_of(*value);
}

std::string retention_text(const Arguments& definition) {
  const auto age = value_text(definition, kMaxAge);
  const auto bytes = value_text(definition, kMaxBytes);
  return "max-age " + (age.empty() ? "none" : age) + ", max-length-bytes " +
         (bytes.empty() ? "none" : bytes);
}

void add_policy_step(const VhostRequest& request, const VhostFound& found, Plan& plan) {
  Step step{Kind::policy, kLogPolicy, State::unchanged, {}, {}};
  const auto* there = named(found.policies, kLogPolicy);
  PolicyInfo policy;
  if (there != nullptr) policy = *there;
  policy.name = kLogPolicy;
  policy.definition = wanted_definition(request, there);
  step.detail = retention_text(policy.definition);
  policy.pattern = kLogPattern;
  policy.apply_to = "queues";
  plan.policy = policy;
  if (there == nullptr) {
    step.state = State::missing;
    plan.steps.push_back(step);
    return;
  }
  std::string changed;
  for (const auto* name : {kMaxAge, kMaxBytes}) {
    const auto was = value_text(there->definition, name);
    const auto is = value_text(policy.definition, name);
    if (was != is) note(changed, change(name, was, is));
  }
  if (there->pattern != policy.pattern) {
    note(changed, change("pattern", pattern_text(there->pattern), policy.pattern));
  }
  if (there->apply_to != policy.apply_to && there->apply_to != "all") {
    note(changed, change("apply-to", base::escape_for_log(there->apply_to), policy.apply_to));
  }
  if (!changed.empty()) {
    step.state = State::changes;
    step.detail = changed;
  }
  plan.steps.push_back(step);
}

Step exchange_step(const VhostFound& found) {
  const auto wanted = signal_exchange_spec();
  Step step{Kind::exchange, wanted.name, State::unchanged, {}, {}};
  const auto* there = named(found.exchanges, wanted.name);
  if (there == nullptr) {
    step.state = State::missing;
    return step;
  }
  if (there->type != wanted.type) {
    note(step.detail, "its type is " + base::escape_for_log(there->type) + ", not " + wanted.type);
  }
  if (there->durable != wanted.durable) note(step.detail, "it is not durable");
  if (there->auto_delete) note(step.detail, "it is auto-delete");
  if (there->internal) note(step.detail, "it is internal");
  if (step.detail.empty()) return step;
  step.state = State::conflict;
  step.way_out = "stop the nodes, delete that exchange (it holds no messages), create again";
  return step;
}

bool is_retention(const std::string& argument) {
  return argument == "x-max-age" || argument == "x-max-length-bytes";
}

/// What differs and cannot be altered; empty when nothing does.
std::string difference(const QueueSpec& wanted, const QueueInfo& there) {
  if (there.type != "stream") {
    return "it is a " + base::escape_for_log(there.type) + " queue, not a stream";
  }
  std::string differs;
  for (const auto& [name, value] : wanted.arguments) {
    const auto was = value_text(there.arguments, name.c_str());
    if (was != text_of(value)) note(differs, change(name, was, text_of(value)));
  }
  return differs;
}

void add_stream_step(const QueueSpec& wanted, const VhostFound& found, Plan& plan) {
  Step step{Kind::stream, wanted.name, State::unchanged, {}, {}};
  const auto* there = named(found.queues, wanted.name);
  if (there == nullptr) {
    step.state = State::missing;
  } else if (const auto differs = difference(wanted, *there); !differs.empty()) {
    step.state = State::conflict;
    step.detail = differs;
    step.way_out =
        "make another vhost; or, if its messages may go, stop the nodes, delete it, create again";
  } else {
    for (const auto& [name, value] : there->arguments) {
      if (!is_retention(name)) continue;
      note(step.detail,
           "made with " + name + "=" + text_of(value) +
               (wanted.name == kMetaStream ? "" : ": the smaller of it and the policy holds"));
    }
    const bool is_log = wanted.name != kMetaStream;
    if (is_log && !there->policy.empty() && there->policy != kLogPolicy) {
      step.state = State::conflict;
      note(step.detail, "governed by the policy \"" + base::escape_for_log(there->policy) +
                            "\", not by " + kLogPolicy);
      step.way_out = "give that policy a lower priority than " + std::string(kLogPolicy) + "'s, " +
                     std::to_string(plan.policy.priority);
    }
    if (!is_log && find_argument(there->arguments, "x-max-age") != nullptr) {
      step.state = State::conflict;
      note(step.detail, "what it says would be forgotten");
      step.way_out = "make another vhost";
    }
  }
  plan.steps.push_back(step);
}

void add_surplus_steps(const VhostFound& found, Plan& plan) {
  for (const auto& queue : found.queues) {
    const auto number = partition_of_stream(queue.name);
    if (!number || *number < plan.partitions) continue;
    plan.steps.push_back(
        {Kind::stream, queue.name, State::conflict,
         "it is none of the vhost's " + std::to_string(plan.partitions) + " partitions",
         "delete it, if nobody knows why it is there"});
  }
}

Step record_step(const VhostFound& found, const Plan& plan) {
  VhostRecord record;
  record.partitions = plan.partitions;
  Step step{Kind::record, kMetaStream, State::unchanged, encode_vhost_record(record), {}};
  if (!has_record(found)) step.state = State::missing;
  return step;
}

}  // namespace

bool Plan::has_conflict() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.state == State::conflict; });
}

std::size_t Plan::open_steps() const {
  return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [](const Step& step) {
    return step.state == State::missing || step.state == State::changes;
  }));
}

Plan plan_of(const VhostRequest& request, const VhostFound& found) {
  Plan plan;
  plan.steps.push_back(vhost_step(request, found, plan));
  plan.steps.push_back(
      limit_step("max-queues", request.max_queues, kDefaultMaxQueues, found, plan));
  plan.steps.push_back(
      limit_step("max-connections", request.max_connections, kDefaultMaxConnections, found, plan));
  if (!request.user.empty()) add_user_steps(request, found, plan);
  add_policy_step(request, found, plan);
  plan.steps.push_back(exchange_step(found));
  add_surplus_steps(found, plan);
  for (auto partition = plan.partitions; partition-- > 0;) {
    add_stream_step(stream_spec(partition_stream(partition), "", 0), found, plan);
  }
  add_stream_step(meta_spec(), found, plan);
  plan.steps.push_back(record_step(found, plan));
  return plan;
}

Permissions serve_permissions() { return {"^chat\\.", "^(chat\\.|amq\\.default$)", "^chat\\."}; }

const char* name_of(Step::Kind kind) {
  switch (kind) {
    case Kind::vhost: return "vhost";
    case Kind::limit: return "limit";
    case Kind::user: return "user";
    case Kind::permissions: return "permissions";
    case Kind::policy: return "policy";
    case Kind::exchange: return "exchange";
    case Kind::stream: return "stream";
    case Kind::record: return "record";
  }
  return "";
}

std::string pattern_text(const std::string& pattern) {
  constexpr std::string_view kEscaped = "\\x5c";
  auto text = base::escape_for_log(pattern);
  for (auto at = text.find(kEscaped); at != std::string::npos; at = text.find(kEscaped, at + 1)) {
    text.replace(at, kEscaped.size(), "\\");
  }
  return text;
}

std::optional<std::size_t> partitions_told(const VhostInfo& vhost) {
  for (const auto& tag : vhost.tags) {
    if (tag.compare(0, kPartitionsTag.size(), kPartitionsTag) != 0) continue;
    const auto* begin = tag.data() + kPartitionsTag.size();
    const auto* end = tag.data() + tag.size();
    std::size_t number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error == std::errc() && stop == end && number >= 1 && number <= kMostPartitions) {
      return number;
    }
  }
  return std::nullopt;
}

std::string alarms_of(const NodeInfo& node) {
  std::string alarms;
  const auto add = [&alarms](bool is_on, const std::string& name) {
    if (is_on) alarms += (alarms.empty() ? "" : ", ") + name;
  };
  add(!node.running, "down");
  add(node.memory_alarm, "memory");
  add(node.disk_alarm, "disk");
  add(!node.partitions.empty(), "network partition");
  return alarms;
}

bool is_chat_name(const std::string& name) {
  return name.compare(0, std::string_view(kPrefix).size(), kPrefix) == 0;
}

}  // namespace chat::rabbitmq
