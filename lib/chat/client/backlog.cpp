#include "chat/client/backlog.hpp"

#include <algorithm>
#include <utility>

namespace chat::client {
namespace {

base::Seq just_before(base::Seq seq) noexcept {
  return base::Seq(seq.value() - (seq.value() > 0 ? 1 : 0));
}

}  // namespace

Backlog::Backlog(ReadFrom from) : from_(std::move(from)) {
  if (from_.kind != ReadFrom::Kind::cursor) return;
  cursor_ = from_.cursor;
  state_ = State::live;
}

// ---- what is there when a connection begins

void Backlog::on_welcome(const wire::Welcome& welcome) {
  asked_.reset();
  newest_ = welcome.head;
  if (!goal_) goal_ = wire::Cursor{welcome.epoch, welcome.head};
  if (!cursor_) return begin(welcome);
  const bool is_whole = welcome.recovered.value_or(false);
  if (is_whole) {
    // What was being read comes by itself now.
    state_ = State::live;
  } else if (welcome.missing && welcome.missing->between) {
    // What is left follows; the first of it must pass.
    cursor_->seq = std::max(cursor_->seq, just_before(welcome.missing->between->second));
    state_ = State::live;
  } else {
    cursor_ = wire::Cursor{welcome.epoch, base::Seq(0)};
    state_ = welcome.head > base::Seq(0) ? State::filling : State::live;
    goal_ = wire::Cursor{welcome.epoch, welcome.head};
  }
  if (cursor_->epoch.value().empty()) cursor_->epoch = welcome.epoch;
}

void Backlog::begin(const wire::Welcome& welcome) {
  goal_ = wire::Cursor{welcome.epoch, welcome.head};
  before_ = base::Seq(welcome.head.value() + 1);
  wanted_ = from_.count;
  const bool wants_older = from_.kind == ReadFrom::Kind::time ||
                           from_.kind == ReadFrom::Kind::all ||
                           (from_.kind == ReadFrom::Kind::newest && from_.count > 0);
  if (!wants_older || welcome.head == base::Seq(0)) return fill_from(welcome.head);
  if (from_.kind == ReadFrom::Kind::all) return fill_from(base::Seq(0));
  state_ = State::seeking;
}

void Backlog::fill_from(base::Seq after) {
  cursor_ = wire::Cursor{goal_->epoch, after};
  state_ = after < newest_ ? State::filling : State::live;
}

// ---- what comes

bool Backlog::on_message(const wire::Message& message) {
  newest_ = std::max(newest_, message.seq);
  return state_ == State::live && tell(message);
}

bool Backlog::tell(const wire::Message& message) {
  if (message.seq <= cursor_->seq) return false;
  cursor_->seq = message.seq;
  return true;
}

std::optional<wire::HistoryRequest> Backlog::next_request(std::size_t page) {
  if (asked_ || (state_ != State::seeking && state_ != State::filling)) return std::nullopt;
  wire::HistoryRequest request;
  request.limit = std::max<std::size_t>(page, 1);
  if (state_ == State::filling) {
    request.after = cursor_->seq;
  } else {
    request.before = before_;
    if (from_.kind == ReadFrom::Kind::newest) request.limit = std::min(request.limit, wanted_);
  }
  asked_ = request;
  newest_asked_ = newest_;
  return request;
}

bool Backlog::awaits(const wire::HistoryPage& page) const noexcept {
  return asked_ && asked_->before == page.before && asked_->after == page.after;
}

std::vector<wire::MessagePtr> Backlog::on_page(const wire::HistoryPage& page) {
  asked_.reset();
  if (state_ == State::seeking) {
    seek(page);
    return {};
  }
  std::vector<wire::MessagePtr> told;
  for (const auto& message : page.messages) {
    if (tell(*message)) told.push_back(message);
  }
  // Nothing new: what was known of when it was asked for has been trimmed.
  if (told.empty()) cursor_->seq = std::max(cursor_->seq, newest_asked_);
  newest_ = std::max(newest_, cursor_->seq);
  const bool goes_on = (page.more && !told.empty()) || cursor_->seq < newest_;
  if (!goes_on) state_ = State::live;
  return told;
}

void Backlog::seek(const wire::HistoryPage& page) {
  bool is_found = !page.more || page.messages.empty();
  for (auto message = page.messages.rbegin(); message != page.messages.rend(); ++message) {
    const bool is_too_old = from_.kind == ReadFrom::Kind::time && (*message)->at < from_.at;
    if (is_too_old) {
      is_found = true;
      break;
    }
    before_ = (*message)->seq;
    if (from_.kind == ReadFrom::Kind::newest && --wanted_ == 0) {
      is_found = true;
      break;
    }
  }
  if (is_found) fill_from(just_before(before_));
}

bool Backlog::caught_up() const noexcept {
  if (!goal_ || !cursor_ || state_ == State::starting || state_ == State::seeking) return false;
  return state_ == State::live && cursor_->seq >= goal_->seq;
}

}  // namespace chat::client
