#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/tui/frame.hpp"
#include "chat/tui/line_editor.hpp"
#include "chat/tui/room_view.hpp"
#include "chat/tui/texts.hpp"
#include "chat/tui/viewport.hpp"

namespace chat::tui {

/// All that a screen shows.
struct Shown {
  std::vector<const RoomView*> rooms;  ///< at least one
  std::size_t active = 0;
  const LineEditor* editor = nullptr;
  std::optional<Place> top;  ///< what is read; none: the end
  std::ptrdiff_t up = 0;     ///< lines up from there
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

struct Rendered {
  Frame frame;
  View view;  ///< of the messages; its lines are in the frame
};
/// A screen of `columns` × `lines` (at least 10 × 3): messages, a status line, the input line.
/// Pure.
Rendered render(const Shown& shown, std::size_t columns, std::size_t lines);

/// The colour of a name, the same everywhere: 1 to kColors.
std::uint8_t color_of(const std::string& name);

}  // namespace chat::tui
