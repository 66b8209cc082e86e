#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"
#include "chat/rabbitmq/provision.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "json_text.hpp"
#include "options.hpp"
#include "password_file.hpp"
#include "vhost.hpp"

namespace chat::tools {
namespace {

using rabbitmq::Plan;
using rabbitmq::Step;
using State = rabbitmq::Step::State;

constexpr std::size_t kPasswordCharacters = 32;  // 192 bits
/// How often a count that RabbitMQ has not made yet is asked for.
constexpr std::chrono::milliseconds kStatisticsPause{500};

struct CreateOptions {
  ApiOptions api;
  rabbitmq::VhostRequest request;
  std::string create_user;
  std::string user_password_file;
  bool dry_run = false;
};

/// "7D" of seven days; nullopt when it is no whole second.
std::optional<std::string> rabbitmq_age(std::chrono::milliseconds age) {
  const auto ms = age.count();
  if (ms % 1000 != 0) return std::nullopt;
  const auto seconds = ms / 1000;
  if (seconds == 0) return std::string();
  for (const auto& [unit, name] : {std::pair{86'400, "D"}, {3'600, "h"}, {60, "m"}}) {
    if (seconds % unit == 0) return std::to_string(seconds / unit) + name;
  }
  return std::to_string(seconds) + "s";
}

void add_request_options(CLI::App& verb, rabbitmq::VhostRequest& request) {
  const auto add = [&verb](const std::string& name, auto& target, const std::string& type,
                           const std::string& help, const std::string& usual) {
    return verb.add_option(name, target, help)
        ->type_name(type)
        ->default_str(usual)
        ->group("Objects");
  };
  add("--partitions", request.partitions, "N",
      "Streams that the rooms are spread over, 1 to 256; can never change", "16")
      ->check(whole_number(1, rabbitmq::kMostPartitions));
  const CLI::callback_t read_age = [&request](const CLI::results_t& words) {
    const auto age = parse_time(words.front());
    request.max_age = age ? rabbitmq_age(*age) : std::nullopt;
    return request.max_age.has_value();
  };
  verb.add_option("--max-age", read_age,
                  "How long messages are kept, in whole seconds; 0 = no bound")
      ->type_name("TIME")
      ->check([](const std::string& word) {
        const auto age = parse_time(word);
        return age && rabbitmq_age(*age) ? std::string() : "whole seconds: 10s, 5m, 2h, 7d, or 0";
      })
      ->default_str("7d")
      ->group("Objects");
  add("--max-bytes", request.max_bytes, "BYTES", "Bytes kept in one partition; 0 = no bound", "0")
      ->check(whole_number(0, std::uint64_t{1} << 62U));
  add("--max-queues", request.max_queues, "N",
      "Queues that RabbitMQ allows in the vhost; 0 = no bound", "1024")
      ->check(whole_number(0, std::uint64_t{1} << 62U));
  add("--max-connections", request.max_connections, "N",
      "Connections that it allows to it; 0 = no bound", "1024")
      ->check(whole_number(0, std::uint64_t{1} << 62U));
  verb.add_option("--user", request.user,
                  "RabbitMQ's user for chat serve: is given the least that it needs")
      ->type_name("USER")
      ->group("Objects");
}

const char* word_of(State state, bool is_done) {
  switch (state) {
    case State::unchanged: return "unchanged";
    case State::missing: return is_done ? "created" : "missing";
    case State::changes: return is_done ? "changed" : "differs";
    case State::conflict: return "conflict";
  }
  return "";
}

/// One object as a line, or as a JSON object in a line.
std::string line_of(const ApiOptions& options, const std::string& vhost, const Step& step,
                    bool is_done) {
  const char* word = word_of(step.state, is_done);
  if (options.json) {
    std::string line = "{\"vhost\":" + json_text(vhost) + ",\"object\":\"" + name_of(step.kind) +
                       "\",\"name\":" + json_text(step.name) + ",\"result\":\"" + word + "\"";
    if (!step.detail.empty()) line += ",\"detail\":" + json_text(step.detail);
    if (!step.way_out.empty()) line += ",\"way_out\":" + json_text(step.way_out);
    return line + "}\n";
  }
  char begin[64];
  std::snprintf(begin, sizeof begin, "%-9s  %-11s  ", word, name_of(step.kind));
  auto line = begin + base::escape_for_log(step.name);
  if (!step.detail.empty()) line += "  (" + step.detail + ")";
  return line + "\n";
}

int print_plan(const ApiOptions& options, const std::string& vhost, const Plan& plan) {
  std::string text;
  for (const auto& step : plan.steps) text += line_of(options, vhost, step, false);
  return print(options, text);
}

void complain_of_conflicts(const ApiOptions& options, const Plan& plan) {
  for (const auto& step : plan.steps) {
    if (step.state != State::conflict) continue;
    complain(options, std::string(name_of(step.kind)) + " " + in_quotes(step.name) + ": " +
                          step.detail + "; " + step.way_out);
  }
}

bool is_user_missing(const Plan& plan) {
  for (const auto& step : plan.steps) {
    if (step.kind == Step::Kind::user) return step.state == State::missing;
  }
  return false;
}

/// Only a user that is missing is a thing not found.
int conflict_code(const Plan& plan) {
  for (const auto& step : plan.steps) {
    if (step.state == State::conflict && step.kind != Step::Kind::user) return kExitRefused;
  }
  return kExitNotFound;
}

class Creation {
 public:
  Creation(const CreateOptions& options, rabbitmq::ManagementApi& api, const Plan& plan)
      : options_(options), api_(api), plan_(plan) {}

  int run() {
    for (const auto& step : plan_.steps) {
      const bool is_open = step.state != State::unchanged;
      if (is_open) {
        if (const int code = carry_out(step); code != kExitOk) return stopped(code);
        ++done_;
      }
      const auto line = line_of(options_.api, options_.request.vhost, step, true);
      if (print(options_.api, line) != kExitOk) return stopped(kExitGeneral);
    }
    complain(options_.api, std::to_string(done_) + " done, " +
                               std::to_string(plan_.steps.size() - done_) + " unchanged");
    return kExitOk;
  }

 private:
  int carry_out(const Step& step) {
    const bool is_user = step.kind == Step::Kind::user;
    std::string password;
    if (is_user) {
      password = base::random_token(kPasswordCharacters);
      // Before RabbitMQ knows it: no user is left whose password nobody has.
      if (const auto written = write_password(options_.user_password_file, password); !written) {
        complain(options_.api, written.error());
        return kExitGeneral;
      }
    }
    const auto answer = rabbitmq::carry_out(api_, plan_, step, password);
    if (answer && is_user) {
      complain(options_.api, "the password of " + in_quotes(step.name) + " is in " +
                                 base::escape_for_log(options_.user_password_file));
    }
    if (answer) return kExitOk;
    if (is_user) ::unlink(options_.user_password_file.c_str());
    return failed(options_.api, answer.error());
  }

  int stopped(int code) const {
    if (done_ == 0) return code;
    complain(options_.api, std::to_string(done_) + " of " + std::to_string(plan_.open_steps()) +
                               " are done; the same command goes on from there");
    return kExitPartly;
  }

  const CreateOptions& options_;
  rabbitmq::ManagementApi& api_;
  const Plan& plan_;
  std::size_t done_ = 0;
};

/// What is wrong with the options; empty when nothing is.
std::string problem_of(const CreateOptions& options) {
  if (!options.user_password_file.empty() && options.create_user.empty()) {
    return "--user-password-file is for --create-user";
  }
  if (options.request.user.empty()) return {};
  const auto& name = options.request.user;
  if (name.size() > 255 || !base::is_utf8(name) || base::has_unprintable(name) ||
      name.find(':') != std::string::npos) {
    return "a user's name is UTF-8, at most 255 bytes, without colons and control characters";
  }
  if (!options.create_user.empty() && options.user_password_file.empty() &&
      name.find('/') != std::string::npos) {
    return "with a slash in the user's name, say where its password goes: --user-password-file";
  }
  return {};
}

/// The plan against the real thing; nullopt after it was said why there is none.
std::optional<Plan> make_plan(const ApiOptions& options, rabbitmq::ManagementApi& api,
                              const rabbitmq::VhostRequest& request, bool& is_there,
                              int& exit_code) {
  const auto found =
      rabbitmq::read_vhost(api, request, [] { std::this_thread::sleep_for(kStatisticsPause); });
  if (!found) {
    exit_code = failed(options, found.error());
    return std::nullopt;
  }
  is_there = found->vhost.has_value();
  return rabbitmq::plan_of(request, *found);
}

int create(CreateOptions options) {
  if (!options.create_user.empty()) {
    options.request.user = options.create_user;
    options.request.create_user = true;
  }
  if (!check_name(options.api, options.request.vhost)) return kExitUsage;
  if (const auto problem = problem_of(options); !problem.empty()) {
    complain(options.api, problem);
    return kExitUsage;
  }
  if (options.user_password_file.empty()) {
    options.user_password_file = "./" + options.create_user + ".password";
  }
  int exit_code = kExitOk;
  auto open = open_api(options.api, exit_code);
  if (!open) return exit_code;
  bool is_there = false;
  const auto plan = make_plan(options.api, open->api, options.request, is_there, exit_code);
  if (!plan) return exit_code;
  if (plan->has_conflict()) {
    const int printed = print_plan(options.api, options.request.vhost, *plan);
    complain_of_conflicts(options.api, *plan);
    complain(options.api, "nothing was changed");
    return printed == kExitOk ? conflict_code(*plan) : printed;
  }
  if (is_user_missing(*plan) && ::access(options.user_password_file.c_str(), F_OK) == 0) {
    complain(options.api, "the password file " + base::escape_for_log(options.user_password_file) +
                              " is there already; move it away, or name another one with "
                              "--user-password-file");
    return kExitGeneral;
  }
  if (options.dry_run) {
    complain(options.api, "a plan only: " + std::to_string(plan->open_steps()) + " to do");
    return print_plan(options.api, options.request.vhost, *plan);
  }
  return Creation(options, open->api, *plan).run();
}

int check(const ApiOptions& options, const rabbitmq::VhostRequest& request) {
  if (!check_name(options, request.vhost)) return kExitUsage;
  int exit_code = kExitOk;
  auto open = open_api(options, exit_code);
  if (!open) return exit_code;
  bool is_there = false;
  const auto plan = make_plan(options, open->api, request, is_there, exit_code);
  if (!plan) return exit_code;
  if (!is_there) {
    complain(options,
             "there is no vhost " + in_quotes(request.vhost) + "; chat vhost create makes it");
    return kExitNotFound;
  }
  if (const int printed = print_plan(options, request.vhost, *plan); printed != kExitOk) {
    return printed;
  }
  complain_of_conflicts(options, *plan);
  if (plan->open_steps() > 0) {
    complain(options, std::to_string(plan->open_steps()) +
                          " missing or differing; chat vhost create sets them right");
  }
  return plan->open_steps() > 0 || plan->has_conflict() ? kExitCheckFailed : kExitOk;
}

}  // namespace

void add_vhost_create(CLI::App& vhost, Run& run) {
  auto options = std::make_shared<CreateOptions>();
  options->api.command = "chat vhost create";
  auto* verb = vhost.add_subcommand("create", "Make a vhost with all that chat serve needs");
  add_name(*verb, options->request.vhost);
  add_request_options(*verb, options->request);
  auto* create_user =
      verb->add_option("--create-user", options->create_user,
                       "As --user, and make that user if it is missing, with a password of its own")
          ->type_name("USER")
          ->group("Objects");
  create_user->excludes("--user");
  verb->add_option("--user-password-file", options->user_password_file,
                   "Where that password is written once, mode 600; ./USER.password without it")
      ->type_name("FILE")
      ->group("Objects");
  add_api_options(*verb, options->api);
  verb->add_flag("--dry-run", options->dry_run, "Print what would be done, and do nothing");
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat vhost create asgi\n"
      "  chat vhost create asgi --create-user chat --partitions 32 --max-age 30d\n"
      "  chat vhost create asgi --api https://admin@rabbit.example --password-file ~/.admin\n"
      "  chat vhost create asgi --max-age 14d --dry-run\n"));
  verb->footer(
      "It can be run again: what is there is left as it is, and what an option asks otherwise is\n"
      "set, unless it cannot be altered; then nothing is. The defaults are for what is made.\n"
      "TIME: 10s, 5m, 2h or 7d; a bare number is seconds.\n" +
      vhost_footer(", or there otherwise; 7 partly done"));
  verb->parse_complete_callback([options, &run] { run = [options] { return create(*options); }; });
}

void add_vhost_check(CLI::App& vhost, Run& run) {
  struct CheckOptions {
    ApiOptions api;
    rabbitmq::VhostRequest request;
    std::string layer = "stream";
  };
  auto options = std::make_shared<CheckOptions>();
  options->api.command = "chat vhost check";
  auto* verb = vhost.add_subcommand("check", "Compare a vhost with what it should have");
  add_name(*verb, options->request.vhost);
  verb->add_option("--layer", options->layer,
                   "stream: rooms of chat serve alone; channels: rooms shared with Django Channels")
      ->check(one_of({"stream", "channels"}))
      ->type_name("LAYER")
      ->capture_default_str();
  add_request_options(*verb, options->request);
  std::vector<CLI::Option*> of_streams;
  for (auto* option : verb->get_options()) {
    if (option->get_group() != "Objects") continue;
    option->default_str("");
    if (!option->check_lname("user")) of_streams.push_back(option);
  }
  verb->get_option("--user")->description(
      "RabbitMQ's user for chat serve, to look whether it has the rights that it needs; with "
      "--layer channels guest without it");
  add_api_options(*verb, options->api);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat vhost check asgi\n"
      "  chat vhost check asgi --partitions 32 --max-age 30d --user chat\n"
      "  chat vhost check asgi --layer channels --user chat\n"));
  verb->footer(
      "Numbers are compared when they are given.\nTIME: 10s, 5m, 2h or 7d; a bare number is "
      "seconds.\n" +
      vhost_footer(", 8 something is missing or differs"));
  verb->parse_complete_callback([options, of_streams, &run] {
    if (options->layer == "stream") {
      run = [options] { return check(options->api, options->request); };
      return;
    }
    run = [options, of_streams] {
      for (const auto* option : of_streams) {
        if (option->count() == 0) continue;
        complain(options->api, option->get_name() + " is for --layer stream");
        return kExitUsage;
      }
      const auto& user = options->request.user;
      return check_layer(options->api, options->request.vhost, user.empty() ? "guest" : user);
    };
  });
}

}  // namespace chat::tools
