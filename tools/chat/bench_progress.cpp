#include "bench_progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "chat/bench/report/amount.hpp"

namespace chat::tools {
namespace {

using bench::amount;
using bench::count_text;
using Phase = bench::Progress::Phase;

std::string text_of(const bench::Progress& progress) {
  if (progress.phase == Phase::joining) {
    std::string text = fmt::format("connecting: {} of {} members", count_text(progress.joined),
                                   count_text(progress.members));
    if (progress.failed > 0) text += fmt::format(", {} tries failed", count_text(progress.failed));
    return text;
  }
  if (progress.phase == Phase::warming_up) return "warming up";
  std::string text = progress.phase == Phase::draining
                         ? "waiting for the last messages"
                         : fmt::format("{:.0f} of {:.0f} s", progress.elapsed_s, progress.window_s);
  text +=
      fmt::format(": {}, p99 {}", amount(progress.deliveries, "/s"), amount(progress.p99_ms, "ms"));
  if (progress.gaps > 0) text += fmt::format(", {} missing", count_text(progress.gaps));
  if (progress.away > 0) text += fmt::format(", {} members away", count_text(progress.away));
  return text;
}

/// Of the terminal; a line that is longer cannot be written over.
std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79;
}

}  // namespace

BenchProgress::BenchProgress(const std::string& when)
    : is_terminal_(::isatty(STDERR_FILENO) == 1),
      is_shown_(when == "always" || (when == "auto" && is_terminal_)) {}

void BenchProgress::show(std::size_t number, std::size_t runs, const std::string& level,
                         const bench::Progress& progress) {
  if (!is_shown_) return;
  std::string text = fmt::format("run {}", number + 1);
  if (runs > 0) text += fmt::format(" of {}", runs);
  if (!level.empty()) text += " (" + level + ")";
  text += ", " + text_of(progress);
  if (!is_terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  if (text.size() > columns()) text.resize(columns());
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
  is_there_ = true;
}

void BenchProgress::clear() {
  if (!std::exchange(is_there_, false)) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace chat::tools
