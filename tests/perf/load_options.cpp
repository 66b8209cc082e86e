#include "load_options.hpp"

#include <string_view>

#include "chat/bench/mark.hpp"

namespace perf {
namespace {

/// One counter per member and sender of its room.
constexpr std::size_t kMaxCounters = 64U << 20;
constexpr std::size_t kMaxPayload = 60'000;

template <class Choice>
Choice choice_of(const std::string& option, const std::string& text,
                 std::initializer_list<std::pair<const char*, Choice>> choices) {
  for (const auto& [name, choice] : choices) {
    if (text == name) return choice;
  }
  throw UsageError(option + " does not know '" + text + "'");
}

void set(Options& options, const std::string& option, const std::string& text) {
  if (option == "--url") {
    options.servers.push_back(address_of(option, text));
  } else if (option == "--scenario") {
    options.scenario = choice_of<Scenario>(
        option, text,
        {{"fanout", Scenario::fanout}, {"idle", Scenario::idle}, {"storm", Scenario::storm}});
  } else if (option == "--dialect") {
    options.dialect =
        choice_of<Dialect>(option, text, {{"plain", Dialect::plain}, {"v1", Dialect::v1}});
  } else if (option == "--rooms") {
    options.rooms = count_of(option, text);
  } else if (option == "--members") {
    options.members = count_of(option, text);
  } else if (option == "--senders") {
    options.senders = count_of(option, text);
  } else if (option == "--rate") {
    options.rate = number_of(option, text);
  } else if (option == "--saturate") {
    options.outstanding = count_of(option, text);
  } else if (option == "--payload") {
    options.payload = count_of(option, text);
  } else if (option == "--warm-up") {
    options.warm_up_s = number_of(option, text);
  } else if (option == "--duration") {
    options.duration_s = number_of(option, text);
  } else if (option == "--handshakes") {
    options.handshakes = count_of(option, text);
  } else if (option == "--seed") {
    options.seed = count_of(option, text);
  } else if (option == "--pid") {
    options.pids.push_back(static_cast<pid_t>(count_of(option, text)));
  } else {
    throw UsageError("unknown option " + option);
  }
}

void check(const Options& options) {
  if (options.servers.empty()) throw UsageError("--url is missing");
  if (options.rooms == 0 || options.members == 0 || options.handshakes == 0) {
    throw UsageError("--rooms, --members and --handshakes must be at least 1");
  }
  if (options.senders == 0 || options.senders > options.members) {
    throw UsageError("--senders must be between 1 and --members");
  }
  if (options.connections() > kMaxCounters / options.senders) {
    throw UsageError("too many members and senders to keep count of");
  }
  if (options.outstanding == 0 && options.rate <= 0) throw UsageError("--rate must not be 0");
  if (options.payload < chat::bench::kMarkBytes || options.payload > kMaxPayload) {
    throw UsageError("--payload must be between " + std::to_string(chat::bench::kMarkBytes) +
                     " and " + std::to_string(kMaxPayload));
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--speak") {
      options.speak = true;
      continue;
    }
    if (i + 1 == argc) throw UsageError(option + " needs a value");
    set(options, option, argv[++i]);
  }
  if (options.speak) options.senders = options.members;
  check(options);
  return options;
}

const char* usage() noexcept {
  return "usage: perf_load --url 127.0.0.1:PORT [--scenario fanout|idle|storm] [--dialect "
         "plain|v1]\n"
         "                 [--rooms R] [--members M] [--senders S] [--rate N | --saturate W]\n"
         "                 [--payload BYTES] [--warm-up S] [--duration S] [--handshakes N]\n"
         "                 [--speak] [--seed N] [--pid SERVER]\n"
         "Several --url: each room's members are spread over these servers; several --pid: their "
         "sum.\n"
         "One JSON object on stdout. Exit code 8: a delivery was lost, repeated or out of order.\n";
}

}  // namespace perf
