#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/tui/frame.hpp"
#include "chat/tui/room_view.hpp"
#include "chat/tui/texts.hpp"

namespace chat::tui {

/// What stands at the upper edge of the screen, told by a row that stays what it is while others
/// come, go and are folded.
struct Place {
  std::uint64_t row = 0;    ///< its Row::id
  std::ptrdiff_t line = 0;  ///< of its lines; negative: so many lines above its first

  friend bool operator==(const Place& a, const Place& b) {
    return a.row == b.row && a.line == b.line;
  }
};

/// The lines of a room that are in sight.
struct View {
  std::vector<Line> lines;
  std::optional<Place> top;  ///< none: there are no lines
  bool is_at_end = true;     ///< there is nothing below
  bool shows_oldest = true;  ///< there is nothing above
};

/// Chooses the lines that are in sight, with the lines between days and above what is new. Pure;
/// for one drawing: the room must not change meanwhile.
class Viewport {
 public:
  struct Painting {
    std::function<std::vector<Line>(const Row&)> row;  ///< at least one line
    std::function<Day(base::WallMs)> day;
    const Texts* texts = nullptr;
    std::size_t columns = 0;
  };
  Viewport(const RoomView& room, Painting painting);

  /// `height` lines (fewer, where there are no more) from `top` on, or the last ones when there is
  /// none; moved `up` by so many lines, but not beyond what there is.
  View view(const std::optional<Place>& top, std::ptrdiff_t up, std::size_t height);

 private:
  /// A row as it is shown: its own lines are behind `above` others.
  struct Block {
    std::vector<Line> lines;
    std::size_t above = 0;
  };
  /// A line of a block, by the index of its row.
  using Spot = std::pair<std::size_t, std::ptrdiff_t>;

  const Block& block(std::size_t index);
  std::ptrdiff_t size(std::size_t index);
  std::optional<std::string> day_above(std::size_t index) const;
  bool is_shown(std::size_t index) const;
  std::optional<std::size_t> before(std::size_t index) const;
  std::optional<std::size_t> from(std::size_t index) const;
  Spot found(const Place& place, std::size_t first);
  Spot moved(Spot spot, std::ptrdiff_t down);
  Place place_at(Spot top, std::size_t height);

  const RoomView& room_;
  const Painting painting_;
  std::map<std::size_t, Block> blocks_;
};

}  // namespace chat::tui
