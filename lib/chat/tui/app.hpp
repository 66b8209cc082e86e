#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "chat/client/client.hpp"
#include "chat/tui/command.hpp"
#include "chat/tui/line_editor.hpp"
#include "chat/tui/render.hpp"
#include "chat/tui/room_view.hpp"
#include "chat/tui/terminal.hpp"
#include "chat/tui/texts.hpp"
#include "chat/wire/codec.hpp"

namespace chat::tui {

/// The server's rooms, or why they are not known.
using RoomsAnswer = tl::expected<std::vector<wire::RoomSummary>, std::string>;

/// The terminal client: rooms, each with its own connection, one of them on the screen.
/// Thread: one loop, the executor's. All references must outlive it.
class App {
 public:
  struct Options {
    client::Dialler dialler;
    client::Client::Options client;  ///< servers, name, where to begin; the first room
    bool bell = false;               ///< when somebody mentions us
    /// How far a room had been read; and keeps it.
    std::function<std::optional<wire::Cursor>(const base::RoomName&)> read_to;
    std::function<void(const base::RoomName&, const wire::Cursor&)> keep_read_to;
    /// Asks the server for its rooms; calls back on the loop.
    std::function<void(std::function<void(const RoomsAnswer&)>)> ask_rooms;
    const Texts* texts = &english();
    /// A moment in local time (Shown).
    std::function<std::string(base::WallMs)> clock;
    std::function<Day(base::WallMs)> day;
    std::function<std::uint64_t()> random;  ///< as client::Client::Options has it
  };

  /// `finish` is called once, with the exit code.
  App(base::Executor& executor, Terminal& terminal, Options options,
      std::function<void(int)> finish);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  void start();
  /// The terminal has something to be read.
  void on_input();
  /// Keeps what was read, leaves all rooms at once. `exit` 0 becomes 7 when something stays that
  /// was not acknowledged.
  void quit(int exit);
  /// Why it ended, when it could not even begin; empty otherwise.
  const std::string& last_words() const noexcept { return last_words_; }

  /// A message of ours that was left without an acknowledgement.
  struct Unsent {
    base::RoomName room;
    std::string text;  ///< as it was said
    bool may_be_there = false;
  };
  /// Those, once it is over: room by room, in the order of sending.
  const std::vector<Unsent>& unsent() const noexcept { return unsent_; }

 private:
  class Room;
  enum class Leaving : std::uint8_t { no, waiting, warned };

  void press(const Key& key);
  bool press_control(char letter);
  bool press_alt(char letter);
  bool quit_for(const Room& room, const client::Ended& ended);
  void leave();
  void go_on_leaving();
  std::size_t count_unsent() const;
  void stay();
  void keep_unsent(const Room& room);
  void answer_question(const Key& key);
  void complete();
  void enter();
  void say(const std::string& written);
  void carry_out(const Entered& entered);
  void join(const std::string& name);
  void open_room(base::RoomName name);
  void reopen(Room& room);
  void part();
  void show(std::size_t index);
  void scroll(std::ptrdiff_t lines);
  void load_older();
  void leave_what_is_read();
  void to_end();
  void search(const std::string& text);
  void end_search();
  void ignore(const std::string& name);
  void help();
  void list_rooms();
  void ask_rooms(std::function<void(const RoomsAnswer&)> then);
  void notice(const std::string& text);
  void keep_read_to(Room& room);
  void draw_later();
  void draw();
  void ask(Shown& shown) const;
  void tick();
  std::string link_text(const Room& room) const;
  const Texts& texts() const { return *options_.texts; }
  Room& active() const { return *rooms_[active_]; }

  base::Executor& executor_;
  Terminal& terminal_;
  const Options options_;
  const std::function<void(int)> finish_;
  std::vector<std::unique_ptr<Room>> rooms_;
  std::vector<std::unique_ptr<Room>> left_;  // may be in a call of their own
  std::size_t active_ = 0;
  LineEditor editor_;
  Completion completion_;
  std::vector<std::string> known_rooms_;
  bool asks_rooms_ = false;   // for Tab
  std::optional<Place> top_;  // what is read; none: the end
  std::ptrdiff_t up_ = 0;     // lines up from there, not drawn yet
  bool shows_oldest_ = false;
  std::optional<std::string> pasted_;  // more than one line, not sent yet
  std::string found_;
  std::size_t found_back_ = 0;  // how many matches further back
  std::string found_at_;        // where that is, for people
  base::TimePoint typed_at_{};
  base::TimerId tick_ = 0;
  bool will_draw_ = false;
  bool is_over_ = false;
  Leaving leaving_ = Leaving::no;
  base::TimePoint leaves_until_{};  // while it waits for acknowledgements
  const Room* parting_ = nullptr;   // was told what /part would leave behind; only compared
  std::vector<Unsent> unsent_;
  std::string last_words_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace chat::tui
