#include "chat/hub/outbox.hpp"

#include <utility>

namespace chat::hub {
namespace {
/// Above this an emptied outbox gives its memory back: ten thousand idle members hold none.
constexpr std::size_t kKeepCapacity = 4;
}  // namespace

bool Outbox::push(base::BlockRef block, std::size_t bound) {
  if (!empty() && cost_ + block->size() + kBlockCost > bound) return false;
  push_unbounded(std::move(block));
  return true;
}

void Outbox::push_unbounded(base::BlockRef block) {
  if (block->size() == 0) return;
  // A slow reader's outbox is never empty: move the rest down before the vector would grow.
  if (first_ > 0 && blocks_.size() == blocks_.capacity()) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  cost_ += block->size() + kBlockCost;
  blocks_.push_back(std::move(block));
}

int Outbox::gather(iovec* entries, int capacity) const noexcept {
  int count = 0;
  std::size_t offset = offset_;
  for (std::size_t i = first_; i < blocks_.size() && count < capacity; ++i) {
    const auto bytes = blocks_[i]->bytes();
    entries[count].iov_base = const_cast<char*>(bytes.data() + offset);
    entries[count].iov_len = bytes.size() - offset;
    offset = 0;
    ++count;
  }
  return count;
}

void Outbox::consume(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t size = blocks_[first_]->size();
    const std::size_t rest = size - offset_;
    if (bytes < rest) {
      offset_ += bytes;
      return;
    }
    bytes -= rest;
    offset_ = 0;
    cost_ -= size + kBlockCost;
    blocks_[first_] = base::BlockRef();
    ++first_;
  }
  if (!empty()) return;
  first_ = 0;
  blocks_.clear();
  if (blocks_.capacity() > kKeepCapacity) std::vector<base::BlockRef>().swap(blocks_);
}

void Outbox::drop_unstarted() {
  base::BlockRef started;
  if (offset_ > 0) started = blocks_[first_];
  const std::size_t offset = offset_;
  std::vector<base::BlockRef>().swap(blocks_);
  first_ = 0;
  offset_ = 0;
  cost_ = 0;
  if (!started) return;
  push_unbounded(std::move(started));
  offset_ = offset;
}

}  // namespace chat::hub
