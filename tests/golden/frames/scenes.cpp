// Plays scenes of the terminal client and prints the screens that they end with: for frames.py,
// each behind a line "=== name".

#include <cstdio>
#include <exception>
#include <string>

#include "frame_text.hpp"
#include "stage.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::Look;
using tests::Stage;
using tui::Key;
using tui::Language;

namespace {

constexpr auto kMinute = Stage::kMinute;
constexpr auto kDay = Stage::kDay;

struct Scene {
  const char* name;
  const char* about;
  Look look;
  void (*play)(Stage& stage);
};

Look sized(std::size_t columns, std::size_t lines) { return {columns, lines, {}, true}; }

Look chinese(std::size_t columns, std::size_t lines) {
  return {columns, lines, Language::traditional_chinese, true};
}

Look colorless() { return {64, 12, {}, false}; }

// ---- what several scenes have

void have_a_log(Stage& stage) {
  stage.has_said("bob", "the old server goes at midnight", -kDay);
  stage.has_said("carl", "seen", -kDay + 5 * kMinute);
  stage.has_said("bob", "ann: did it come back?", -9 * kMinute);
  stage.has_said("carl", "it did for me", -8 * kMinute);
}

void converse(Stage& stage) {
  stage.begin();
  stage.says("bob", "good evening");
  stage.enter("hello bob");
  stage.pass(1min);
  stage.come({"carl", "dora"});
  stage.come({"eve"}, {"carl"});
  stage.says("dora", "Ann, have you seen @ann2 or annoying?");
  stage.enter("/me looks around");
  stage.says("bob", "/me waves");
  stage.is_renamed("bob", "robert");
  stage.come({"f", "g", "h", "i"}, {"robert"});
}

void lose_the_server(Stage& stage) {
  stage.begin();
  stage.enter("this one arrives");
  stage.refuses_next(wire::Code::too_large);
  stage.enter("this one is refused");
  stage.goes_for(12s);
  stage.enter("this one waits");
  stage.pass(5s);
}

void open_rooms(Stage& stage) {
  stage.begin();
  stage.enter("/join ops");
  stage.enter("/join 開發");
  stage.says("bob", "something", "lobby");
  stage.says("bob", "something else", "lobby");
  stage.says("bob", "ann: look", "ops");
  stage.types("bob");
}

void be_closed(Stage& stage) {
  stage.has_taken("ann");
  stage.begin();
  stage.answers(false);
  stage.enter("on its way");
  stage.ends(4002);
  stage.enter("too late");
}

void search_back(Stage& stage) {
  stage.begin();
  stage.enter("deploy one");
  stage.enter("status");
  stage.press(Key::Kind::control, 'r');
  stage.write("dep");
}

void ask_for_help(Stage& stage) {
  stage.begin();
  stage.enter("/help");
  stage.enter("/qiut");
}

void do_little_of_everything(Stage& stage) {
  stage.has_read_to(2);
  have_a_log(stage);
  converse(stage);
  stage.answers(false);
  stage.enter("on its way");
  stage.types("dora");
}

const Scene kScenes[] = {
    {"first_join", "the first join of an empty room", sized(64, 8),
     [](Stage& stage) { stage.begin({"ann"}); }},
    {"conversation", "mentions, own messages, /me, a new name; who comes and goes is folded",
     sized(64, 14), converse},
    {"unread", "a day line, and one above what came while we were away", sized(64, 10),
     [](Stage& stage) {
       stage.has_read_to(2);
       have_a_log(stage);
       stage.begin();
     }},
    {"missing", "history that is not kept any more, and a new one", sized(64, 8),
     [](Stage& stage) {
       stage.begin();
       stage.says("bob", "before");
       stage.goes_for(1s);
       stage.has_trimmed();
       stage.returns();
       stage.pass(2s);
       stage.says("bob", "between");
       stage.goes_for(1s);
       stage.has_a_new_log();
       stage.returns();
       stage.pass(2s);
       stage.says("bob", "afterwards");
     }},
    {"found", "what /search marks", sized(64, 10),
     [](Stage& stage) {
       have_a_log(stage);
       stage.begin();
       stage.enter("/search did");
     }},
    {"wide", "CJK, emoji, combining marks, right to left; at the edge of the screen", sized(40, 14),
     [](Stage& stage) {
       stage.begin();
       stage.says("王小明", "今天天氣很好，我們（大家）去爬山吧！");
       stage.says("zoë", "e\u0301 o\u0308 👩‍👩‍👧 🇹🇼 👍🏽 ok");
       stage.says("דנה", "שלום לכולם");
       stage.says("سارة", "مرحبا 123 bob");
       stage.says("bob", "a word and 漢字漢字漢字漢字漢字漢字漢字漢字漢字");
       stage.write("漢字 and 👩‍👩‍👧");
       stage.press(Key::Kind::left);
     }},
    {"hostile", "what strangers send is shown, not obeyed", sized(64, 12),
     [](Stage& stage) {
       stage.begin();
       stage.says("e\x1b]0;x\x07vil", "\x1b[2J\x1b[31mred\x1b[0m \u009b31m");
       stage.says("bob", "two\r\nlines\tand a tab");
       stage.says("bob", "turned \u202Eback\u2066 and zero\u200Bwidth");
       stage.come({"c\x1b[5mx"});
       stage.types("d\x07");
     }},
    {"waiting", "what waits, what was refused; the seconds are counted down", sized(64, 9),
     lose_the_server},
    {"leaving", "Ctrl-D while something waits", sized(64, 8),
     [](Stage& stage) {
       stage.begin();
       stage.goes_for(12s);
       stage.enter("this one waits");
       stage.enter("and this one");
       stage.press(Key::Kind::control, 'd');
     }},
    {"closed", "a room that the server has closed for good", sized(64, 14), be_closed},
    {"zh_closed", "繁體中文: a room that the server has closed for good", chinese(64, 14),
     be_closed},
    {"rooms", "several rooms, two of them with something new", sized(72, 6), open_rooms},
    {"search", "Ctrl-R in what was written", sized(64, 8), search_back},
    {"paste", "a paste of three lines asks first", sized(64, 6),
     [](Stage& stage) {
       stage.begin();
       stage.paste("one\ntwo\nthree");
     }},
    {"help", "/help, and a command that there is not", sized(72, 20), ask_for_help},
    {"scrolled", "scrolled back, with something new below", sized(64, 8),
     [](Stage& stage) {
       stage.begin();
       for (int i = 1; i <= 12; ++i) stage.says("bob", "message " + std::to_string(i));
       stage.press(Key::Kind::page_up);
       stage.says("bob", "message 13");
     }},
    {"read_back",
     "read back: who comes does not move it, and there is more below though nothing is new",
     sized(64, 8),
     [](Stage& stage) {
       stage.begin();
       for (int i = 1; i <= 12; ++i) stage.says("bob", "message " + std::to_string(i));
       stage.press(Key::Kind::page_up);
       stage.come({"carl"});
       stage.come({"dora", "eve"});
     }},
    {"many_rooms", "no connection, and more rooms than there is room for", sized(64, 5),
     [](Stage& stage) {
       stage.begin();
       for (int i = 1; i <= 10; ++i) stage.enter("/join room" + std::to_string(i));
       stage.says("bob", "something", "room5");
       stage.says("bob", "ann: look", "room7");
       stage.press(Key::Kind::alt, '1');
       stage.goes_for(12s);
     }},
    {"columns_40", "a little of everything, 40 columns wide", sized(40, 18),
     do_little_of_everything},
    {"columns_20", "a little of everything, 20 columns wide", sized(20, 24),
     do_little_of_everything},
    {"paste_columns_20", "a paste asks, 20 columns wide", sized(20, 6),
     [](Stage& stage) {
       stage.begin();
       stage.paste("one\ntwo");
     }},
    {"no_colors", "where there are no colours", colorless(),
     [](Stage& stage) {
       converse(stage);
       stage.refuses_next(wire::Code::too_large);
       stage.enter("is it there?");
     }},
    {"zh_conversation", "繁體中文: a little of everything", chinese(64, 20),
     do_little_of_everything},
    {"zh_waiting", "繁體中文: what waits, what was refused; the seconds are counted down",
     chinese(64, 9), lose_the_server},
    {"zh_rooms_columns_40", "繁體中文: a status line that is too long", chinese(40, 6), open_rooms},
    {"zh_help", "繁體中文: /help, and a command that there is not", chinese(64, 20), ask_for_help},
    {"zh_search_columns_20", "繁體中文: Ctrl-R, 20 columns wide", chinese(20, 8), search_back},
    {"zh_paste", "繁體中文: a paste of two lines asks first", chinese(64, 6),
     [](Stage& stage) {
       stage.begin();
       stage.paste("一\n二");
     }},
};

std::string played(const Scene& scene) {
  Stage stage(scene.look);
  scene.play(stage);
  auto frame = stage.frame();
  for (auto& line : frame.lines) {
    for (auto& span : line) {
      if (!scene.look.has_colors) span.style = tui::without_colors(span.style);
    }
  }
  return std::string(scene.about) + "\n" + tests::text_of(frame, scene.look.columns);
}

}  // namespace

int main() {
  for (const auto& scene : kScenes) {
    try {
      std::printf("=== %s\n%s", scene.name, played(scene).c_str());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "golden_frames: %s: %s\n", scene.name, error.what());
      return 1;
    }
  }
  return 0;
}
