#include <unistd.h>

#include <cstdio>
#include <memory>

#include "help.hpp"
#include "json_text.hpp"
#include "vhost.hpp"

namespace chat::tools {
namespace {

struct DeleteOptions {
  ApiOptions api;
  std::string vhost;
  bool is_sure = false;
};

/// "17 queues of chat with 12 messages and 34 consumers, 2 other queues".
std::string contents_of(const std::vector<rabbitmq::QueueInfo>& queues) {
  std::size_t ours = 0;
  std::uint64_t messages = 0;
  std::uint64_t consumers = 0;
  for (const auto& queue : queues) {
    if (rabbitmq::is_chat_name(queue.name)) ++ours;
    messages += queue.messages.value_or(0);
    consumers += queue.consumers.value_or(0);
  }
  return std::to_string(ours) + " queues of chat and " + std::to_string(queues.size() - ours) +
         " others, with " + std::to_string(messages) + " messages and " +
         std::to_string(consumers) + " consumers";
}

/// True when a person at the terminal says yes.
bool agrees(const DeleteOptions& options, const std::string& contents) {
  std::fprintf(stderr, "%s: %s has %s. All of it goes for good. Delete it? [y/N] ",
               options.api.command.c_str(), in_quotes(options.vhost).c_str(), contents.c_str());
  char answer[8] = {};
  if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
  return answer[0] == 'y' || answer[0] == 'Y';
}

int remove(const DeleteOptions& options) {
  if (!check_name(options.api, options.vhost)) return kExitUsage;
  const bool may_ask = ::isatty(STDIN_FILENO) == 1 && options.api.password_file != "-";
  if (!options.is_sure && !may_ask) {
    complain(options.api, "there is no terminal to ask; say --yes to delete without a question");
    return kExitUsage;
  }
  int exit_code = kExitOk;
  auto open = open_api(options.api, exit_code);
  if (!open) return exit_code;
  const auto vhost = open->api.vhost(options.vhost);
  if (!vhost) return failed(options.api, vhost.error());
  if (!*vhost) {
    complain(options.api, "there is no vhost " + in_quotes(options.vhost));
    return kExitNotFound;
  }
  if (!options.is_sure) {
    const auto queues = open->api.queues(options.vhost);
    if (!queues) return failed(options.api, queues.error());
    if (!agrees(options, contents_of(*queues))) {
      complain(options.api, "left as it is");
      return kExitGeneral;
    }
  }
  if (const auto removed = open->api.remove_vhost(options.vhost); !removed) {
    return failed(options.api, removed.error());
  }
  const auto name = json_text(options.vhost);
  if (options.api.json) {
    return print(options.api, "{\"vhost\":" + name + ",\"result\":\"deleted\"}\n");
  }
  return print(options.api, "deleted    vhost        " + in_quotes(options.vhost) + "\n");
}

}  // namespace

void add_vhost_delete(CLI::App& vhost, Run& run) {
  auto options = std::make_shared<DeleteOptions>();
  options->api.command = "chat vhost delete";
  auto* verb = vhost.add_subcommand("delete", "Delete a vhost with everything in it");
  add_name(*verb, options->vhost);
  verb->add_flag("--yes", options->is_sure, "Do not ask");
  add_api_options(*verb, options->api);
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat vhost delete asgi\n"
                                      "  chat vhost delete asgi --yes\n"));
  verb->footer(
      "Everything in the vhost goes, also what is not chat's; its connections are closed. Users\n"
      "stay. It asks on a terminal, and needs --yes without one.\n" +
      vhost_footer(""));
  verb->parse_complete_callback([options, &run] { run = [options] { return remove(*options); }; });
}

}  // namespace chat::tools
