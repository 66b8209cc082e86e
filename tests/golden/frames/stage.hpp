#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chat/tui/app.hpp"
#include "chat/wire/frame.hpp"
#include "support/fake_terminal.hpp"
#include "support/manual_executor.hpp"
#include "support/ws_peer.hpp"

namespace chat::tests {

/// What a scene is played on.
struct Look {
  std::size_t columns = 64;
  std::size_t lines = 12;
  tui::Language language = tui::Language::english;
  bool has_colors = true;
};

/// The whole terminal client as "ann", on virtual time (it begins on Wed 25 Nov 2026, 17:00), with
/// a terminal and servers that a scene plays: one for each room, each with a log and members.
class Stage {
 public:
  using Names = std::vector<std::string>;
  static constexpr base::WallMs kBegin = 1795626000000;
  static constexpr base::WallMs kMinute = 60'000;
  static constexpr base::WallMs kDay = 24 * 60 * kMinute;

  explicit Stage(const Look& look);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // ---- before it begins

  /// What is in the log of #lobby, said so long after the begin; before it when that is negative.
  void has_said(const std::string& name, const std::string& text, base::WallMs after);
  /// How far #lobby had been read in an earlier life.
  void has_read_to(std::uint64_t seq);
  /// Names that others have: who asks for one of them gets it with "-2".
  void has_taken(const std::string& name) { taken_.insert(name); }
  void begin(const Names& members = {"ann", "bob"});

  // ---- the room on the screen at the begin is #lobby; `room`: another

  void says(const std::string& name, const std::string& text, const std::string& room = "lobby");
  void come(const Names& joined, const Names& left = {});
  void is_renamed(const std::string& from, const std::string& to);
  void is_called(const std::string& name);  // we are
  void types(const std::string& name);
  /// The server lets messages wait, or answers them; or refuses the next.
  void answers(bool does);
  void refuses_next(wire::Code code) { refusal_ = code; }
  /// The server goes, and says when it will be back; nobody gets through until it returns.
  void goes_for(std::chrono::seconds time);
  void returns() { is_there_ = true; }
  /// Whoever dials now is told that nobody is there.
  void fails();
  /// The server ends the connection with this code.
  void ends(std::uint16_t close, const std::string& room = "lobby");
  /// What the next welcome says is missing: what it does not keep any more; or all, because its log
  /// is a new one.
  void has_trimmed() { trimmed_ = true; }
  void has_a_new_log();
  void pass(base::Duration time);

  // ---- the keyboard

  void write(const std::string& text);
  void enter(const std::string& line);
  void press(tui::Key::Kind kind, char letter = 0);
  void paste(const std::string& text);

  const tui::Frame& frame() const { return terminal_.frame; }
  bool shows(const std::string& text) const {
    return terminal_.screen().find(text) != std::string::npos;
  }
  std::string screen() const { return terminal_.screen(); }
  tui::App& app() { return *app_; }
  /// Once it is over.
  const std::optional<int>& exit() const { return exit_; }

 private:
  struct Room {
    std::vector<wire::MessagePtr> log;
    Names members;
    std::string own;  // what we are called there
    std::vector<wire::Send> held;
    std::unique_ptr<FakeStream> wire;
    std::unique_ptr<WsPeer> peer;
  };

  wire::Message message(const Room& room, const std::string& name, const std::string& text) const;
  void take(Room& room, const wire::Send& send);
  std::string free_name(const std::string& wanted) const;
  void accept(const transport::Dial::Done& done);
  void settle();
  void hear(const std::string& name, Room& room);
  void on(const std::string& name, Room& room, const wire::Hello& hello);
  void on(const std::string& name, Room& room, const wire::Send& send);
  void on(const std::string& name, Room& room, const wire::HistoryRequest& request);
  void on(const std::string& name, Room& room, const wire::Rename& rename);
  template <class Other>
  void on(const std::string&, Room&, const Other&) {}
  void type_key(tui::Key key);

  ManualExecutor loop_;
  FakeTerminal terminal_;
  std::map<std::string, Room> rooms_;
  std::vector<transport::Dial::Done> dialled_;
  std::optional<wire::Cursor> read_to_;
  std::optional<wire::Code> refusal_;
  std::set<std::string> taken_;
  std::optional<int> exit_;
  base::Epoch epoch_{"first"};
  bool answers_ = true;
  bool trimmed_ = false;
  bool is_there_ = true;
  std::unique_ptr<tui::App> app_;
};

}  // namespace chat::tests
