#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "chat/tui/frame.hpp"
#include "chat/tui/line_editor.hpp"
#include "chat/tui/room_view.hpp"
#include "chat/tui/texts.hpp"

namespace chat::tui {

/// All that a screen shows.
struct Shown {
  std::vector<const RoomView*> rooms;  ///< at least one
  std::size_t active = 0;
  const LineEditor* editor = nullptr;
  std::size_t scrolled = 0;  ///< lines up from the end
  std::string link;          ///< "connected", "reconnecting in 3 s"
  std::string question;      ///< in place of the input line, when one is asked
  std::string answers;       ///< behind it, to be seen on a narrow screen too
  std::string found;         ///< a text that a search marks
  base::TimePoint now{};
  const Texts* texts = &english();
  /// A moment in local time: "17:03", and its day.
  std::function<std::string(base::WallMs)> clock;
  std::function<Day(base::WallMs)> day;
};

/// A screen of `columns` × `lines` (at least 10 × 3): messages, a status line, the input line.
/// `scrolled` is cut to what there is. Pure.
struct Rendered {
  Frame frame;
  std::size_t scrolled = 0;
  bool shows_oldest = false;  ///< the first row is in sight
};
Rendered render(const Shown& shown, std::size_t columns, std::size_t lines);

/// The colour of a name, the same everywhere: 1 to kColors.
std::uint8_t color_of(const std::string& name);

}  // namespace chat::tui
