#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>

#include "chat/base/text.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/server_frame.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "line_reader.hpp"
#include "options.hpp"
#include "server_options.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kMostQueued = 1024;
constexpr std::size_t kMostQueuedBytes = 8U << 20;
constexpr std::size_t kMostLineBytes = 64U << 20;
constexpr std::size_t kMostShown = 10;

struct SendOptions {
  ServerOptions server;
  std::string room;
  std::string text;
  bool has_text = false;
  std::string separator = "\\n";
  bool json = false;
  std::chrono::milliseconds timeout{30'000};
};

/// `\n`, `\r`, `\t`, `\0`, `\\` as what they mean; nullopt when there is another backslash.
std::optional<std::string> unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (++i < text.size() ? text[i] : '?') {
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case '0': out += '\0'; break;
      case '\\': out += '\\'; break;
      default: return std::nullopt;
    }
  }
  return out;
}

/// JSON may have it around a value.
std::string_view without_space(std::string_view json) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = std::min(json.find_first_not_of(kSpace), json.size());
  return json.substr(begin, json.find_last_not_of(kSpace) + 1 - begin);
}

/// Sends what it is given, in order, and ends when all of it is acknowledged or cannot be.
class Sender : private client::Client::Listener {
 public:
  Sender(CommandLoop& loop, const SendOptions& options, client::Client::Options client)
      : loop_(loop),
        options_(options),
        client_(loop.executor(), client::make_dialler(loop.executor(), options.server.ca_file),
                std::move(client), *this) {}

  int run() {
    loop_.on_interrupt([this] { give_up("interrupted", kExitInterrupted); });
    client_.start();
    watch();
    if (options_.has_text) {
      LineReader::Batch batch;
      batch.lines.push_back(options_.text);
      batch.is_end = true;
      take(std::move(batch));
    } else {
      if (::isatty(STDIN_FILENO) == 1) {
        complain(options_.server, "reading messages from the terminal, one a line; Ctrl-D ends");
      }
      reader_ = std::make_unique<LineReader>(
          STDIN_FILENO, *unescaped(options_.separator), kMostLineBytes, loop_.executor(),
          [this](LineReader::Batch batch) { take(std::move(batch)); });
    }
    const int exit = loop_.run();
    reader_.reset();
    return exit;
  }

 private:
  struct Unconfirmed {
    std::size_t line;
    std::size_t bytes;
    std::string why;
  };

  void take(LineReader::Batch batch) {
    if (is_end_) return;
    for (auto& line : batch.lines) waiting_.push_back(std::move(line));
    is_end_ = batch.is_end;
    awaits_batch_ = false;
    if (!batch.failure.empty()) fail(line_ + waiting_.size() + 1, "was not sent: " + batch.failure);
    send_more();
  }

  /// Hands over as much as may be under way, then asks for more.
  void send_more() {
    if (is_over_) return;
    while (!waiting_.empty() && client_.core().unacknowledged() < kMostQueued &&
           bytes_ < kMostQueuedBytes) {
      ++line_;
      auto body = body_of(waiting_.front());
      waiting_.pop_front();
      if (!body) {
        // What is behind it would be out of its order.
        if (!options_.has_text) complain(options_.server, "nothing behind it is sent");
        waiting_.clear();
        is_end_ = true;
        break;
      }
      const std::size_t bytes = body->size();
      bytes_ += bytes;
      // Its answer can come inside the call only when it is refused at once.
      const std::uint64_t n = client_.send(std::move(*body));
      if (const auto refused = refused_at_once_.extract(n); !refused.empty()) {
        bytes_ -= bytes;
        fail(line_, refused.mapped());
      } else {
        under_way_.emplace(n, Unconfirmed{line_, bytes, {}});
      }
    }
    const bool is_hungry =
        waiting_.empty() && !is_end_ && client_.core().unacknowledged() < kMostQueued;
    if (is_hungry && reader_ && !std::exchange(awaits_batch_, true)) reader_->taken();
    if (is_end_ && waiting_.empty() && under_way_.empty()) finish();
  }

  std::optional<std::string> body_of(const std::string& text) {
    if (options_.json) {
      const auto value = without_space(text);
      const auto problem = wire::problem_of_message_value(value);
      if (problem.empty()) return std::string(value);
      fail(line_, "was not sent: " + std::string(problem));
      return std::nullopt;
    }
    if (base::is_utf8(text)) return wire::quoted(text);
    fail(line_, "was not sent: it is not UTF-8");
    return std::nullopt;
  }

  /// `what`: what became of the message.
  void fail(std::size_t line, const std::string& what) {
    ++failed_;
    if (failed_ > kMostShown) return;
    const std::string where = options_.has_text ? "the message" : "message " + std::to_string(line);
    complain(options_.server, where + " " + what);
  }

  void on_told(const client::Action& told) override {
    if (is_over_) return;
    if (const auto* acked = std::get_if<client::Acked>(&told)) {
      progress_at_ = loop_.executor().now();
      ++confirmed_;
      answered(acked->n);
    } else if (const auto* failed = std::get_if<client::Failed>(&told)) {
      progress_at_ = loop_.executor().now();
      const auto why = (failed->may_be_there ? "may be there or not: " : "was not sent: ") +
                       base::escape_for_log(failed->error.text);
      const auto found = under_way_.find(failed->n);
      if (found == under_way_.end()) {
        refused_at_once_.emplace(failed->n, why);
      } else {
        fail(found->second.line, why);
        answered(failed->n);
      }
    } else if (std::holds_alternative<client::Joined>(told)) {
      progress_at_ = loop_.executor().now();
    } else if (const auto* lost = std::get_if<client::Lost>(&told)) {
      complain(options_.server, with_server(client_, lost->why) + "; trying again");
    } else if (const auto* ended = std::get_if<client::Ended>(&told)) {
      give_up(with_server(client_, ended->why), ended->exit);
    }
  }

  void answered(std::uint64_t n) {
    const auto found = under_way_.find(n);
    if (found == under_way_.end()) return;
    bytes_ -= found->second.bytes;
    under_way_.erase(found);
    send_more();
  }

  void watch() {
    loop_.executor().after(std::chrono::milliseconds(200), [this] {
      if (is_over_) return;
      const bool waits = !under_way_.empty();
      if (!waits && client_.core().joined()) progress_at_ = loop_.executor().now();
      if (loop_.executor().now() - progress_at_ > options_.timeout) {
        return give_up(with_server(client_, "no answer in time"), kExitTimedOut);
      }
      watch();
    });
  }

  /// What is not acknowledged stays so.
  void give_up(const std::string& why, int exit) {
    if (is_over_) return;
    complain(options_.server, why);
    for (const auto& [n, message] : under_way_) {
      fail(message.line, client_.core().was_sent(n) ? "is not acknowledged; it may be there or not"
                                                    : "was not sent");
    }
    for (std::size_t i = 0; i < waiting_.size(); ++i) fail(line_ + i + 1, "was not sent");
    if (confirmed_ > 0 && exit != kExitInterrupted) exit = kExitPartly;
    end(exit);
  }

  void finish() { end(failed_ == 0 ? kExitOk : confirmed_ > 0 ? kExitPartly : kExitRefused); }

  void end(int exit) {
    is_over_ = true;
    if (failed_ > kMostShown) {
      complain(options_.server, "… and " + std::to_string(failed_ - kMostShown) + " more");
    }
    if (failed_ > 0) complain(options_.server, std::to_string(confirmed_) + " were acknowledged");
    client_.leave();
    loop_.finish(exit);
  }

  CommandLoop& loop_;
  const SendOptions& options_;
  client::Client client_;
  std::unique_ptr<LineReader> reader_;
  std::deque<std::string> waiting_;
  std::map<std::uint64_t, Unconfirmed> under_way_;
  std::map<std::uint64_t, std::string> refused_at_once_;
  std::size_t bytes_ = 0;
  std::size_t line_ = 0;
  std::size_t confirmed_ = 0;
  std::size_t failed_ = 0;
  base::TimePoint progress_at_ = loop_.executor().now();
  bool is_end_ = false;
  bool awaits_batch_ = true;  // the reader begins by itself
  bool is_over_ = false;
};

int send(const SendOptions& options) {
  auto client = client_options(options.server, options.room);
  if (!client) return kExitUsage;
  CommandLoop loop;
  Sender sender(loop, options, std::move(*client));
  return sender.run();
}

}  // namespace

void add_send(CLI::App& app, Run& run) {
  auto options = std::make_shared<SendOptions>();
  options->server.command = "chat send";
  auto* verb = app.add_subcommand("send", "Send messages to a room, and wait until they are safe");
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat send lobby \"deploy begins\"\n"
      "  make 2>&1 | chat send builds -      each line is a message\n"
      "  jq -c .[] events.json | chat send --json events -\n"));
  verb->add_option("ROOM", options->room, "The room")->type_name("")->required();
  auto* text =
      verb->add_option("TEXT", options->text, "The message; - or nothing: stdin, line by line")
          ->type_name("");
  verb->add_option("--separator", options->separator,
                   "What ends a message on stdin; \\n, \\r, \\t, \\0 and \\\\ are understood; "
                   "empty: all is one "
                   "message")
      ->type_name("TEXT")
      ->check([](const std::string& word) {
        return unescaped(word) ? std::string() : "text, and in it \\n, \\r, \\t, \\0 or \\\\";
      })
      ->capture_default_str();
  verb->add_flag("--json", options->json, "Messages are JSON values, sent as they are");
  CLI::callback_t read_timeout = [options](const CLI::results_t& words) {
    const auto time = parse_time(words.front());
    if (time) options->timeout = *time;
    return time.has_value();
  };
  verb->add_option("--timeout", read_timeout, "Give up after so long without an acknowledgement")
      ->type_name("TIME")
      ->check(time_value())
      ->default_str("30s");
  add_server_options(*verb, options->server);
  add_member_name(*verb, options->server);
  verb->footer(
      "Environment: CHAT_URL, CHAT_CA_FILE, CHAT_NAME; the command line wins.\n"
      "Exit codes: 0 all are acknowledged, 1 failed, 2 wrong usage, 3 cannot connect, 4 not "
      "allowed,\n"
      "5 no such room, 6 refused, 7 some are not acknowledged, 27 timed out, 130 interrupted.");
  verb->parse_complete_callback([options, text, &run] {
    options->has_text = text->count() > 0 && options->text != "-";
    run = [options] { return send(*options); };
  });
}

}  // namespace chat::tools
