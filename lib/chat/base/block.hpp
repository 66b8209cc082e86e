#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace chat::base {

class BlockRef;

/// Immutable bytes shared by many outboxes: one allocation, counted by BlockRef.
///
/// Ownership: by its BlockRefs. The count is not atomic: all references of a block belong to one
/// loop (a block never crosses threads; a message does, and is encoded once per worker).
class Block {
 public:
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// A block that holds the given pieces one after the other.
  static BlockRef copy_of(std::string_view first, std::string_view second = {});
  /// A block of `size` bytes to be filled through the returned pointer before it is shared.
  static BlockRef uninitialised(std::size_t size, char*& bytes);

  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), size_};
  }
  std::size_t size() const noexcept { return size_; }

 private:
  friend class BlockRef;
  explicit Block(std::size_t size) noexcept : size_(size) {}

  std::size_t size_;
  mutable std::size_t references_ = 0;
};

/// Shared ownership of a Block; may be empty.
class BlockRef {
 public:
  BlockRef() noexcept = default;
  BlockRef(const BlockRef& other) noexcept : block_(other.block_) { retain(); }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() { release(); }

  explicit operator bool() const noexcept { return block_ != nullptr; }
  const Block& operator*() const noexcept { return *block_; }
  const Block* operator->() const noexcept { return block_; }
  const Block* get() const noexcept { return block_; }

 private:
  friend class Block;
  explicit BlockRef(const Block* block) noexcept : block_(block) { retain(); }
  void retain() const noexcept {
    if (block_ != nullptr) ++block_->references_;
  }
  void release() noexcept;

  const Block* block_ = nullptr;
};

}  // namespace chat::base
