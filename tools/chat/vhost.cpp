#include "vhost.hpp"

#include <csignal>
#include <cstdio>
#include <memory>

#include "chat/base/text.hpp"
#include "chat/rabbitmq/api_url.hpp"
#include "chat/rabbitmq/broker_url.hpp"
#include "help.hpp"
#include "output.hpp"
#include "password_file.hpp"
#include "regular_file.hpp"
#include "settings.hpp"

namespace chat::tools {

using rabbitmq::ApiFailure;

void add_api_options(CLI::App& verb, ApiOptions& options) {
  verb.add_option("--api", options.api,
                  "RabbitMQ's management API: http[s]://[USER@]HOST[:PORT], without a password")
      ->type_name("URL")
      ->capture_default_str()
      ->envname("CHAT_API")
      ->group("Connection");
  verb.add_option("--password-file", options.password_file,
                  "The password of the API's user: the first line of this file, or of stdin (-); "
                  "guest's is \"guest\" without it")
      ->type_name("FILE")
      ->envname("CHAT_API_PASSWORD_FILE")
      ->group("Connection");
  verb.add_option("--ca-file", options.ca_file,
                  "With https: whose certificates are good (PEM); the system's without it")
      ->type_name("FILE")
      ->envname("CHAT_API_CA_FILE")
      ->group("Connection");
  verb.add_flag("--json", options.json, "Print JSON");
  add_config_options(verb);
}

void add_name(CLI::App& verb, std::string& name) {
  verb.add_option("NAME", name, "The vhost: UTF-8, at most 255 bytes; / and spaces are fine")
      ->type_name("")
      ->required();
}

void complain(const ApiOptions& options, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", options.command.c_str(), text.c_str());
}

int failed(const ApiOptions& options, const ApiFailure& failure) {
  complain(options, failure.text);
  switch (failure.kind) {
    case ApiFailure::Kind::unreachable:
    case ApiFailure::Kind::not_rabbitmq: return kExitUnreachable;
    case ApiFailure::Kind::timed_out: return kExitTimedOut;
    case ApiFailure::Kind::credentials:
    case ApiFailure::Kind::forbidden: return kExitCredentials;
    case ApiFailure::Kind::not_found: return kExitNotFound;
    case ApiFailure::Kind::rejected:
    case ApiFailure::Kind::server: return kExitRefused;
  }
  return kExitGeneral;
}

std::optional<OpenApi> open_api(const ApiOptions& options, int& exit_code) {
  exit_code = kExitUsage;
  auto url = rabbitmq::parse_api_url(options.api);
  if (!url) {
    complain(options, url.error().text());
    return std::nullopt;
  }
  if (const auto problem = problem_of_ca_file(options.ca_file); !problem.empty()) {
    complain(options, problem);
    return std::nullopt;
  }
  http::HttpTarget target;
  target.url = *url;
  target.expected = "RabbitMQ's management API";
  target.when_refused =
      "does RabbitMQ run, with its management plugin (rabbitmq-plugins enable "
      "rabbitmq_management)?";
  target.when_amqp = "that is 15672 by default (15671 with TLS): --api http://HOST:15672";
  target.ca_file = options.ca_file;
  if (options.password_file.empty() && url->user != "guest") {
    complain(options, "the password of " + in_quotes(url->user) +
                          " is missing: name a file with it by --password-file, or - for stdin");
    return std::nullopt;
  }
  if (options.password_file.empty()) {
    target.password = "guest";
  } else if (auto password = read_password(options.password_file)) {
    target.password = std::move(*password);
  } else {
    complain(options, password.error());
    return std::nullopt;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a peer that goes away is an answer, not the end
  OpenApi open{rabbitmq::ManagementApi(std::move(target)), {}};
  auto overview = open.api.overview();
  if (!overview) {
    exit_code = failed(options, overview.error());
    return std::nullopt;
  }
  open.overview = std::move(*overview);
  return open;
}

bool check_name(const ApiOptions& options, const std::string& name) {
  const auto problem = rabbitmq::problem_of_vhost(name);
  if (!problem.empty()) complain(options, problem);
  return problem.empty();
}

int print(const ApiOptions& options, const std::string& text) {
  return print(options.command, text);
}

std::string in_quotes(const std::string& name) { return "\"" + base::escape_for_log(name) + "\""; }

std::string vhost_footer(const std::string& more_exit_codes) {
  return "Environment: CHAT_API, CHAT_API_PASSWORD_FILE, CHAT_API_CA_FILE; the command line wins.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 4 credentials or rights,\n"
         "5 not found, 6 refused" +
         more_exit_codes + ", 27 timed out.\nMore: docs/operations.md#rabbitmq";
}

void add_vhost(CLI::App& app, Run& run) {
  auto* verb = app.add_subcommand("vhost", "Make, check and show what chat needs in RabbitMQ");
  verb->require_subcommand(1);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat vhost create asgi            on this machine's RabbitMQ, as guest\n"
      "  chat vhost check asgi\n"
      "  chat vhost create --help          all its options\n"));
  verb->footer("More: docs/operations.md#rabbitmq");
  add_vhost_create(*verb, run);
  add_vhost_check(*verb, run);
  add_vhost_show(*verb, run);
  add_vhost_list(*verb, run);
  add_vhost_delete(*verb, run);
  for (auto* below : verb->get_subcommands([](const CLI::App*) { return true; })) {
    below->group("Verbs");
  }
}

}  // namespace chat::tools
