#include "chat/tui/app.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/tui/emoji.hpp"
#include "chat/wire/names.hpp"

namespace chat::tui {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 1s;
constexpr auto kTypingEvery = 2500ms;
constexpr auto kLeaveBound = 3s;
constexpr int kNotAcknowledged = 7;
constexpr std::size_t kPage = 100;
constexpr std::size_t kMostRooms = 32;
constexpr std::size_t kUsageColumns = 16;

/// Without the line breaks at its end.
std::string without_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Whether `name` is what a server makes of a wish that is taken: the wish, or its beginning when
/// it is long, and a number. Of two renames the answer to the first is none of the second.
bool is_instead_of(const std::string& name, const std::string& wish) {
  const auto dash = name.rfind('-');
  if (wish.empty() || name == wish || dash == std::string::npos) return false;
  const bool has_number = name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
  return has_number && dash + 1 < name.size() && wish.compare(0, dash, name, 0, dash) == 0;
}

}  // namespace

/// One room's connection and window.
class App::Room final : private client::Client::Listener {
 public:
  Room(App& app, client::Client::Options options) : view(options.room), app_(app) {
    if (app.options_.read_to) view.set_read_to(app.options_.read_to(options.room));
    begin(std::move(options));
  }

  /// With a new client. Not in a call of the one before.
  void begin(client::Client::Options options) {
    wish_ = options.name;
    client::Client::Listener& listener = *this;
    client_ = std::make_unique<client::Client>(app_.executor_, app_.options_.dialler,
                                               std::move(options), listener);
    trouble.clear();
    is_loading = false;
    is_closed = false;
  }

  void rename(std::string name) {
    wish_ = name;
    client_->rename(std::move(name));
  }
  /// What we are called here, or want to be.
  const std::string& called() const { return wish_.empty() ? client_->core().name() : wish_; }

  client::Client& client() { return *client_; }
  const client::Client& client() const { return *client_; }

  RoomView view;
  std::string trouble;     ///< why there is no connection; empty: there is one
  bool is_closed = false;  ///< for good
  base::TimePoint retry_at{};
  std::optional<base::Duration> latency;
  bool is_loading = false;
  bool is_caught_up = false;  ///< what there was at the start is shown
  std::optional<wire::Cursor> kept;

 private:
  void on_told(const client::Action& told) override {
    std::visit([this](const auto& one) { on(one); }, told);
    app_.draw_later();
  }

  void on(const client::Joined& joined) {
    trouble.clear();
    is_loading = false;
    const auto before = view.name();
    view.on_joined(joined.welcome);
    if (view.name() != (before.empty() ? wish_ : before)) tell_name(before.empty());
  }
  void on(const client::Received& received) {
    const auto& epoch = client_->core().backlog().cursor()->epoch;
    const bool is_mention = view.on_message(*received.message, epoch);
    if (is_mention && app_.options_.bell) app_.terminal_.bell();
  }
  void on(const client::CaughtUp&) { is_caught_up = true; }
  void on(const client::Gap& gap) {
    view.on_gap(gap.missing);
    if (gap.missing.between) return;
    for (const Row& row : view.pending()) {
      if (row.way == Row::Way::acknowledged) view.on_failed(row.n, texts().lost_with_its_log());
    }
  }
  void on(const client::Acked& acked) {
    view.on_acked(acked.n);
    app_.go_on_leaving();
    const auto sent = sent_at_.find(acked.n);
    if (sent == sent_at_.end()) return;
    latency = app_.executor_.now() - sent->second;
    sent_at_.erase(sent);
  }
  void on(const client::Failed& failed) {
    sent_at_.erase(failed.n);
    const auto why = texts().said(failed.error.code, failed.error.text);
    view.on_failed(failed.n, failed.may_be_there ? texts().may_be_there(why) : why);
    app_.stay();  // to be read
  }
  void on(const client::Told& told) {
    std::visit([this](const auto& frame) { on_frame(frame); }, told.frame);
  }
  void on(const client::Lost& lost) {
    view.on_lost();
    trouble = texts().lost(lost.close, lost.why);
    retry_at = lost.retry_at;
    sent_at_.clear();
    app_.go_on_leaving();
  }
  void on(const client::Ended& ended) {
    if (!was_joined() && app_.quit_for(*this, ended)) return;
    trouble = texts().lost(ended.close, ended.why);
    is_closed = true;
    sent_at_.clear();
    for (const Row& row : view.unsent()) {
      const bool may_be_there = client_->core().was_sent(row.n);
      view.on_failed(row.n, may_be_there ? texts().may_be_there(trouble) : trouble);
    }
    tell_closed();
    app_.stay();
  }
  template <class Other>
  void on(const Other&) {}

  void on_frame(const wire::Presence& presence) {
    view.on_presence(presence, app_.executor_.wall_now());
  }
  void on_frame(const wire::TypingBy& typing) { view.on_typing(typing.name, app_.executor_.now()); }
  void on_frame(const wire::Renamed& renamed) {
    view.on_renamed(renamed.name);
    tell_name(false);
  }
  void on_frame(const wire::HistoryPage& page) {
    is_loading = false;
    view.on_older(page);
  }
  void on_frame(const wire::ErrorFrame& error) {
    is_loading = false;
    view.notice(texts().said(error.code, error.text), app_.executor_.wall_now());
  }
  template <class Other>
  void on_frame(const Other&) {}

  void tell_name(bool is_first) {
    const auto& name = view.name();
    if (is_instead_of(name, wish_)) {
      view.notice(texts().taken(wish_, name), app_.executor_.wall_now());
    } else if (!is_first) {
      view.notice(texts().you_are_now(name), app_.executor_.wall_now());
    }
  }

  void tell_closed() {
    view.notice(texts().over(trouble, view.room().value()), app_.executor_.wall_now());
  }

  const Texts& texts() const { return app_.texts(); }
  bool was_joined() const { return !view.name().empty() && view.cursor().has_value(); }

  friend class App;
  App& app_;
  std::unique_ptr<client::Client> client_;
  std::string wish_;  // the name that was asked for last
  std::map<std::uint64_t, base::TimePoint> sent_at_;
};

App::App(base::Executor& executor, Terminal& terminal, Options options,
         std::function<void(int)> finish)
    : executor_(executor),
      terminal_(terminal),
      options_(std::move(options)),
      finish_(std::move(finish)) {}

App::~App() { executor_.cancel(tick_); }

void App::start() {
  open_room(options_.client.room);
  draw_later();
  tick();
}

// ---- rooms

void App::open_room(base::RoomName name) {
  const auto there = std::find_if(rooms_.begin(), rooms_.end(),
                                  [&](const auto& room) { return room->view.room() == name; });
  if (there != rooms_.end()) {
    show(static_cast<std::size_t>(there - rooms_.begin()));
    if (active().is_closed) reopen(active());
    return;
  }
  if (rooms_.size() >= kMostRooms) return notice(texts().too_many_rooms());
  auto options = options_.client;
  options.room = std::move(name);
  options.random = options_.random;
  if (!rooms_.empty()) {
    options.name = active().called();
    options.persistent = true;  // a room beside others stays, like them
  }
  rooms_.push_back(std::make_unique<Room>(*this, std::move(options)));
  show(rooms_.size() - 1);
  active().client().start();
}

/// Goes on behind what it has shown.
void App::reopen(Room& room) {
  const auto& core = room.client().core();
  auto options = options_.client;
  options.room = room.view.room();
  options.random = options_.random;
  options.name = room.called();
  options.persistent = true;
  if (const auto& cursor = core.backlog().cursor()) {
    options.from.kind = client::ReadFrom::Kind::cursor;
    options.from.cursor = *cursor;
  }
  room.begin(std::move(options));
  room.client().start();
}

void App::join(const std::string& text) {
  const bool has_mark = !text.empty() && text.front() == '#';
  auto name = wire::parse_room_name(has_mark ? text.substr(1) : text);
  if (!name) return notice(texts().join_refused(name.error()));
  open_room(std::move(*name));
}

void App::part() {
  if (rooms_.size() == 1) return notice(texts().last_room());
  const auto unsent = active().view.unsent().size();
  if (unsent > 0 && std::exchange(parting_, &active()) != &active()) {
    return;
  }
  parting_ = nullptr;
  keep_unsent(active());
  keep_read_to(active());
  active().client().leave();
  left_.push_back(std::move(rooms_[active_]));
  rooms_.erase(rooms_.begin() + static_cast<std::ptrdiff_t>(active_));
  executor_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) left_.clear();
  });
  active_ = std::min(active_, rooms_.size() - 1);
  to_end();
}

void App::show(std::size_t index) {
  if (index >= rooms_.size()) return;
  parting_ = nullptr;
  if (active_ < rooms_.size() && index != active_) {
    keep_read_to(active());
    active().view.leave();
  }
  active_ = index;
  to_end();
  end_search();
  completion_.reset();
}

void App::keep_read_to(Room& room) {
  const auto& cursor = room.view.cursor();
  if (!options_.keep_read_to || !cursor || cursor->seq == base::Seq(0) || room.view.unread() > 0)
    return;
  if (std::exchange(room.kept, cursor) == cursor) return;
  options_.keep_read_to(room.view.room(), *cursor);
}

// ---- leaving

void App::quit(int exit) {
  if (std::exchange(is_over_, true)) return;
  for (auto& room : rooms_) {
    keep_unsent(*room);
    keep_read_to(*room);
    room->client().leave();
  }
  finish_(exit == 0 && !unsent_.empty() ? kNotAcknowledged : exit);
}

/// The first room cannot be entered at all: there is nothing to show.
bool App::quit_for(const Room& room, const client::Ended& ended) {
  if (rooms_.size() > 1 || rooms_.front().get() != &room) return false;
  last_words_ = texts().lost(ended.close, ended.why);
  quit(ended.exit);
  return true;
}

/// What is not acknowledged is waited for, or told about; the second time nothing is.
void App::leave() {
  if (leaving_ != Leaving::no || count_unsent() == 0) return quit(0);
  leaving_ = Leaving::waiting;
  leaves_until_ = executor_.now() + kLeaveBound;
  go_on_leaving();
}

void App::go_on_leaving() {
  if (is_over_ || leaving_ == Leaving::no) return;
  const bool is_done = count_unsent() == 0;
  if (leaving_ == Leaving::warned) return is_done ? stay() : void();
  if (is_done) return quit(0);
  const bool may_come = std::any_of(rooms_.begin(), rooms_.end(), [](const auto& room) {
    return room->client().core().joined() && !room->view.unsent().empty();
  });
  if (may_come && executor_.now() < leaves_until_) return;
  leaving_ = Leaving::warned;
}

void App::stay() {
  leaving_ = Leaving::no;
  parting_ = nullptr;
}

std::size_t App::count_unsent() const {
  std::size_t count = 0;
  for (const auto& room : rooms_) count += room->view.unsent().size();
  return count;
}

void App::keep_unsent(const Room& room) {
  for (const Row& row : room.view.unsent()) {
    const bool was_sent = room.client().core().was_sent(row.n);
    unsent_.push_back({room.view.room(), (row.is_action ? "/me " : "") + row.text, was_sent});
  }
}

// ---- keys

void App::on_input() {
  for (const Key& key : terminal_.read()) {
    if (is_over_) return;
    press(key);
  }
  draw_later();
}

void App::press(const Key& key) {
  if (key.kind == Key::Kind::resize) return;
  if (pasted_) return answer_question(key);
  const bool is_tab = key.kind == Key::Kind::tab;
  if (is_tab) return complete();
  completion_.reset();
  switch (key.kind) {
    case Key::Kind::enter: return enter();
    case Key::Kind::page_up: return scroll(static_cast<std::ptrdiff_t>(terminal_.lines() / 2));
    case Key::Kind::page_down: return scroll(-static_cast<std::ptrdiff_t>(terminal_.lines() / 2));
    case Key::Kind::escape:
      stay();
      if (!editor_.search()) leave_what_is_read();
      break;
    case Key::Kind::end:
      if (editor_.empty()) to_end();
      break;
    case Key::Kind::control:
      if (press_control(key.letter)) return;
      break;
    case Key::Kind::alt:
      if (press_alt(key.letter)) return;
      break;
    case Key::Kind::paste:
      if (key.is_too_long) return notice(texts().paste_too_long());
      if (without_end(key.text).find('\n') != std::string::npos) {
        pasted_ = without_end(key.text);
        return;
      }
      break;
    default: break;
  }
  Key known = key;
  if (key.kind == Key::Kind::paste) known.text = without_end(key.text);
  if (!editor_.press(known)) return;
  const bool is_writing = !editor_.empty() && editor_.text().front() != '/';
  if (is_writing) stay();
  if (is_writing && executor_.now() - typed_at_ >= kTypingEvery) {
    typed_at_ = executor_.now();
    active().client().typing();
  }
}

bool App::press_control(char letter) {
  switch (letter) {
    case 'c':
      if (editor_.search()) return false;
      if (editor_.empty() && leaving_ != Leaving::no) {
        leave();
      } else if (editor_.empty()) {
        notice(texts().how_to_leave());
      } else {
        editor_.set({});
      }
      return true;
    case 'd':
      if (!editor_.empty()) return false;
      leave();
      return true;
    case 'l': terminal_.forget(); return true;
    case 'z': terminal_.suspend(); return true;
    default: return false;
  }
}

/// Alt+1 to Alt+9 show a room, Alt+u the next with something new.
bool App::press_alt(char letter) {
  if (letter >= '1' && letter <= '9') {
    show(static_cast<std::size_t>(letter - '1'));
    return true;
  }
  if (letter != 'u') return false;
  for (std::size_t i = 1; i < rooms_.size(); ++i) {
    const auto index = (active_ + i) % rooms_.size();
    if (rooms_[index]->view.unread() == 0) continue;
    show(index);
    break;
  }
  return true;
}

void App::answer_question(const Key& key) {
  const auto answer = key.kind == Key::Kind::text ? key.text : std::string();
  const bool gives_up = answer == "n" || answer == "N" || key.kind == Key::Kind::escape ||
                        (key.kind == Key::Kind::control && key.letter == 'c');
  if (answer == "y" || answer == "Y") {
    editor_.insert(*std::exchange(pasted_, std::nullopt));
    say(editor_.take());
  } else if (answer == "e" || answer == "E") {
    editor_.insert(*pasted_);
    pasted_.reset();
  } else if (gives_up) {
    pasted_.reset();
  }
}

void App::complete() {
  const bool wants_rooms = names_a_room(editor_.text()) && !completion_.goes_on();
  if (wants_rooms && !std::exchange(asks_rooms_, true)) {
    ask_rooms([this](const RoomsAnswer&) { asks_rooms_ = false; });
  }
  const auto offer =
      completion_.next(editor_.text(), editor_.cursor(), active().view.names(), known_rooms_);
  if (offer.is_there) editor_.replace_before_cursor(offer.begin, offer.text);
}

void App::enter() {
  const auto line = editor_.take();
  if (line.find_first_not_of(' ') == std::string::npos) return;
  const auto entered = parse_line(line);
  if (entered.is_command) return carry_out(entered);
  say(entered.text);
}

void App::say(const std::string& written) {
  if (written.empty()) return;
  Room& room = active();
  if (!base::is_utf8(written)) return notice(texts().not_utf8());
  const auto text = with_emoji(written);
  to_end();
  stay();
  if (room.is_closed) {
    room.view.add_pending(0, text, executor_.wall_now());
    room.view.on_failed(0, room.trouble);
    return room.tell_closed();
  }
  // It is there before its answer can be.
  const auto n = room.client().core().next_n();
  room.view.add_pending(n, text, executor_.wall_now());
  room.sent_at_[n] = executor_.now();
  room.client().send(wire::quoted(text));
}

// ---- commands

void App::carry_out(const Entered& entered) {
  const auto& name = entered.name;
  if (name != "quit" && name != "part") stay();
  if (name == "help") return help();
  if (name == "nick") {
    if (entered.text.empty()) return notice(texts().nick_needed());
    auto wanted = wire::parse_member_name(entered.text);
    if (!wanted) return notice(texts().nick_refused(wanted.error()));
    return active().rename(std::move(*wanted));
  }
  if (name == "me") return notice(texts().me_needed());
  if (name == "join") return join(entered.text);
  if (name == "part") return part();
  if (name == "rooms") return list_rooms();
  if (name == "who") {
    const auto& members = active().view.members();
    return notice(texts().who(active().view.count(), {members.begin(), members.end()}));
  }
  if (name == "history") {
    scroll(static_cast<std::ptrdiff_t>(terminal_.lines() / 2));
    return load_older();
  }
  if (name == "search") return search(entered.text);
  if (name == "ignore") return ignore(entered.text);
  if (name == "clear") {
    active().view.clear();
    to_end();
    return;
  }
  if (name == "quit") return leave();
  notice(texts().unknown_command(name, nearest_command(name)));
}

void App::help() {
  for (const auto& command : commands()) {
    const auto about = texts().about(command.command);
    std::string line(command.name);
    if (!about.argument.empty()) line.append(" ").append(about.argument);
    const auto width = base::columns(line);
    line.append(width + 2 > kUsageColumns ? 2 : kUsageColumns - width, ' ');
    notice(line.append(about.text));
  }
  notice(texts().help_keys());
}

void App::ignore(const std::string& name) {
  RoomView& view = active().view;
  if (name.empty()) return notice(texts().who_is_ignored(view.ignored()));
  if (base::fold_case(name) == base::fold_case(view.name())) {
    return notice(texts().ignore_refused());
  }
  notice(view.toggle_ignored(name) ? texts().ignored(name) : texts().not_ignored(name));
}

void App::list_rooms() {
  ask_rooms([this](const RoomsAnswer& answer) {
    if (!answer) return notice(answer.error());
    for (const auto& [room, epoch, head, members] : *answer)
      notice(room.value() + "  " + texts().members(members));
    if (answer->empty()) notice(texts().no_rooms());
  });
}

/// What comes back is known to Tab from then on.
void App::ask_rooms(std::function<void(const RoomsAnswer&)> then) {
  if (!options_.ask_rooms) return;
  options_.ask_rooms([this, then = std::move(then),
                      alive = std::weak_ptr<bool>(alive_)](const RoomsAnswer& answer) {
    if (alive.expired() || is_over_) return;
    draw_later();
    if (answer) {
      known_rooms_.clear();
      for (const auto& one : *answer) known_rooms_.push_back(one.room.value());
    }
    then(answer);
  });
}

void App::search(const std::string& text) {
  if (!text.empty()) {
    found_ = base::visible(text);
    found_back_ = 0;
  } else if (found_.empty()) {
    return notice(texts().search_needed());
  } else {
    ++found_back_;
  }
  found_at_.clear();
  std::vector<std::size_t> matches;
  const RoomView& view = active().view;
  for (std::size_t i = view.rows().size(); i > 0; --i) {
    const Row& row = view.rows()[i - 1];
    const bool is_shown = row.kind == Row::Kind::message && !view.is_ignored(row.name);
    if (is_shown && base::visible(row.text).find(found_) != std::string::npos)
      matches.push_back(i - 1);
  }
  if (matches.empty()) return notice(texts().not_found(found_));
  found_back_ = std::min(found_back_, matches.size() - 1);
  top_ = Place{view.rows()[matches[found_back_]].id, 0};
  up_ = static_cast<std::ptrdiff_t>(terminal_.lines() / 2);
  found_at_ = texts().found(found_back_ + 1, matches.size());
}

void App::end_search() {
  found_.clear();
  found_at_.clear();
}

void App::scroll(std::ptrdiff_t lines) {
  up_ += lines;
  if (lines > 0 && shows_oldest_) load_older();
}

/// Esc: first the marks of a search go, then the view.
void App::leave_what_is_read() {
  if (found_.empty()) return to_end();
  end_search();
}

void App::to_end() {
  top_.reset();
  up_ = 0;
}

void App::load_older() {
  Room& room = active();
  if (!room.view.has_older() || room.is_loading || !room.view.cursor()) return;
  wire::HistoryRequest request;
  request.before = room.view.oldest().value_or(base::Seq(room.view.cursor()->seq.value() + 1));
  request.limit = kPage;
  room.is_loading = room.client().ask_history(request);
}

void App::notice(const std::string& text) { active().view.notice(text, executor_.wall_now()); }

// ---- the screen

void App::draw_later() {
  if (is_over_ || std::exchange(will_draw_, true)) return;
  executor_.defer([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    will_draw_ = false;
    if (!is_over_) draw();
  });
}

void App::draw() {
  const bool is_reading_back = top_ || up_ > 0;
  if (is_reading_back) {
    active().view.look_away();
  } else if (active().is_caught_up) {
    active().view.read_all();
  }
  active().view.see_on_its_way(
      [&core = active().client().core()](std::uint64_t n) { return core.is_on_its_way(n); });
  Shown shown;
  for (const auto& room : rooms_) shown.rooms.push_back(&room->view);
  shown.active = active_;
  shown.editor = &editor_;
  shown.top = top_;
  shown.up = up_;
  shown.link = (found_at_.empty() ? "" : found_at_ + " │ ") + link_text(active());
  shown.found = found_;
  shown.now = executor_.now();
  shown.texts = options_.texts;
  shown.clock = options_.clock;
  shown.day = options_.day;
  ask(shown);
  const auto rendered = render(shown, terminal_.columns(), terminal_.lines());
  shows_oldest_ = rendered.view.shows_oldest;
  // A screen of another size shows what it showed when it has its size again.
  const bool has_moved = std::exchange(up_, 0) != 0;
  if (has_moved) top_ = rendered.view.top;
  if (rendered.view.is_at_end) to_end();
  terminal_.draw(rendered.frame);
  const bool came_to_end = is_reading_back && rendered.view.is_at_end;
  if (came_to_end && active().is_caught_up) active().view.read_all();
}

/// What stands in place of the input line, while something is asked.
void App::ask(Shown& shown) const {
  if (pasted_) {
    const auto lines = 1 + std::count(pasted_->begin(), pasted_->end(), '\n');
    shown.question = texts().paste_question(static_cast<std::size_t>(lines));
    shown.answers = texts().paste_answers();
  } else if (!editor_.empty() || editor_.search()) {
    return;
  } else if (leaving_ != Leaving::no) {
    const auto unsent = count_unsent();
    const bool is_waiting = leaving_ == Leaving::waiting;
    shown.question = is_waiting ? texts().are_being_sent(unsent) : texts().were_not_sent(unsent);
    shown.answers = texts().leave_again(unsent);
  } else if (parting_ == &active()) {
    const auto unsent = active().view.unsent().size();
    if (unsent == 0) return;
    shown.question = texts().were_not_sent(unsent);
    shown.answers = texts().part_again(unsent);
  }
}

std::string App::link_text(const Room& room) const {
  if (room.trouble.empty()) {
    if (!room.client().core().joined()) return texts().connecting();
    if (!room.latency) return texts().connected();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*room.latency).count();
    return std::to_string(ms) + " ms";
  }
  if (room.is_closed) return texts().closed(base::visible(room.trouble));
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(room.retry_at - executor_.now()).count();
  return left > 0 ? texts().reconnecting_in(left) : texts().reconnecting();
}

/// Count-downs, and who does not type any more.
void App::tick() {
  tick_ = executor_.after(kTick, [this] {
    for (auto& room : rooms_) keep_read_to(*room);
    go_on_leaving();
    draw_later();
    tick();
  });
}

}  // namespace chat::tui
