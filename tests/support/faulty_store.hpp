#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>

#include "chat/base/executor.hpp"
#include "chat/history/store.hpp"

namespace chat::tests {

/// A Store that answers late and fails, by a seeded plan, in front of one that does not fail.
///
/// It keeps the contract of history::Store: the calls for one room are carried out in order, an
/// append that fails leaves nothing behind and takes the appends waiting behind it with it.
class FaultyStore final : public history::Store {
 public:
  struct Plan {
    unsigned fails_percent = 0;
    unsigned late_percent = 0;
    base::Duration latest = std::chrono::milliseconds(20);
  };

  FaultyStore(base::Executor& executor, history::Store& inner, std::uint64_t seed, Plan plan)
      : executor_(executor), inner_(inner), random_(seed), plan_(plan) {}

  void set_plan(Plan plan) { plan_ = plan; }
  /// The next `count` appends fail, whatever the plan says.
  void fail_appends(unsigned count) { appends_to_fail_ = count; }
  void fail_opens(unsigned count) { opens_to_fail_ = count; }

  /// The process is killed: of each room's waiting appends the oldest few are stored all the same,
  /// and nothing that waits is ever answered.
  void kill() {
    for (auto& [room, waiting] : waiting_) {
      for (Job& job : waiting) {
        if (job.fails || chance(50)) break;
        if (job.keep) job.keep([](const wire::Result<void>&) {});
      }
      waiting.clear();
    }
  }

  void open(const base::RoomName& room, OpenDone done) override {
    ++opens;
    Job job;
    job.fails = take(opens_to_fail_) || chance(plan_.fails_percent);
    job.run = [this, room, done](auto next) { inner_.open(room, then(done, next)); };
    job.fail = [done] { done(failure()); };
    submit(room, std::move(job));
  }
  void release(const base::RoomName& room) override {
    ++releases;
    inner_.release(room);
  }
  void append(history::Append append, AppendDone done) override {
    ++appends;
    Job job;
    job.appends = true;
    job.fails = take(appends_to_fail_) || chance(plan_.fails_percent);
    const base::RoomName room = append.room;
    if (!append.dedup.empty()) ++snapshots;
    job.keep = [this, append](AppendDone answer) { inner_.append(append, std::move(answer)); };
    job.run = [keep = job.keep, done](auto next) { keep(then(done, next)); };
    job.fail = [done] { done(failure()); };
    submit(room, std::move(job));
  }
  void read(const base::RoomName& room, history::Range range, ReadDone done) override {
    Job job;
    job.fails = chance(plan_.fails_percent);
    job.run = [this, room, range, done](auto next) { inner_.read(room, range, then(done, next)); };
    job.fail = [done] { done(failure()); };
    submit(room, std::move(job));
  }
  void list(ListDone done) override { inner_.list(std::move(done)); }
  void expire(base::WallMs now) override { inner_.expire(now); }
  void on_trim(TrimListener listener) override { inner_.on_trim(std::move(listener)); }
  void forget_rooms(Which which) override { inner_.forget_rooms(std::move(which)); }
  void on_forget(ForgetListener listener) override { inner_.on_forget(std::move(listener)); }
  bool durable() const noexcept override { return inner_.durable(); }

  /// Calls that are not answered yet.
  std::size_t waiting() const {
    std::size_t sum = 0;
    for (const auto& [room, waiting] : waiting_) sum += waiting.size();
    return sum;
  }

  unsigned opens = 0;
  unsigned appends = 0;
  unsigned releases = 0;
  unsigned snapshots = 0;

 private:
  struct Job {
    bool appends = false;
    bool fails = false;
    std::function<void(std::function<void()> next)> run;  // `next`: once it is answered
    std::function<void()> fail;
    std::function<void(AppendDone)> keep;  // of an append
  };

  static tl::unexpected<wire::Error> failure() {
    return wire::fail(wire::Code::unavailable, "disk full (planned)");
  }
  static bool take(unsigned& count) {
    if (count == 0) return false;
    --count;
    return true;
  }
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  template <class Done>
  static Done then(Done done, std::function<void()> next) {
    return [done = std::move(done), next = std::move(next)](auto answer) {
      done(std::move(answer));
      next();
    };
  }

  void submit(const base::RoomName& room, Job job) {
    auto& waiting = waiting_[room];
    waiting.push_back(std::move(job));
    if (waiting.size() == 1) start_first(room);
  }

  void start_first(const base::RoomName& room) {
    if (!chance(plan_.late_percent)) return finish_first(room);
    const auto delay = static_cast<base::Duration::rep>(
        random_() % static_cast<std::uint64_t>(plan_.latest.count()));
    executor_.after(base::Duration(delay), [this, room] { finish_first(room); });
  }

  void finish_first(base::RoomName room) {
    auto& waiting = waiting_[room];
    const Job job = waiting.front();
    if (job.fails && job.appends) {
      for (Job& behind : waiting) behind.fails = behind.fails || behind.appends;
    }
    const auto next = [this, room] {
      auto& behind = waiting_[room];
      behind.pop_front();
      if (!behind.empty()) start_first(room);
    };
    if (!job.fails) return job.run(next);
    job.fail();
    next();
  }

  base::Executor& executor_;
  history::Store& inner_;
  std::mt19937_64 random_;
  Plan plan_;
  unsigned appends_to_fail_ = 0;
  unsigned opens_to_fail_ = 0;
  std::unordered_map<base::RoomName, std::deque<Job>> waiting_;
};

}  // namespace chat::tests
