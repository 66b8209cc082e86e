#include "chat/tui/viewport.hpp"

#include <algorithm>

#include "chat/tui/fit.hpp"

namespace chat::tui {
namespace {

/// Whether it neither goes when others come, nor moves.
bool is_steady(const Row& row) {
  return row.kind != Row::Kind::presence && row.kind != Row::Kind::pending;
}

}  // namespace

Viewport::Viewport(const RoomView& room, Painting painting)
    : room_(room), painting_(std::move(painting)) {}

View Viewport::view(const std::optional<Place>& top, std::ptrdiff_t up, std::size_t height) {
  View view;
  const auto first = from(0);
  const auto last = before(room_.rows().size());
  if (!first || !last) return view;
  const Spot end = moved({*last, size(*last)}, -static_cast<std::ptrdiff_t>(height));
  const Spot spot = std::min(moved(top ? found(*top, *first) : end, -up), end);
  view.is_at_end = spot == end;
  view.shows_oldest = spot == Spot(*first, 0);
  view.top = place_at(spot, height);
  auto line = spot.second;
  for (std::optional<std::size_t> at = spot.first; at; at = from(*at + 1), line = 0) {
    const auto& lines = block(*at).lines;
    for (; line < size(*at); ++line) {
      if (view.lines.size() == height) return view;
      view.lines.push_back(lines[static_cast<std::size_t>(line)]);
    }
  }
  return view;
}

// ---- what is shown of a row

const Viewport::Block& Viewport::block(std::size_t index) {
  const auto known = blocks_.find(index);
  if (known != blocks_.end()) return known->second;
  const Row& row = room_.rows()[index];
  Block& block = blocks_[index];
  Style dim;
  dim.dim = true;
  if (const auto day = day_above(index)) block.lines.push_back(ruled(*day, painting_.columns, dim));
  if (row.kind == Row::Kind::message && room_.unread_from() == row.seq) {
    Style alert;
    alert.color = kAlertColor;
    block.lines.push_back(ruled(painting_.texts->unread_line(), painting_.columns, alert));
  }
  block.above = block.lines.size();
  auto lines = painting_.row(row);
  block.lines.insert(block.lines.end(), std::make_move_iterator(lines.begin()),
                     std::make_move_iterator(lines.end()));
  return block;
}

std::ptrdiff_t Viewport::size(std::size_t index) {
  return static_cast<std::ptrdiff_t>(block(index).lines.size());
}

/// Right behind the last message of a day stands the day of the next one; above all the first.
std::optional<std::string> Viewport::day_above(std::size_t index) const {
  const auto& rows = room_.rows();
  const auto previous = before(index);
  if (previous && rows[*previous].kind != Row::Kind::message) return std::nullopt;
  auto next = from(index);
  while (next && rows[*next].kind != Row::Kind::message) next = from(*next + 1);
  if (!next) return std::nullopt;
  const auto day = painting_.day(rows[*next].at);
  if (previous && painting_.day(rows[*previous].at) == day) return std::nullopt;
  return painting_.texts->day(day);
}

bool Viewport::is_shown(std::size_t index) const {
  const Row& row = room_.rows()[index];
  const bool is_said = row.kind == Row::Kind::message || row.kind == Row::Kind::pending;
  return !is_said || !room_.is_ignored(row.name);
}

/// The last one shown before `index`.
std::optional<std::size_t> Viewport::before(std::size_t index) const {
  while (index > 0) {
    if (is_shown(--index)) return index;
  }
  return std::nullopt;
}

/// The first one shown from `index` on.
std::optional<std::size_t> Viewport::from(std::size_t index) const {
  for (; index < room_.rows().size(); ++index) {
    if (is_shown(index)) return index;
  }
  return std::nullopt;
}

// ---- places

/// Where a place is now. A row that has become shorter is entered at its end; what is not shown any
/// more stands for what is behind it, or else for the `first` one.
Viewport::Spot Viewport::found(const Place& place, std::size_t first) {
  const auto& rows = room_.rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&place](const Row& one) { return one.id == place.row; });
  if (row == rows.end()) return {first, 0};
  const auto index = static_cast<std::size_t>(row - rows.begin());
  const auto shown = from(index);
  if (!shown) return {index, 0};
  const auto line = static_cast<std::ptrdiff_t>(block(*shown).above) + place.line;
  if (*shown != index) return moved({*shown, 0}, std::min<std::ptrdiff_t>(line, 0));
  return moved({index, std::min(line, size(index) - 1)}, 0);
}

/// So many lines further down, or up, but not beyond the first line, and at most behind the last.
Viewport::Spot Viewport::moved(Spot spot, std::ptrdiff_t down) {
  auto [index, line] = spot;
  line += down;
  while (line < 0) {
    const auto previous = before(index);
    if (!previous) return {index, 0};
    index = *previous;
    line += size(index);
  }
  while (line >= size(index)) {
    const auto next = from(index + 1);
    if (!next) return {index, size(index)};
    line -= size(index);
    index = *next;
  }
  return {index, line};
}

/// A place for the upper edge, by the first steady row whose begin is in sight or above.
Place Viewport::place_at(Spot top, std::size_t height) {
  auto begin = static_cast<std::ptrdiff_t>(block(top.first).above) - top.second;
  const Place by_first{room_.rows()[top.first].id, -begin};
  auto block_begin = -top.second;
  for (std::optional<std::size_t> at = top.first; at; at = from(*at + 1)) {
    begin = block_begin + static_cast<std::ptrdiff_t>(block(*at).above);
    if (begin >= static_cast<std::ptrdiff_t>(height)) break;
    if (is_steady(room_.rows()[*at])) return {room_.rows()[*at].id, -begin};
    block_begin += size(*at);
  }
  return by_first;
}

}  // namespace chat::tui
