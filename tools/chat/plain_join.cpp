#include <unistd.h>

#include <map>
#include <memory>

#include "chat/base/text.hpp"
#include "chat/tui/command.hpp"
#include "chat/tui/words.hpp"
#include "join.hpp"
#include "line_reader.hpp"
#include "output.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kMostUnderWay = 1024;
constexpr std::size_t kMostLineBytes = 16U << 20;
constexpr std::size_t kMostShown = 24;

std::string line_of(const wire::Message& message) {
  const auto text = wire::readable(message.body);
  const auto action = tui::action_in(text);
  const auto name = base::visible(message.name);
  return (action ? "* " + name + " " + base::visible(*action) : name + ": " + base::visible(text)) +
         "\n";
}

class PlainJoin final : private client::Client::Listener {
 public:
  PlainJoin(CommandLoop& loop, const JoinOptions& options, client::Client::Options client,
            const tui::Texts& texts)
      : loop_(loop), options_(options), texts_(texts) {
    client::Client::Listener& listener = *this;
    client_ = std::make_unique<client::Client>(
        loop.executor(), client::make_dialler(loop.executor(), options.server.ca_file),
        std::move(client), listener);
  }

  int run() {
    loop_.on_interrupt([this] { end(kExitInterrupted); });
    client_->start();
    reader_ = std::make_unique<LineReader>(STDIN_FILENO, "\n", kMostLineBytes, loop_.executor(),
                                           [this](LineReader::Batch batch) { take(batch); });
    const int exit = loop_.run();
    reader_.reset();
    return exit;
  }

 private:
  void take(const LineReader::Batch& batch) {
    for (const auto& line : batch.lines) {
      ++line_;
      enter(line);
    }
    if (!batch.failure.empty()) {
      fail("stdin, line " + std::to_string(line_ + 1) + ": " + batch.failure);
    }
    is_end_ = is_end_ || batch.is_end;
    is_hungry_ = !batch.is_end;
    go_on();
  }

  void enter(const std::string& line) {
    if (is_end_ || line.empty()) return;
    const auto entered = tui::parse_line(line);
    if (!entered.is_command) {
      const auto where = texts_.input_line(line_, base::escape_for_log(line, kMostShown));
      if (!base::is_utf8(line)) return fail(where + texts_.not_utf8());
      under_way_.emplace(client_->core().next_n(), where);  // it may be refused inside the call
      client_->send(wire::quoted(entered.text));
    } else if (entered.name == "quit") {
      is_end_ = true;
    } else if (entered.name == "nick") {
      client_->rename(entered.text);
    } else {
      fail(texts_.no_command_here(entered.name));
    }
  }

  void go_on() {
    if (is_over_) return;
    if (is_end_ && under_way_.empty()) return end(has_failed_ ? kExitPartly : kExitOk);
    const bool may_read = is_hungry_ && under_way_.size() < kMostUnderWay;
    if (may_read) {
      is_hungry_ = false;
      reader_->taken();
    }
  }

  void on_told(const client::Action& told) override {
    if (is_over_) return;
    if (const auto* received = std::get_if<client::Received>(&told)) {
      const int printed = print(options_.server.command, line_of(*received->message));
      if (printed != kExitOk) return end(printed);
    } else if (const auto* failed = std::get_if<client::Failed>(&told)) {
      const auto found = under_way_.find(failed->n);
      fail((found == under_way_.end() ? std::string() : found->second) +
           texts_.message_not_sent(
               texts_.said(failed->error.code, base::escape_for_log(failed->error.text))));
      under_way_.erase(failed->n);
    } else if (const auto* acked = std::get_if<client::Acked>(&told)) {
      under_way_.erase(acked->n);
    } else if (const auto* lost = std::get_if<client::Lost>(&told)) {
      complain(options_.server,
               texts_.trying_again(with_server(*client_, texts_.lost(lost->close, lost->why))));
    } else if (const auto* ended = std::get_if<client::Ended>(&told)) {
      complain(options_.server, with_server(*client_, texts_.lost(ended->close, ended->why)));
      return end(ended->exit);
    }
    go_on();
  }

  void fail(const std::string& why) {
    has_failed_ = true;
    complain(options_.server, why);
  }

  void end(int exit) {
    if (std::exchange(is_over_, true)) return;
    client_->leave();
    loop_.finish(exit);
  }

  CommandLoop& loop_;
  const JoinOptions& options_;
  const tui::Texts& texts_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<LineReader> reader_;
  std::map<std::uint64_t, std::string> under_way_;  // n, until it is told of: which line it was
  std::size_t line_ = 0;
  bool is_hungry_ = false;
  bool is_end_ = false;
  bool has_failed_ = false;
  bool is_over_ = false;
};

}  // namespace

int join_plainly(const JoinOptions& options, client::Client::Options client,
                 const tui::Texts& texts) {
  CommandLoop loop;
  PlainJoin join(loop, options, std::move(client), texts);
  return join.run();
}

}  // namespace chat::tools
