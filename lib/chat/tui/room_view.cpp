#include "chat/tui/room_view.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/tui/words.hpp"

namespace chat::tui {
namespace {

constexpr auto kTypingShown = std::chrono::seconds(4);
constexpr std::size_t kMostSpeakers = 200;

std::string folded(const std::string& name) { return base::fold_case(name).value_or(name); }

void show_action(Row& row) {
  auto action = action_in(row.text);
  row.is_action = action.has_value();
  if (action) row.text = std::move(*action);
}

}  // namespace

Row RoomView::row_of(const wire::Message& message) {
  Row row;
  row.kind = Row::Kind::message;
  row.id = ++last_id_;
  row.seq = message.seq;
  row.at = message.at;
  row.name = message.name;
  row.n = message.n;
  row.text = wire::readable(message.body);
  show_action(row);
  row.is_own = !client_.value().empty() && message.client == client_;
  row.is_mention = !row.is_own && mentions(row.text, name_);
  return row;
}

/// Before what waits for its acknowledgement.
void RoomView::add(Row row) {
  if (row.id == 0) row.id = ++last_id_;
  const auto end = rows_.end() - static_cast<std::ptrdiff_t>(waiting_);
  rows_.insert(end, std::move(row));
  if (rows_.size() <= kMostRows + waiting_) return;
  rows_.pop_front();
  has_older_ = true;
}

// ---- what happens

void RoomView::on_joined(const wire::Welcome& welcome) {
  // What another client of ours had acknowledged comes back as a stranger's.
  if (client_ != welcome.client) {
    while (waiting_ > 0 && rows_.back().way == Row::Way::acknowledged) {
      rows_.pop_back();
      --waiting_;
    }
  }
  name_ = welcome.name;
  client_ = welcome.client;
  members_ = {welcome.members.begin(), welcome.members.end()};
  count_ = welcome.count;
  has_messages_ = welcome.head > base::Seq(0);
  if (!welcome.missing) had_messages_ = has_messages_ || (cursor_ && had_messages_);
  if (cursor_) return;
  cursor_ = wire::Cursor{welcome.epoch, base::Seq(0)};
  // Who is here for the first time has not missed what was said before.
  if (!read_to_) read_to_ = wire::Cursor{welcome.epoch, welcome.head};
}

bool RoomView::on_message(const wire::Message& message, const base::Epoch& epoch) {
  Row row = row_of(message);
  had_messages_ = true;
  cursor_ = wire::Cursor{epoch, message.seq};
  typing_.erase(row.name);
  if (row.is_own) {
    const auto pending = std::find_if(rows_.begin(), rows_.end(), [&](const Row& one) {
      return one.kind == Row::Kind::pending && one.n == message.n;
    });
    if (pending != rows_.end()) {
      row.id = pending->id;
      rows_.erase(pending);
      --waiting_;
    }
  }
  const auto spoke = std::find(speakers_.begin(), speakers_.end(), row.name);
  if (spoke != speakers_.end()) speakers_.erase(spoke);
  speakers_.push_back(row.name);
  if (speakers_.size() > kMostSpeakers) speakers_.erase(speakers_.begin());

  const bool was_read =
      row.is_own || (read_to_ && read_to_->epoch == epoch && message.seq <= read_to_->seq);
  const bool counts = !was_read && !is_read_ && !is_ignored(row.name);
  if (counts) {
    ++unread_;
    has_mention_ = has_mention_ || row.is_mention;
    if (!unread_from_) unread_from_ = row.seq;
  }
  const bool is_mention = row.is_mention && !is_ignored(row.name) && !was_read;
  add(std::move(row));
  return is_mention;
}

void RoomView::on_older(const wire::HistoryPage& page) {
  has_older_ = page.more;
  for (auto message = page.messages.rbegin(); message != page.messages.rend(); ++message) {
    if (rows_.size() >= kMostRows) return;
    const auto first = oldest();
    const bool is_older =
        first ? (*message)->seq < *first : cursor_ && (*message)->seq <= cursor_->seq;
    if (is_older) rows_.push_front(row_of(**message));
  }
}

void RoomView::on_presence(const wire::Presence& presence, base::WallMs now) {
  count_ = presence.count;
  for (const auto& name : presence.left) members_.erase(name);
  for (const auto& [from, to] : presence.renamed) members_.erase(from);
  for (const auto& [from, to] : presence.renamed) members_.insert(to);
  members_.insert(presence.joined.begin(), presence.joined.end());
  for (const auto& [from, to] : presence.renamed) {
    const auto spoke = std::find(speakers_.begin(), speakers_.end(), from);
    if (spoke != speakers_.end()) *spoke = to;
    if (to == name_) continue;  // we are told by on_renamed
    Row row;
    row.kind = Row::Kind::renamed;
    row.at = now;
    row.name = from;
    row.text = to;
    add(std::move(row));
  }
  if (presence.joined.empty() && presence.left.empty()) return;
  const auto behind = rows_.size() - waiting_;
  const bool joins_on = behind > 0 && rows_[behind - 1].kind == Row::Kind::presence;
  if (!joins_on) {
    Row row;
    row.kind = Row::Kind::presence;
    row.at = now;
    add(std::move(row));
  }
  Row& row = rows_[rows_.size() - waiting_ - 1];
  for (const auto& name : presence.joined) {
    if (row.left.erase(name) == 0 && name != name_) row.joined.insert(name);
  }
  for (const auto& name : presence.left) {
    if (row.joined.erase(name) == 0) row.left.insert(name);
  }
  if (row.joined.empty() && row.left.empty()) {
    rows_.erase(rows_.end() - static_cast<std::ptrdiff_t>(waiting_) - 1);
  }
}

void RoomView::on_typing(const std::string& name, base::TimePoint now) {
  typing_[name] = now + kTypingShown;
}

void RoomView::on_renamed(const std::string& name) {
  members_.erase(name_);
  name_ = name;
  members_.insert(name);
}

void RoomView::on_gap(const wire::Missing& missing) {
  const bool is_replaced = !missing.between;
  const bool is_missed = !is_replaced || had_messages_;
  if (is_replaced) had_messages_ = has_messages_;
  if (!is_missed) return;  // the log that is gone was empty
  Row row;
  row.kind = Row::Kind::gap;
  row.is_replaced = is_replaced;
  add(std::move(row));
}

void RoomView::on_lost() { typing_.clear(); }

void RoomView::notice(std::string text, base::WallMs now) {
  Row row;
  row.text = std::move(text);
  row.at = now;
  add(std::move(row));
}

void RoomView::add_pending(std::uint64_t n, std::string text, base::WallMs now) {
  Row row;
  row.kind = Row::Kind::pending;
  row.id = ++last_id_;
  row.n = n;
  row.at = now;
  row.name = name_;
  row.text = std::move(text);
  show_action(row);
  row.is_own = true;
  rows_.push_back(std::move(row));
  ++waiting_;
}

void RoomView::on_acked(std::uint64_t n) {
  for (auto row = rows_.end() - static_cast<std::ptrdiff_t>(waiting_); row != rows_.end(); ++row) {
    if (row->n == n) row->way = Row::Way::acknowledged;
  }
  had_messages_ = true;
}

void RoomView::see_on_its_way(const std::function<bool(std::uint64_t)>& is_on_its_way) {
  for (auto row = rows_.end() - static_cast<std::ptrdiff_t>(waiting_); row != rows_.end(); ++row) {
    if (row->way == Row::Way::acknowledged) continue;
    row->way = is_on_its_way(row->n) ? Row::Way::sending : Row::Way::waiting;
  }
}

void RoomView::on_failed(std::uint64_t n, std::string why) {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [n](const Row& row) {
    return row.kind == Row::Kind::pending && row.n == n;
  });
  if (found == rows_.end()) return;
  Row row = std::move(*found);
  rows_.erase(found);
  --waiting_;
  row.kind = Row::Kind::failed;
  row.note = std::move(why);
  add(std::move(row));
}

void RoomView::read_all() {
  is_read_ = true;
  unread_ = 0;
  has_mention_ = false;
}

void RoomView::leave() {
  is_read_ = false;
  unread_from_.reset();
}

void RoomView::clear() {
  const auto end = rows_.end() - static_cast<std::ptrdiff_t>(waiting_);
  rows_.erase(rows_.begin(), end);
  has_older_ = true;
}

bool RoomView::toggle_ignored(const std::string& name) {
  if (ignored_.erase(folded(name)) > 0) return false;
  ignored_.emplace(folded(name), name);
  return true;
}

// ---- what is shown

bool RoomView::is_ignored(const std::string& name) const {
  return !ignored_.empty() && ignored_.count(folded(name)) > 0;
}

std::vector<std::string> RoomView::ignored() const {
  std::vector<std::string> names;
  for (const auto& [fold, name] : ignored_) names.push_back(name);
  return names;
}

std::vector<std::string> RoomView::names() const {
  std::vector<std::string> names(speakers_.rbegin(), speakers_.rend());
  for (const auto& name : members_) {
    if (std::find(speakers_.begin(), speakers_.end(), name) == speakers_.end())
      names.push_back(name);
  }
  names.erase(std::remove(names.begin(), names.end(), name_), names.end());
  return names;
}

std::vector<std::string> RoomView::typing(base::TimePoint now) const {
  std::vector<std::string> names;
  for (const auto& [name, until] : typing_) {
    if (until > now && name != name_) names.push_back(name);
  }
  return names;
}

std::vector<Row> RoomView::pending() const {
  return {rows_.end() - static_cast<std::ptrdiff_t>(waiting_), rows_.end()};
}

std::vector<Row> RoomView::unsent() const {
  auto rows = pending();
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const Row& row) { return row.way == Row::Way::acknowledged; }),
             rows.end());
  return rows;
}

std::optional<base::Seq> RoomView::oldest() const {
  for (const Row& row : rows_) {
    if (row.kind == Row::Kind::message) return row.seq;
  }
  return std::nullopt;
}

}  // namespace chat::tui
