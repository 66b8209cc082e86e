#include "chat/transport/asio_executor.hpp"

#include <asio/post.hpp>
#include <chrono>

namespace chat::transport {

AsioExecutor::AsioExecutor() : work_(context_.get_executor()), timer_(context_) {}

AsioExecutor::~AsioExecutor() = default;

void AsioExecutor::run() { context_.run(); }

void AsioExecutor::stop() { context_.stop(); }

void AsioExecutor::abandon() {
  std::vector<base::Task> posted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted.swap(posted_);
  }
  posted.clear();
  deferred_.clear();
  timers_.clear();
  due_at_.clear();
  context_.restart();
  context_.poll();
}

void AsioExecutor::post(base::Task task) {
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (wake) asio::post(context_, [this] { run_posted(); });
}

void AsioExecutor::run_posted() {
  std::vector<base::Task> tasks;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void AsioExecutor::defer(base::Task task) {
  // A handler posted from the loop runs behind all that the last look at the sockets made ready.
  if (deferred_.empty()) asio::post(context_, [this] { run_deferred(); });
  deferred_.push_back(std::move(task));
}

void AsioExecutor::run_deferred() {
  std::vector<base::Task> tasks;
  tasks.swap(deferred_);
  for (auto& task : tasks) task();
}

base::TimerId AsioExecutor::after(base::Duration delay, base::Task task) {
  const auto due = now() + delay;
  const auto id = ++last_timer_;
  timers_.emplace(TimerKey{due, id}, std::move(task));
  due_at_.emplace(id, due);
  arm();
  return id;
}

void AsioExecutor::cancel(base::TimerId id) {
  const auto found = due_at_.find(id);
  if (found == due_at_.end()) return;
  timers_.erase({found->second, id});
  due_at_.erase(found);
}

void AsioExecutor::arm() {
  if (timers_.empty()) return;
  const auto due = timers_.begin()->first.first;
  if (due >= armed_for_) return;
  armed_for_ = due;
  timer_.expires_at(due);
  timer_.async_wait([this](const std::error_code& error) {
    if (!error) run_due();
  });
}

void AsioExecutor::run_due() {
  armed_for_ = base::TimePoint::max();
  const auto present = now();
  while (!timers_.empty() && timers_.begin()->first.first <= present) {
    auto first = timers_.begin();
    due_at_.erase(first->first.second);
    const auto task = std::move(first->second);
    timers_.erase(first);
    task();
  }
  arm();
}

base::TimePoint AsioExecutor::now() const { return std::chrono::steady_clock::now(); }

base::WallMs AsioExecutor::wall_now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace chat::transport
