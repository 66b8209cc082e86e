#include "chat/bench/report/text_block.hpp"

#include <algorithm>

#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

std::string without_end_spaces(const std::string& line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

std::string table_text(const std::vector<std::vector<std::string>>& rows, std::string_view align,
                       std::size_t indent) {
  std::vector<std::size_t> widths(align.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], base::columns(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - base::columns(row[i]), ' ');
      line += align[i] == 'r' ? gap + row[i] : row[i] + gap;
      line += "  ";
    }
    text += without_end_spaces(line) + "\n";
  }
  return text;
}

std::string wrapped_text(std::string_view first, std::string_view text) {
  const std::size_t indent = base::columns(first);
  std::string lines(first);
  std::size_t column = indent;
  bool is_at_begin = true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t width = base::columns(word);
    if (!is_at_begin && column + 1 + width > kTextColumns) {
      lines.append("\n").append(indent, ' ');
      column = indent;
    } else if (!is_at_begin) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += width;
    is_at_begin = false;
  }
  return lines + "\n";
}

}  // namespace chat::bench
