#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/base/block.hpp"

namespace chat::hub {

/// What waits to be written to one connection: shared blocks, first in first out. Pure.
///
/// Bound and policy: a block that would take a non-empty outbox over its bound is refused, and the
/// owner closes the reader as too slow (it resumes by its cursor). An empty one takes any block, so
/// a single message over the bound still passes. A block is counted with kBlockCost on top of its
/// bytes.
class Outbox {
 public:
  static constexpr std::size_t kBlockCost = 64;

  /// False, and nothing is taken, when the bound does not allow it.
  bool push(base::BlockRef block, std::size_t bound);
  /// Takes the block whatever the bound says (the error and close frames of a refused reader).
  void push_unbounded(base::BlockRef block);

  bool empty() const noexcept { return first_ == blocks_.size(); }
  /// Bytes that wait, each block with kBlockCost.
  std::size_t cost() const noexcept { return cost_; }

  /// Fills up to `capacity` entries with what to write next; returns how many.
  int gather(iovec* entries, int capacity) const noexcept;
  /// The first `bytes` of it were written.
  void consume(std::size_t bytes);
  /// Forgets everything but the rest of a block that was written in part. That block may hold
  /// several whole frames, so the stream stays well-formed.
  void drop_unstarted();

 private:
  std::vector<base::BlockRef> blocks_;
  std::size_t first_ = 0;
  std::size_t offset_ = 0;  // written of blocks_[first_]
  std::size_t cost_ = 0;
};

}  // namespace chat::hub
