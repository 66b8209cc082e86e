#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "chat/base/executor.hpp"

namespace chat::tools {

/// Reads a descriptor on a thread of its own, cut at a separator, and hands the pieces to a loop.
/// Bounded: it reads on only when what was handed over has been given back by `taken`.
class LineReader {
 public:
  struct Batch {
    std::vector<std::string> lines;  ///< without the separator
    bool is_end = false;
    std::string failure;  ///< why reading ended early; what has no separator yet is left out then
  };
  /// `separator`: empty = everything is one piece; with "\n" one carriage return before it goes,
  /// too. `on_batch` is called on the loop.
  LineReader(int descriptor, std::string separator, std::size_t most_line_bytes,
             base::Executor& executor, std::function<void(Batch)> on_batch);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The last batch is done with: the next may come.
  void taken();

 private:
  void run();
  bool hand_over(Batch batch);

  const int descriptor_;
  const std::string separator_;
  const std::size_t most_line_bytes_;
  base::Executor& executor_;
  const std::function<void(Batch)> on_batch_;
  int wake_[2] = {-1, -1};  // a pipe: written at the end

  std::mutex mutex_;
  std::condition_variable changed_;
  bool may_read_ = true;  // guarded by mutex_
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace chat::tools
