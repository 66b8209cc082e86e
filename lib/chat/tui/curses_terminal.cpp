#include "chat/tui/curses_terminal.hpp"

#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termcap.h>
#include <unistd.h>

#include <langinfo.h>
#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <optional>

#include "chat/base/text.hpp"
#include "chat/tui/key_reader.hpp"
#include "chat/tui/palette.hpp"

namespace chat::tui {
namespace {

constexpr int kPasteBegin = KEY_MAX + 1;
constexpr int kPasteEnd = KEY_MAX + 2;
constexpr int kEscapeDelayMs = 25;

struct Named {
  int code;
  Key::Kind kind;
};
constexpr Named kNamed[] = {
    {KEY_LEFT, Key::Kind::left},     {KEY_RIGHT, Key::Kind::right},
    {KEY_UP, Key::Kind::up},         {KEY_DOWN, Key::Kind::down},
    {KEY_HOME, Key::Kind::home},     {KEY_END, Key::Kind::end},
    {KEY_PPAGE, Key::Kind::page_up}, {KEY_NPAGE, Key::Kind::page_down},
    {KEY_DC, Key::Kind::remove},     {KEY_BACKSPACE, Key::Kind::backspace},
    {KEY_ENTER, Key::Kind::enter},   {KEY_BTAB, Key::Kind::back_tab},
    {KEY_RESIZE, Key::Kind::resize},
};

void write_sequence(const char* sequence) {
  std::fputs(sequence, stdout);
  std::fflush(stdout);
}

/// UTF-8 as wide characters, as many as a cell takes.
std::wstring wide(const std::string& text) {
  std::wstring out;
  std::mbstate_t state{};
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    wchar_t c = 0;
    const auto taken = std::mbrtowc(&c, at, static_cast<std::size_t>(end - at), &state);
    if (taken == 0 || taken > text.size()) break;
    out += c;
    at += taken;
  }
  return out;
}

/// A sequence that the terminal has; empty when it has none.
std::string capability(const char* name) {
  const char* text = ::tigetstr(name);
  const bool is_text = text != nullptr && reinterpret_cast<std::intptr_t>(text) != -1;
  return is_text ? text : std::string();
}

/// Without the pauses of old terminals ("$<2>"), which only ncurses' own output makes.
std::string without_pauses(std::string sequence) {
  for (auto at = sequence.find("$<"); at != std::string::npos; at = sequence.find("$<", at)) {
    const auto end = sequence.find('>', at);
    sequence.erase(at, end == std::string::npos ? end : end + 1 - at);
  }
  return sequence;
}

/// Whether the terminal's numbers for colours are mixtures, and of how many bits: the capability
/// RGB, which is a flag, one number for all parts, or "5/6/5" (user_caps(5)).
std::optional<Channels> channels_of_terminal(int colors) {
  if (::tigetflag("RGB") > 0) {
    int bits = 0;
    while (bits < 30 && 1 << bits < colors) ++bits;
    const int each = (bits + 2) / 3;
    return Channels{each, each, each};
  }
  if (const int each = ::tigetnum("RGB"); each > 0) return Channels{each, each, each};
  const auto text = capability("RGB");
  if (text.empty()) return std::nullopt;
  Channels channels;
  const int read =
      std::sscanf(text.c_str(), "%d/%d/%d", &channels.red, &channels.green, &channels.blue);
  return read == 3 ? std::optional(channels) : std::nullopt;
}

class CursesTerminal final : public Terminal {
 public:
  CursesTerminal(SCREEN* screen, int resized, bool colors) : screen_(screen), resized_(resized) {
    ::raw();
    ::noecho();
    ::nonl();
    ::keypad(stdscr, TRUE);
    ::nodelay(stdscr, TRUE);
    ::set_escdelay(kEscapeDelayMs);
    ::define_key("\x1b[200~", kPasteBegin);
    ::define_key("\x1b[201~", kPasteEnd);
    if (colors && ::has_colors()) start_colors();
    write_sequence("\x1b[?2004h");
  }

  ~CursesTerminal() override {
    write_sequence("\x1b[?2004l");
    ::endwin();
    ::delscreen(screen_);
    ::close(resized_);
  }
  CursesTerminal(const CursesTerminal&) = delete;
  CursesTerminal& operator=(const CursesTerminal&) = delete;

  std::vector<Key> read() override {
    signalfd_siginfo ignored{};
    if (::read(resized_, &ignored, sizeof ignored) > 0) take_size();
    for (;;) {
      wint_t c = 0;
      const int kind = ::wget_wch(stdscr, &c);
      if (kind == ERR) break;
      if (kind == KEY_CODE_YES) {
        named(static_cast<int>(c));
      } else {
        reader_.character(static_cast<char32_t>(c));
      }
    }
    reader_.idle();
    return reader_.take();
  }

  std::vector<int> descriptors() const override { return {STDIN_FILENO, resized_}; }

  void draw(const Frame& frame) override {
    ::werase(stdscr);
    for (std::size_t y = 0; y < frame.lines.size(); ++y)
      draw_line(static_cast<int>(y), frame.lines[y]);
    ::wmove(stdscr, static_cast<int>(frame.cursor_line), static_cast<int>(frame.cursor_column));
    ::wrefresh(stdscr);
  }

  std::size_t columns() const override {
    return static_cast<std::size_t>(std::max(::getmaxx(stdscr), 1));
  }
  std::size_t lines() const override {
    return static_cast<std::size_t>(std::max(::getmaxy(stdscr), 1));
  }
  void bell() override { ::beep(); }
  void forget() override { ::clearok(stdscr, TRUE); }

  void suspend() override {
    write_sequence("\x1b[?2004l");
    ::endwin();
    struct sigaction usual {};
    struct sigaction before {};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGTSTP, &usual, &before);
    ::raise(SIGTSTP);
    ::sigaction(SIGTSTP, &before, nullptr);
    take_size();
    ::clearok(stdscr, TRUE);
    ::wrefresh(stdscr);
    write_sequence("\x1b[?2004h");
  }

 private:
  void start_colors() {
    if (::start_color() != OK || ::use_default_colors() != OK) return;
    const auto channels = channels_of_terminal(COLORS);
    const auto depth = depth_of(COLORS, channels.has_value());
    has_colors_ = depth != Depth::none;
    for (std::uint8_t color = 1; has_colors_ && color <= kAlertColor; ++color) {
      ::init_extended_pair(color, number_of(color, depth, channels.value_or(Channels())), -1);
    }
  }

  void named(int code) {
    if (code == kPasteBegin) return reader_.paste_begin();
    if (code == kPasteEnd) return reader_.paste_end();
    for (const Named& known : kNamed) {
      if (known.code == code) return reader_.special(known.kind);
    }
  }

  void take_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
      return;
    ::resizeterm(size.ws_row, size.ws_col);
    ::clearok(stdscr, TRUE);
    reader_.special(Key::Kind::resize);
  }

  static attr_t attributes_of(const Style& style) {
    attr_t attributes = A_NORMAL;
    if (style.bold) attributes |= A_BOLD;
    if (style.dim) attributes |= A_DIM;
    if (style.reverse) attributes |= A_REVERSE;
    if (style.underline) attributes |= A_UNDERLINE;
    return attributes;
  }

  /// Each grapheme where we count that it stands: what the terminal thinks of its width moves
  /// nothing else.
  void draw_line(int y, const Line& line) {
    std::size_t x = 0;
    for (const Span& span : line) {
      const Style style = has_colors_ ? span.style : without_colors(span.style);
      ::wattr_set(stdscr, attributes_of(style), style.color, nullptr);
      for (std::size_t at = 0; at < span.text.size();) {
        const auto end = base::grapheme_end(span.text, at);
        const auto grapheme = span.text.substr(at, end - at);
        const auto text = wide(grapheme);
        ::mvwaddnwstr(stdscr, y, static_cast<int>(x), text.c_str(), static_cast<int>(text.size()));
        x += base::grapheme_columns(grapheme);
        at = end;
      }
    }
    ::wattr_set(stdscr, A_NORMAL, 0, nullptr);
    // What a wide rest of the last grapheme has left behind it.
    if (x < columns()) {
      ::wmove(stdscr, y, static_cast<int>(x));
      ::wclrtoeol(stdscr);
    }
  }

  SCREEN* screen_;
  const int resized_;
  KeyReader reader_;
  bool has_colors_ = false;
};

/// Wide characters need a UTF-8 locale; there is always one. The rest of the locale stays C's: our
/// texts are our own, and no library's in between.
void set_locale() {
  const char* set = std::setlocale(LC_CTYPE, "");
  const bool is_utf8 = set != nullptr && std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  if (!is_utf8) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

tl::expected<std::unique_ptr<Terminal>, std::string> open_curses_terminal(bool colors) {
  set_locale();
  sigset_t resizes;
  sigemptyset(&resizes);
  sigaddset(&resizes, SIGWINCH);
  const int resized = ::signalfd(-1, &resizes, SFD_NONBLOCK | SFD_CLOEXEC);
  if (resized < 0) return tl::unexpected(std::string("no signalfd: ") + std::strerror(errno));
  SCREEN* screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    ::close(resized);
    const char* name = std::getenv("TERM");
    return tl::unexpected("the terminal \"" + std::string(name == nullptr ? "" : name) +
                          "\" is not known (TERM)");
  }
  return std::make_unique<CursesTerminal>(screen, resized, colors);
}

std::string LineColors::colored(const std::string& text, std::uint8_t color) const {
  return color == 0 || color > of_colors.size() ? text : of_colors[color - 1U] + text + off;
}

LineColors line_colors() {
  LineColors colors;
  const char* const name = std::getenv("TERM");
  if (name == nullptr || ::tgetent(nullptr, name) != 1) return colors;
  const int numbers = ::tigetnum("colors");
  const auto channels = channels_of_terminal(numbers);
  const auto depth = depth_of(numbers, channels.has_value());
  const auto set = capability("setaf");
  if (depth == Depth::none || set.empty()) return colors;
  colors.dim = without_pauses(capability("dim"));
  colors.off = without_pauses(capability("sgr0"));
  // Back from the line-drawing characters, which no line goes to; a pager would show it.
  colors.off.erase(std::remove(colors.off.begin(), colors.off.end(), '\x0F'), colors.off.end());
  for (std::uint8_t color = 1; color <= kColors; ++color) {
    const int number = number_of(color, depth, channels.value_or(Channels{}));
    colors.of_colors.push_back(without_pauses(::tparm(set.c_str(), number)));
  }
  return colors;
}

}  // namespace chat::tui
