#include "chat/session/session.hpp"

#include <utility>

#include "chat/wire/codec.hpp"
#include "chat/wire/names.hpp"

namespace chat::session {
namespace {

/// Refused by rate this often without a frame getting through: the client does not listen.
constexpr std::uint16_t kPatience = 200;
/// History pages asked for and not answered yet, per connection.
constexpr std::uint16_t kMaxReads = 4;
constexpr base::Duration kTypingInterval = std::chrono::seconds(1);

std::optional<std::uint64_t> counter_of(const wire::ClientFrame& frame) {
  if (const auto* send = std::get_if<wire::Send>(&frame)) return send->n;
  return std::nullopt;
}

}  // namespace

Session::Session(wire::Dialect dialect, const wire::Limits& limits, base::TimePoint now)
    : limits_(limits),
      frames_(limits.frames_per_second, limits.frames_burst, now),
      dialect_(dialect) {}

void Session::on_open(Actions& actions) {
  if (dialect_ == wire::Dialect::v1) {
    state_ = State::awaiting_hello;
    return;
  }
  state_ = State::joining;
  actions.push_back(Join{});
}

void Session::on_text(std::string_view text, base::TimePoint now, Actions& actions) {
  if (state_ == State::ended) return;
  if (dialect_ == wire::Dialect::plain) {
    auto body = wire::decode_plain(text, limits_);
    if (!body) return on_mistake(body.error(), now, actions);
    if (admit(now, std::nullopt, actions)) publish({}, 0, std::move(*body), actions);
    return;
  }
  auto frame = wire::decode_v1(text, limits_);
  if (!frame) return on_mistake(frame.error(), now, actions);
  if (state_ == State::awaiting_hello && !std::holds_alternative<wire::Hello>(*frame)) {
    refuse(wire::error_of(wire::Code::hello_expected), actions);
    return;
  }
  if (!admit(now, counter_of(*frame), actions)) {
    if (std::holds_alternative<wire::Send>(*frame)) hold_back(wire::Code::rate_limited);
    return;
  }
  std::visit([&](auto& content) { on_frame(content, now, actions); }, *frame);
}

void Session::on_binary(base::TimePoint now, Actions& actions) {
  if (state_ == State::ended) return;
  on_mistake(wire::error_of(wire::Code::binary_frame), now, actions);
}

void Session::on_mistake(const wire::Error& error, base::TimePoint now, Actions& actions) {
  if (!admit(now, error.n, actions)) return;
  refuse(error, actions);
  if (awaits_hello()) end(wire::Code::hello_expected, actions);
}

void Session::end(wire::Code code, Actions& actions) {
  actions.push_back(Close{code});
  state_ = State::ended;
}

void Session::on_hello_timeout(Actions& actions) {
  if (awaits_hello()) refuse(wire::error_of(wire::Code::hello_timeout), actions);
}

void Session::on_frame(wire::Hello& hello, base::TimePoint, Actions& actions) {
  if (state_ != State::awaiting_hello) {
    refuse(wire::error_of(wire::Code::already_joined), actions);
    return;
  }
  Join join;
  if (!hello.client.empty()) {
    auto client = wire::derive_client_id(hello.client);
    if (!client) return refuse(client.error(), actions);
    client_ = std::move(*client);
  }
  if (!hello.name.empty()) {
    auto name = wire::parse_member_name(hello.name);
    // A bad name must not keep someone out: the guest name is told in the welcome.
    if (name) {
      join.name = std::move(*name);
    } else {
      refuse(name.error(), actions);
    }
  }
  join.since = std::move(hello.since);
  ordered_ = hello.ordered;
  state_ = State::joining;
  actions.push_back(std::move(join));
}

void Session::on_frame(wire::Send& send, base::TimePoint, Actions& actions) {
  if (send.first) held_back_.reset();
  if (held_back_) {
    auto error = wire::error_of(*held_back_);
    error.n = send.n;
    return refuse(error, actions);
  }
  publish(client_, send.n, std::move(send.body), actions);
}

void Session::hold_back(wire::Code code) {
  if (ordered_ && wire::is_passing(code)) held_back_ = code;
}

void Session::on_frame(wire::Rename& rename, base::TimePoint, Actions& actions) {
  if (renaming_) {
    auto error = wire::error_of(wire::Code::inflight_exceeded,
                                "wait for the answer to the rename that was asked for before");
    error.limit = 1;
    refuse(error, actions);
    return;
  }
  auto name = wire::parse_member_name(rename.name);
  if (!name) return refuse(name.error(), actions);
  renaming_ = true;
  actions.push_back(Rename{std::move(*name)});
}

void Session::on_frame(wire::Typing&, base::TimePoint now, Actions& actions) {
  if (state_ != State::joined || now - typed_at_ < kTypingInterval) return;
  typed_at_ = now;
  actions.push_back(Typing{});
}

void Session::on_frame(wire::HistoryRequest& request, base::TimePoint, Actions& actions) {
  if (reads_ >= kMaxReads) {
    auto error = wire::error_of(wire::Code::inflight_exceeded,
                                "wait for the history pages that were asked for before");
    error.limit = kMaxReads;
    refuse(error, actions);
    return;
  }
  if (request.limit > limits_.history_page) request.limit = limits_.history_page;
  ++reads_;
  actions.push_back(ReadHistory{request});
}

void Session::publish(base::ClientId client, std::uint64_t n, std::string body, Actions& actions) {
  if (inflight_ >= limits_.inflight) {
    auto error = wire::error_of(wire::Code::inflight_exceeded);
    if (dialect_ == wire::Dialect::v1) error.n = n;
    error.limit = limits_.inflight;
    refuse(error, actions);
    hold_back(error.code);
    return;
  }
  ++inflight_;
  actions.push_back(Publish{std::move(client), n, std::move(body)});
}

bool Session::admit(base::TimePoint now, std::optional<std::uint64_t> n, Actions& actions) {
  if (frames_.take(now)) {
    refused_in_row_ = 0;
    return true;
  }
  if (++refused_in_row_ > kPatience) {
    refuse(wire::error_of(wire::Code::rate_exceeded), actions);
    return false;
  }
  auto error = wire::error_of(wire::Code::rate_limited);
  error.n = n;
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(frames_.wait(now));
  error.retry_after_ms = static_cast<std::uint64_t>(wait.count()) + 1;
  refuse(error, actions);
  return false;
}

void Session::refuse(const wire::Error& error, Actions& actions) {
  actions.push_back(Reply{wire::encode_error(error, dialect_), error.code});
  if (wire::info(error.code).close != 0) end(error.code, actions);
}

void Session::on_joined(wire::Welcome welcome, Actions& actions) {
  if (state_ != State::joining) return;
  state_ = State::joined;
  name_ = welcome.name;
  if (dialect_ == wire::Dialect::plain) return;
  welcome.client = client_;
  welcome.limits = limits_;
  actions.push_back(Reply{wire::encode_welcome(welcome), std::nullopt});
}

void Session::on_join_failed(const wire::Error& error, Actions& actions) {
  if (state_ == State::ended) return;
  refuse(error, actions);
  if (state_ != State::ended) end(error.code, actions);
}

void Session::on_published(std::uint64_t n, const wire::Result<broker::Published>& outcome,
                           Actions& actions) {
  --inflight_;
  if (state_ == State::ended) return;
  if (!outcome) {
    auto error = outcome.error();
    if (dialect_ == wire::Dialect::v1) error.n = n;
    told_busy_ = told_busy_ || error.code == wire::Code::busy;
    refuse(error, actions);
    hold_back(error.code);
    return;
  }
  if (dialect_ == wire::Dialect::plain) return;
  actions.push_back(Reply{wire::encode_ack({n, outcome->seq, outcome->repeat}), std::nullopt});
}

void Session::on_ready(Actions& actions) {
  if (state_ != State::joined || !std::exchange(told_busy_, false)) return;
  if (dialect_ == wire::Dialect::plain) return;
  actions.push_back(Reply{wire::encode_ready(), std::nullopt});
}

void Session::on_renamed(const wire::Result<std::string>& name, Actions& actions) {
  renaming_ = false;
  if (state_ == State::ended) return;
  if (!name) return refuse(name.error(), actions);
  name_ = *name;
  actions.push_back(Reply{wire::encode_renamed(*name), std::nullopt});
}

void Session::on_renamed_unasked(const std::string& name, Actions& actions) {
  if (state_ != State::joined) return;
  name_ = name;
  if (dialect_ == wire::Dialect::plain) return;
  actions.push_back(Reply{wire::encode_renamed(name), std::nullopt});
}

void Session::on_page(const wire::HistoryRequest& request,
                      const wire::Result<broker::ReadAnswer>& answer, Actions& actions) {
  --reads_;
  if (state_ == State::ended) return;
  if (!answer) return refuse(answer.error(), actions);
  wire::HistoryPage page;
  page.before = request.before;
  page.after = request.after;
  page.messages = answer->page.messages;
  page.more = answer->page.more;
  actions.push_back(Reply{wire::encode_history(page), std::nullopt});
}

}  // namespace chat::session
