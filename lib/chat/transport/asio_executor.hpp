#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"

namespace chat::transport {

/// base::Executor on an Asio loop of one thread.
class AsioExecutor final : public base::Executor {
 public:
  AsioExecutor();
  ~AsioExecutor() override;

  /// Runs the loop on the calling thread until `stop`.
  void run();
  /// Ends `run` soon; from any thread.
  void stop();
  /// For the end, when the loop does not run any more and the owners of its tasks are gone: forgets
  /// every task and timer, and takes back the operations of the sockets that were closed.
  void abandon();

  void post(base::Task task) override;
  void defer(base::Task task) override;
  base::TimerId after(base::Duration delay, base::Task task) override;
  void cancel(base::TimerId id) override;
  base::TimePoint now() const override;
  base::WallMs wall_now() const override;

  asio::io_context& context() noexcept { return context_; }

 private:
  using TimerKey = std::pair<base::TimePoint, base::TimerId>;

  void run_posted();
  void run_deferred();
  void run_due();
  void arm();

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;

  std::mutex mutex_;
  std::vector<base::Task> posted_;  // guarded by mutex_

  std::vector<base::Task> deferred_;
  std::map<TimerKey, base::Task> timers_;
  std::map<base::TimerId, base::TimePoint> due_at_;
  asio::steady_timer timer_;
  base::TimePoint armed_for_ = base::TimePoint::max();
  base::TimerId last_timer_ = 0;
};

}  // namespace chat::transport
