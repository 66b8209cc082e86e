#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "chat/rabbitmq/admin.hpp"
#include "text_table.hpp"
#include "verb.hpp"

// What the verbs below `chat vhost` share.

namespace chat::tools {

/// Where the management API is, and as whom; the same options for each verb.
struct ApiOptions {
  std::string command;  ///< "chat vhost create", for what is said
  std::string api = "http://guest@localhost:15672";
  std::string password_file;  ///< "-": stdin; empty: guest's own
  std::string ca_file;
  bool json = false;
};

/// Adds them and --json to a verb, with their variables (CHAT_API, CHAT_API_PASSWORD_FILE,
/// CHAT_API_CA_FILE).
void add_api_options(CLI::App& verb, ApiOptions& options);

/// Adds the vhost's name.
void add_name(CLI::App& verb, std::string& name);

/// Says on stderr what is wrong, behind the command.
void complain(const ApiOptions& options, const std::string& text);

/// Says what failed; the exit code for it.
int failed(const ApiOptions& options, const rabbitmq::ApiFailure& failure);

/// Asks RabbitMQ who it is. nullopt after it was said why not, with the exit code in `exit_code`.
struct OpenApi {
  rabbitmq::ManagementApi api;
  rabbitmq::Overview overview;
};
std::optional<OpenApi> open_api(const ApiOptions& options, int& exit_code);

/// False after it was said what is wrong with a vhost's name.
bool check_name(const ApiOptions& options, const std::string& name);

/// Writes data; kExitGeneral after it was said that stdout takes it not.
int print(const ApiOptions& options, const std::string& text);

/// A vhost's name, or another one, for people.
std::string in_quotes(const std::string& name);

/// `chat vhost check --layer channels`: compares with what rooms shared with Django Channels need;
/// the exit code. `user`: RabbitMQ's user for chat serve.
int check_layer(const ApiOptions& options, const std::string& vhost, const std::string& user);

void add_vhost_create(CLI::App& vhost, Run& run);
void add_vhost_check(CLI::App& vhost, Run& run);
void add_vhost_show(CLI::App& vhost, Run& run);
void add_vhost_list(CLI::App& vhost, Run& run);
void add_vhost_delete(CLI::App& vhost, Run& run);

/// The footer of their helps.
std::string vhost_footer(const std::string& more_exit_codes);

}  // namespace chat::tools
