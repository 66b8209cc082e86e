#include "line_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace chat::tools {
namespace {

constexpr std::size_t kChunk = 64U << 10;

}  // namespace

LineReader::LineReader(int descriptor, std::string separator, std::size_t most_line_bytes,
                       base::Executor& executor, std::function<void(Batch)> on_batch)
    : descriptor_(descriptor),
      separator_(std::move(separator)),
      most_line_bytes_(most_line_bytes),
      executor_(executor),
      on_batch_(std::move(on_batch)) {
  if (::pipe2(wake_, O_CLOEXEC) != 0) wake_[0] = wake_[1] = -1;
  thread_ = std::thread([this] { run(); });
}

LineReader::~LineReader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  ::close(wake_[1]);
  thread_.join();
  ::close(wake_[0]);
}

void LineReader::taken() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    may_read_ = true;
  }
  changed_.notify_all();
}

/// False when nobody wants more.
bool LineReader::hand_over(Batch batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return may_read_ || is_over_; });
  if (is_over_) return false;
  may_read_ = false;
  auto moved = std::make_shared<Batch>(std::move(batch));
  executor_.post([this, moved] { on_batch_(std::move(*moved)); });
  return true;
}

void LineReader::run() {
  std::string rest;
  std::size_t searched = 0;
  std::array<char, kChunk> chunk;
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{descriptor_, POLLIN, 0}, pollfd{wake_[0], POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      Batch failed;
      failed.is_end = true;
      failed.failure = std::string("cannot wait for input: ") + std::strerror(errno);
      hand_over(std::move(failed));
      return;
    }
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    const auto size = ::read(descriptor_, chunk.data(), chunk.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    Batch batch;
    if (size < 0) batch.failure = std::string("cannot read: ") + std::strerror(errno);
    if (size > 0) rest.append(chunk.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    while (!separator_.empty()) {
      const auto end = rest.find(separator_, std::max(begin, searched));
      if (end == std::string::npos) break;
      batch.lines.push_back(rest.substr(begin, end - begin));
      const bool has_return = separator_ == "\n" && end > begin && rest[end - 1] == '\r';
      if (has_return) batch.lines.back().pop_back();
      begin = end + separator_.size();
      searched = begin;
    }
    rest.erase(0, begin);
    searched = rest.size() < separator_.size() ? 0 : rest.size() - separator_.size() + 1;
    batch.is_end = size <= 0;
    if (size == 0 && !rest.empty()) batch.lines.push_back(std::exchange(rest, {}));
    if (rest.size() > most_line_bytes_) {
      batch.is_end = true;
      batch.failure = "a message is over " + std::to_string(most_line_bytes_) + " bytes";
    }
    const bool is_end = batch.is_end;
    if ((is_end || !batch.lines.empty()) && !hand_over(std::move(batch))) return;
    if (is_end) return;
  }
}

}  // namespace chat::tools
