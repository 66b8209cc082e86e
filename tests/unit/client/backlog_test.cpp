#include "chat/client/backlog.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

using namespace chat;
using client::Backlog;
using client::ReadFrom;
using Seqs = std::vector<std::uint64_t>;

namespace {

constexpr std::size_t kPage = 3;

base::WallMs at_of(std::uint64_t seq) { return static_cast<base::WallMs>(1000 * seq); }

wire::MessagePtr message_of(std::uint64_t seq) {
  auto message = std::make_shared<wire::Message>();
  message->seq = base::Seq(seq);
  message->at = at_of(seq);
  message->body = std::to_string(seq);
  return message;
}

ReadFrom now() { return {}; }
ReadFrom newest(std::size_t count) {
  ReadFrom from;
  from.kind = ReadFrom::Kind::newest;
  from.count = count;
  return from;
}
ReadFrom all() {
  ReadFrom from;
  from.kind = ReadFrom::Kind::all;
  return from;
}
ReadFrom since(base::WallMs at) {
  ReadFrom from;
  from.kind = ReadFrom::Kind::time;
  from.at = at;
  return from;
}
ReadFrom behind(const std::string& epoch, std::uint64_t seq) {
  ReadFrom from;
  from.kind = ReadFrom::Kind::cursor;
  from.cursor = {base::Epoch(epoch), base::Seq(seq)};
  return from;
}

/// A room's log as a server has it: answers requests and welcomes as docs/protocol.md says.
class Log {
 public:
  explicit Log(std::string epoch = "e") : epoch_(std::move(epoch)) {}

  std::uint64_t say() {
    kept_.push_back(++head_);
    return head_;
  }
  void say(std::size_t count) {
    while (count-- > 0) say();
  }
  /// Keeps what is behind `seq`.
  void trim(std::uint64_t seq) {
    while (!kept_.empty() && kept_.front() <= seq) kept_.pop_front();
  }

  wire::Welcome welcome(const std::optional<wire::Cursor>& since) const {
    wire::Welcome welcome;
    welcome.epoch = base::Epoch(epoch_);
    welcome.head = base::Seq(head_);
    if (!since) return welcome;
    const auto seq = since->seq.value();
    const auto first = kept_.empty() ? head_ + 1 : kept_.front();
    const bool is_gone = since->epoch.value() != epoch_ || seq > head_;
    welcome.recovered = !is_gone && seq + 1 >= first;
    if (is_gone) {
      welcome.missing = wire::Missing{since->epoch, {}};
    } else if (!*welcome.recovered) {
      welcome.missing = wire::Missing{{}, {{since->seq, base::Seq(first)}}};
    }
    return welcome;
  }
  /// What follows such a welcome by itself.
  Seqs behind(const wire::Welcome& welcome, const std::optional<wire::Cursor>& since) const {
    const bool is_gone = welcome.missing && !welcome.missing->between;
    Seqs seqs;
    for (const auto seq : kept_) {
      if (since && !is_gone && seq > since->seq.value()) seqs.push_back(seq);
    }
    return seqs;
  }

  wire::HistoryPage page(const wire::HistoryRequest& request) const {
    Seqs fitting;
    for (const auto seq : kept_) {
      const bool is_before = !request.before || seq < request.before->value();
      const bool is_after = !request.after || seq > request.after->value();
      if (is_before && is_after) fitting.push_back(seq);
    }
    wire::HistoryPage page;
    page.before = request.before;
    page.after = request.after;
    page.more = fitting.size() > request.limit;
    const std::size_t surplus = page.more ? fitting.size() - request.limit : 0;
    const std::size_t from = request.after ? 0 : surplus;
    for (std::size_t i = from; i < fitting.size() - (surplus - from); ++i) {
      page.messages.push_back(message_of(fitting[i]));
    }
    return page;
  }

 private:
  const std::string epoch_;
  std::uint64_t head_ = 0;
  std::deque<std::uint64_t> kept_;
};

/// A backlog over a log, and what its reader was told.
class Reader {
 public:
  explicit Reader(const ReadFrom& from) : backlog(from) {}

  void join(const Log& log) {
    const auto cursor = backlog.cursor();
    const auto welcome = log.welcome(cursor);
    backlog.on_welcome(welcome);
    for (const auto seq : log.behind(welcome, cursor)) hear(seq);
  }
  void hear(std::uint64_t seq) {
    const auto message = message_of(seq);
    if (backlog.on_message(*message)) told.push_back(seq);
  }
  void take(const wire::HistoryPage& page) {
    REQUIRE(backlog.awaits(page));
    for (const auto& message : backlog.on_page(page)) told.push_back(message->seq.value());
  }
  /// Asks for one page and takes it; false when none is wanted.
  bool read(const Log& log) {
    const auto request = backlog.next_request(kPage);
    if (!request) return false;
    take(log.page(*request));
    return true;
  }
  void read_all(const Log& log) {
    for (int pages = 0; read(log); ++pages) REQUIRE(pages < 100);
  }

  Backlog backlog;
  Seqs told;
};

Seqs from_to(std::uint64_t first, std::uint64_t last) {
  Seqs seqs;
  for (auto seq = first; seq <= last; ++seq) seqs.push_back(seq);
  return seqs;
}

}  // namespace

TEST_CASE("backlog: each way to begin tells what it says, then what comes", "[client]") {
  const auto [from, first] = GENERATE(table<ReadFrom, std::uint64_t>({
      {now(), 11},
      {newest(0), 11},
      {newest(1), 10},
      {newest(3), 8},
      {newest(4), 7},
      {newest(10), 1},
      {newest(99), 1},
      {all(), 1},
      {since(at_of(5)), 5},
      {since(at_of(5) - 1), 5},
      {since(at_of(5) + 1), 6},
      {since(at_of(10) + 1), 11},
      {since(0), 1},
      {behind("e", 4), 5},
      {behind("e", 10), 11},
      {behind("e", 0), 1},
  }));
  CAPTURE(from.kind, from.count, from.at, from.cursor.seq.value());
  Log log;
  log.say(10);
  Reader reader(from);
  CHECK_FALSE(reader.backlog.caught_up());
  reader.join(log);
  reader.read_all(log);
  CHECK(reader.backlog.caught_up());
  CHECK(reader.told == from_to(first, 10));
  reader.hear(log.say());
  CHECK(reader.told == from_to(first, 11));
  CHECK(reader.backlog.cursor() == wire::Cursor{base::Epoch("e"), base::Seq(11)});
}

TEST_CASE("backlog: an empty room is caught up at once", "[client]") {
  const auto from = GENERATE(now(), newest(5), all(), since(1));
  CAPTURE(from.kind);
  Log log;
  Reader reader(from);
  reader.join(log);
  CHECK_FALSE(reader.read(log));
  CHECK(reader.backlog.caught_up());
  reader.hear(log.say());
  CHECK(reader.told == Seqs{1});
}

TEST_CASE("backlog: pages are asked for one at a time, newest ones no larger than wanted",
          "[client]") {
  Log log;
  log.say(10);
  Reader reader(newest(4));
  reader.join(log);
  const auto first = reader.backlog.next_request(kPage);
  REQUIRE(first);
  CHECK(first->before == base::Seq(11));
  CHECK_FALSE(first->after);
  CHECK(first->limit == kPage);
  CHECK_FALSE(reader.backlog.next_request(kPage));
  reader.take(log.page(*first));
  const auto second = reader.backlog.next_request(kPage);
  REQUIRE(second);
  CHECK(second->before == base::Seq(8));
  CHECK(second->limit == 1);
}

TEST_CASE("backlog: a page that nobody waits for is not its own", "[client]") {
  Log log;
  log.say(10);
  Reader reader(all());
  reader.join(log);
  wire::HistoryPage page;
  page.after = base::Seq(0);
  CHECK_FALSE(reader.backlog.awaits(page));
  REQUIRE(reader.backlog.next_request(kPage));
  CHECK(reader.backlog.awaits(page));
  page.before = base::Seq(3);
  CHECK_FALSE(reader.backlog.awaits(page));
}

TEST_CASE("backlog: a live message that comes before its page is told once, in its place",
          "[client]") {
  const auto from = GENERATE(newest(4), all(), since(at_of(2)));
  CAPTURE(from.kind);
  Log log;
  log.say(10);
  // Before each page that is asked for, one more is said and heard at once.
  for (std::size_t when = 0; when < 6; ++when) {
    CAPTURE(when);
    Log room = log;
    Reader reader(from);
    reader.join(room);
    for (std::size_t i = 0;; ++i) {
      const auto request = reader.backlog.next_request(kPage);
      if (!request) break;
      const auto page = room.page(*request);
      if (i == when) reader.hear(room.say());  // behind what the page was read from
      reader.take(page);
    }
    const auto head = room.welcome({}).head.value();
    REQUIRE_FALSE(reader.told.empty());
    CHECK(reader.told == from_to(reader.told.front(), head));
    CHECK(reader.backlog.caught_up());
  }
}

TEST_CASE("backlog: a connection lost at any page changes nothing of what is told", "[client]") {
  const auto [from, first] =
      GENERATE(table<ReadFrom, std::uint64_t>({{newest(7), 4}, {all(), 1}, {since(at_of(4)), 4}}));
  CAPTURE(from.kind);
  const bool has_asked = GENERATE(false, true);
  for (std::size_t cut = 0; cut < 8; ++cut) {
    CAPTURE(cut, has_asked);
    Log log;
    log.say(10);
    Reader reader(from);
    reader.join(log);
    for (std::size_t i = 0; i < cut; ++i) reader.read(log);
    if (has_asked) reader.backlog.next_request(kPage);
    reader.backlog.on_request_lost();
    reader.join(log);
    reader.read_all(log);
    CHECK(reader.told == from_to(first, 10));
    CHECK(reader.backlog.caught_up());
  }
}

TEST_CASE("backlog: a request that failed is asked again", "[client]") {
  Log log;
  log.say(2);
  Reader reader(all());
  reader.join(log);
  const auto request = reader.backlog.next_request(kPage);
  REQUIRE(request);
  reader.backlog.on_request_lost();
  CHECK_FALSE(reader.backlog.awaits(log.page(*request)));
  reader.read_all(log);
  CHECK(reader.told == Seqs{1, 2});
}

TEST_CASE("backlog: what was trimmed is passed over, and does not keep it from being caught up",
          "[client]") {
  const auto kept_behind = GENERATE(std::uint64_t{4}, std::uint64_t{9}, std::uint64_t{10});
  const auto from = GENERATE(all(), newest(20), since(at_of(2)));
  CAPTURE(kept_behind, from.kind);
  Log log;
  log.say(10);
  log.trim(kept_behind);
  Reader reader(from);
  reader.join(log);
  reader.read_all(log);
  CHECK(reader.told == from_to(kept_behind + 1, 10));
  CHECK(reader.backlog.caught_up());
  reader.hear(log.say());
  CHECK(reader.told.back() == 11);
}

TEST_CASE("backlog: trimmed while it is read, a message that comes meanwhile is not lost",
          "[client]") {
  Log log;
  log.say(10);
  Reader reader(all());
  reader.join(log);
  reader.read(log);
  CHECK(reader.told == Seqs{1, 2, 3});
  const auto request = reader.backlog.next_request(kPage);
  REQUIRE(request);
  log.trim(10);
  const auto page = log.page(*request);
  reader.hear(log.say());
  reader.take(page);
  reader.read_all(log);
  CHECK(reader.told == Seqs{1, 2, 3, 11});
  CHECK(reader.backlog.caught_up());
}

TEST_CASE("backlog: a resume over a trimmed log goes on with what is left", "[client]") {
  Log log;
  log.say(10);
  log.trim(6);
  Reader reader(behind("e", 3));
  reader.join(log);
  CHECK(reader.told == from_to(7, 10));
  CHECK(reader.backlog.caught_up());
}

TEST_CASE("backlog: a resume over a log of which nothing is left is caught up", "[client]") {
  Log log;
  log.say(10);
  log.trim(10);
  Reader reader(behind("e", 3));
  reader.join(log);
  CHECK(reader.told.empty());
  CHECK(reader.backlog.caught_up());
  CHECK(reader.backlog.cursor()->seq == base::Seq(10));
}

TEST_CASE("backlog: a log that was replaced is read from its beginning", "[client]") {
  Log old("old");
  old.say(10);
  Log fresh("fresh");
  SECTION("after it was read live") {
    Reader reader(now());
    reader.join(old);
    fresh.say(4);
    reader.join(fresh);
    reader.read_all(fresh);
    CHECK(reader.told == from_to(1, 4));
    CHECK(reader.backlog.caught_up());
    CHECK(reader.backlog.cursor() == wire::Cursor{base::Epoch("fresh"), base::Seq(4)});
  }
  SECTION("in the middle of reading it") {
    Reader reader(all());
    reader.join(old);
    reader.read(old);
    fresh.say(4);
    reader.join(fresh);
    reader.read_all(fresh);
    CHECK(reader.told == Seqs{1, 2, 3, 1, 2, 3, 4});
    CHECK(reader.backlog.caught_up());
  }
  SECTION("by an empty one") {
    Reader reader(behind("old", 10));
    reader.join(fresh);
    CHECK_FALSE(reader.read(fresh));
    CHECK(reader.backlog.caught_up());
    reader.hear(fresh.say());
    CHECK(reader.told == Seqs{1});
  }
  SECTION("by one of the same name that is shorter") {
    Log shorter("old");
    shorter.say(2);
    Reader reader(behind("old", 10));
    reader.join(shorter);
    reader.read_all(shorter);
    CHECK(reader.told == Seqs{1, 2});
    CHECK(reader.backlog.caught_up());
  }
}

TEST_CASE(
    "backlog: while it looks for the beginning it has no cursor, so a new connection looks "
    "again",
    "[client]") {
  Log log;
  log.say(20);
  Reader reader(newest(7));
  reader.join(log);
  reader.read(log);
  CHECK_FALSE(reader.backlog.cursor());
  log.say(5);
  reader.join(log);
  reader.read_all(log);
  CHECK(reader.told == from_to(19, 25));
}

TEST_CASE("backlog: numbers that no server of ours sends do no harm", "[client]") {
  Reader reader(behind("e", 3));
  wire::Welcome welcome;
  welcome.epoch = base::Epoch("e");
  welcome.head = base::Seq(5);
  welcome.recovered = false;
  welcome.missing = wire::Missing{{}, {{base::Seq(0), base::Seq(0)}}};
  reader.backlog.on_welcome(welcome);
  reader.hear(4);
  CHECK(reader.told == Seqs{4});

  Reader seeking(newest(1));
  welcome.missing.reset();
  welcome.recovered.reset();
  seeking.backlog.on_welcome(welcome);
  const auto request = seeking.backlog.next_request(kPage);
  REQUIRE(request);
  wire::HistoryPage page;
  page.before = request->before;
  page.messages = {message_of(0)};
  seeking.take(page);
  CHECK(seeking.backlog.cursor()->seq == base::Seq(0));
}
