#include <chrono>
#include <cstdio>
#include <thread>

#include "chat/base/text.hpp"
#include "chat/rabbitmq/provision.hpp"
#include "json_text.hpp"
#include "vhost.hpp"

namespace chat::tools {
namespace {

using rabbitmq::Finding;

/// How often counts that RabbitMQ has not made yet are asked for.
constexpr std::chrono::milliseconds kStatisticsPause{500};

const char* word_of(Finding::Result result) {
  switch (result) {
    case Finding::Result::unchanged: return "unchanged";
    case Finding::Result::absent: return "absent";
    case Finding::Result::missing: return "missing";
    case Finding::Result::differs: return "differs";
    case Finding::Result::conflict: return "conflict";
  }
  return "";
}

std::string json_of(const rabbitmq::Arguments& facts) {
  std::string members;
  for (const auto& [name, value] : facts) {
    members += "," + json_text(name) + ":";
    if (const auto* number = std::get_if<std::int64_t>(&value)) members += std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&value)) members += *flag ? "true" : "false";
    if (const auto* text = std::get_if<std::string>(&value)) members += json_text(*text);
  }
  return members;
}

/// One object as a line, or as a JSON object in a line.
std::string line_of(const ApiOptions& options, const std::string& vhost, const Finding& finding) {
  const char* word = word_of(finding.result);
  if (options.json) {
    std::string line = "{\"vhost\":" + json_text(vhost) + ",\"object\":\"" + finding.object +
                       "\",\"name\":" + json_text(finding.name) + ",\"result\":\"" + word + "\"";
    if (!finding.detail.empty()) line += ",\"detail\":" + json_text(finding.detail);
    if (!finding.way_out.empty()) line += ",\"way_out\":" + json_text(finding.way_out);
    return line + json_of(finding.facts) + "}\n";
  }
  char begin[64];
  std::snprintf(begin, sizeof begin, "%-9s  %-15s  ", word, finding.object.c_str());
  auto line = begin + base::escape_for_log(finding.name);
  if (!finding.detail.empty()) line += "  (" + finding.detail + ")";
  return line + "\n";
}

}  // namespace

int check_layer(const ApiOptions& options, const std::string& vhost, const std::string& user) {
  if (!check_name(options, vhost)) return kExitUsage;
  int exit_code = kExitOk;
  auto open = open_api(options, exit_code);
  if (!open) return exit_code;
  const auto found = rabbitmq::read_layer(open->api, open->overview, vhost, user,
                                          [] { std::this_thread::sleep_for(kStatisticsPause); });
  if (!found) return failed(options, found.error());
  if (!found->vhost) {
    complain(options, "there is no vhost " + in_quotes(vhost) +
                          "; it is the one behind the last / of the Django settings' URL");
    return kExitNotFound;
  }
  const auto findings = rabbitmq::findings_of(*found, user);
  std::string text;
  for (const auto& finding : findings) text += line_of(options, vhost, finding);
  if (const int printed = print(options, text); printed != kExitOk) return printed;
  bool is_good = true;
  for (const auto& finding : findings) {
    if (finding.is_good()) continue;
    is_good = false;
    complain(options, finding.object + " " + in_quotes(finding.name) + ": " + finding.detail +
                          "; " + finding.way_out);
  }
  return is_good ? kExitOk : kExitCheckFailed;
}

}  // namespace chat::tools
