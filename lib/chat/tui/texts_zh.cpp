#include <array>
#include <string>

#include "chat/tui/texts.hpp"

namespace chat::tui {
namespace {

constexpr std::size_t kMostListed = 3;
constexpr std::size_t kMostTyping = 2;
constexpr std::size_t kAll = static_cast<std::size_t>(-1);

/// "ann、bob 加入了", "5 人加入了"; empty of nobody.
std::string done_by(const Texts::Names& names, const std::string& done) {
  if (names.empty()) return {};
  const auto who = listed(names, "、", kMostListed);
  return who.empty() ? std::to_string(names.size()) + " 人" + done : who + " " + done;
}

struct Saying {
  wire::Code code;
  const char* text;
};
/// As the page has them.
constexpr Saying kSaid[] = {
    {wire::Code::rate_limited, "一秒內送出太多；請稍候再送"},
    {wire::Code::inflight_exceeded, "還沒確認的訊息太多；請等候確認再送"},
    {wire::Code::stale_n, "計數落後太多，無法判斷是否重複"},
    {wire::Code::bad_name, "這不能當名字：要有 1 到 32 個可顯示的字"},
    {wire::Code::bad_room,
     "這不能當聊天室名稱：要有 1 到 94 個字母、數字或 _，也不能是伺服器自己用的名稱"},
    {wire::Code::busy, "伺服器現在太忙；請稍後再送"},
    {wire::Code::unavailable, "訊息無法儲存，沒有被接受；請再送一次"},
    {wire::Code::too_large, "訊息超過上限；一次請少送一些"},
};

class TraditionalChinese final : public Texts {
 public:
  std::string connecting() const override { return "連線中…"; }
  std::string connected() const override { return "已連線"; }
  std::string reconnecting() const override { return "重新連線中…"; }
  std::string reconnecting_in(std::int64_t seconds) const override {
    return std::to_string(seconds) + " 秒後再試";
  }
  std::string closed(const std::string& why) const override { return "已關閉：" + why; }
  std::string members(std::size_t count) const override { return std::to_string(count) + " 人"; }
  std::string new_below(std::size_t count) const override {
    return std::to_string(count) + " 則新訊息 ↓";
  }
  std::string more_below() const override { return "下面還有 ↓"; }
  std::string typing(const Names& names) const override {
    const auto who = listed(names, "、", kMostTyping);
    if (who.empty()) return std::to_string(names.size()) + " 人正在輸入…";
    return who + " 正在輸入…";
  }

  std::string day(const Day& day) const override {
    constexpr std::array<const char*, 7> kDays{"日", "一", "二", "三", "四", "五", "六"};
    return std::to_string(day.year) + "年" + std::to_string(day.month) + "月" +
           std::to_string(day.day) + "日 星期" + kDays.at(static_cast<std::size_t>(day.weekday));
  }
  std::string unread_line() const override { return "新訊息"; }
  std::string trimmed() const override { return "這裡少了一些訊息：已經不再保存。"; }
  std::string replaced() const override {
    return "伺服器的歷史從這裡重新開始。其間送出的訊息可能不見了。";
  }
  std::string came_and_went(const Names& joined, const Names& left) const override {
    const auto came = done_by(joined, "加入了");
    const auto went = done_by(left, "離開了");
    return came + (came.empty() || went.empty() ? "" : "；") + went;
  }
  std::string renamed(const std::string& from, const std::string& to) const override {
    return from + " 現在叫「" + to + "」";
  }
  std::string not_sent_yet() const override { return "（尚未送出）"; }
  std::string sending() const override { return "（傳送中…）"; }
  std::string not_sent(const std::string& why) const override {
    return "（沒有送出：" + why + "）";
  }
  std::string may_be_there(const std::string& why) const override {
    return why + "（可能已經送到了）";
  }
  std::string lost_with_its_log() const override { return "還沒看到它，伺服器就開始了新的歷史"; }
  std::string more_lines(std::size_t count) const override {
    return "… 還有 " + std::to_string(count) + " 行";
  }

  std::string search_prompt(const std::string& wanted) const override {
    return "（搜尋）" + wanted + "：";
  }
  std::string paste_question(std::size_t lines) const override {
    return "要把這 " + std::to_string(lines) + " 行當作一則訊息送出嗎？";
  }
  std::string paste_answers() const override { return "(y) 送出 (n) 不要 (e) 編輯 "; }
  std::string paste_too_long() const override { return "貼上的內容超過 1 MiB，完全沒有採用。"; }

  CommandHelp about(Command command) const override {
    switch (command) {
      case Command::help: return {"", "這份清單"};
      case Command::nick: return {"名字", "換一個名字"};
      case Command::me: return {"文字", "說你在做什麼"};
      case Command::join: return {"聊天室", "打開另一個聊天室"};
      case Command::part: return {"", "離開這個聊天室"};
      case Command::rooms: return {"", "這個伺服器上的聊天室"};
      case Command::who: return {"", "誰在這裡"};
      case Command::history: return {"", "更早的訊息（PageUp）"};
      case Command::search: return {"文字", "在已載入的訊息中尋找；不寫文字就找更早的；Esc 結束"};
      case Command::ignore: return {"名字", "隱藏那個人的訊息，或再次顯示"};
      case Command::clear: return {"", "清空畫面；訊息仍在伺服器上"};
      case Command::quit: return {"", "離開"};
    }
    return {};
  }
  std::string help_keys() const override {
    return "Tab 補完，PageUp 往回看，Esc 到最新，Alt+1…9 換聊天室，//x 送出 /x，:smile: 😄";
  }
  std::string unknown_command(const std::string& name, const std::string& near) const override {
    const auto help = near.empty() ? "/help 列出所有指令；" : "是不是 /" + near + "？";
    return "沒有 /" + name + " 這個指令，所以沒有送出。" + help +
           "要照樣送出，請在前面再加一個 /。";
  }
  std::string no_command_here(const std::string& name) const override {
    return "沒有終端機就沒有 /" + name + " 這個指令，所以沒有送出；要照樣送出，請在前面再加一個 /";
  }
  std::string nick_needed() const override { return "請寫出名字：/nick 名字"; }
  std::string nick_refused(const wire::Error& error) const override {
    return said(wire::info(error.code).name, error.text());
  }
  std::string you_are_now(const std::string& name) const override {
    return "你現在叫「" + name + "」";
  }
  std::string taken(const std::string& wish, const std::string& name) const override {
    return "這裡已經有人叫「" + wish + "」；你是「" + name + "」";
  }
  std::string me_needed() const override { return "請寫出你在做什麼：/me 揮手"; }
  std::string join_refused(const wire::Error& error) const override {
    return said(wire::info(error.code).name, error.text());
  }
  std::string too_many_rooms() const override {
    return "開著的聊天室已經夠多了；請先用 /part 離開一個。";
  }
  std::string last_room() const override { return "這是唯一開著的聊天室；/quit 離開。"; }
  std::string no_rooms() const override { return "還沒有任何聊天室有訊息或成員。"; }
  std::string who(std::size_t count, const Names& names) const override {
    return members(count) + "：" + listed(names, "、", kAll);
  }
  std::string search_needed() const override { return "/search 文字"; }
  std::string not_found(const std::string& text) const override {
    return "已載入的訊息中沒有找到「" + text + "」；PageUp 載入更多";
  }
  std::string found(std::size_t at, std::size_t count) const override {
    return "第 " + std::to_string(at) + " 個，共 " + std::to_string(count) + " 個" +
           (at == count ? "，沒有更早的了" : "");
  }
  std::string who_is_ignored(const Names& names) const override {
    if (names.empty()) return "沒有忽略任何人。/ignore 名字 可以隱藏那個人的訊息。";
    return "已忽略：" + listed(names, "、", kAll);
  }
  std::string ignore_refused() const override { return "那是你自己的名字；你的訊息不會隱藏。"; }
  std::string ignored(const std::string& name) const override {
    return "不再顯示「" + name + "」的訊息。/ignore " + name + " 可以再次顯示。";
  }
  std::string not_ignored(const std::string& name) const override {
    return "再次顯示「" + name + "」的訊息。";
  }
  std::string how_to_leave() const override { return "Ctrl-D 或 /quit 離開"; }

  std::string are_being_sent(std::size_t unsent) const override {
    return "還在傳送 " + std::to_string(unsent) + " 則訊息；";
  }
  std::string were_not_sent(std::size_t unsent) const override {
    return "有 " + std::to_string(unsent) + " 則訊息沒有送出；";
  }
  std::string leave_again(std::size_t) const override { return "再按一次 Ctrl-D 就不送而離開"; }
  std::string part_again(std::size_t) const override {
    return "再用一次 /part 就不送而離開這個聊天室";
  }
  std::string not_acknowledged(std::size_t unsent) const override {
    return "有 " + std::to_string(unsent) + " 則訊息沒有得到確認：";
  }

  std::string not_utf8() const override { return "這不是 UTF-8，沒有送出"; }

  std::string input_line(std::size_t number, const std::string& begin) const override {
    return "第 " + std::to_string(number) + " 行（「" + begin + "」）：";
  }
  std::string message_not_sent(const std::string& why) const override {
    return "有一則訊息沒有送出：" + why;
  }
  std::string said(std::string_view code, const std::string& text) const override {
    for (const Saying& known : kSaid) {
      if (wire::info(known.code).name == code) return known.text;
    }
    return text;
  }
  std::string lost(std::uint16_t close, const std::string& why) const override {
    switch (close) {
      case 1001: return "伺服器離開了";
      case 1009: return "有一則訊息對伺服器來說太大";
      case 1011: return "伺服器出了錯";
      case 1013: return "伺服器忙碌中";
      case 4001: return "伺服器看不懂這個程式";
      case 4002: return "你不能進入這裡";
      case 4003: return "這個伺服器不能有這個名稱的聊天室";
      case 4100: return "這個連線對聊天室來說太慢";
      case 4101: return "一次送出太多了";
      case 4102: return "這個伺服器的聊天室已經滿了";
      case 4200: return "伺服器正在重新啟動";
      case 4201: return "歷史紀錄被換掉了";
      default: return why;
    }
  }
  std::string over(const std::string& why, const std::string& room) const override {
    return "這個聊天室已關閉：" + why + "；/join " + room + " 可以再打開";
  }
  std::string trying_again(const std::string& why) const override { return why + "；再試一次"; }
};

}  // namespace

const Texts& traditional_chinese() {
  static const TraditionalChinese texts;
  return texts;
}

}  // namespace chat::tui
