#include "chat/base/block.hpp"

#include <cstring>
#include <new>

namespace chat::base {

BlockRef Block::uninitialised(std::size_t size, char*& bytes) {
  void* memory = ::operator new(sizeof(Block) + size);
  auto* block = new (memory) Block(size);
  bytes = reinterpret_cast<char*>(block + 1);
  return BlockRef(block);
}

BlockRef Block::copy_of(std::string_view first, std::string_view second) {
  char* bytes = nullptr;
  BlockRef block = uninitialised(first.size() + second.size(), bytes);
  if (!first.empty()) std::memcpy(bytes, first.data(), first.size());
  if (!second.empty()) std::memcpy(bytes + first.size(), second.data(), second.size());
  return block;
}

void BlockRef::release() noexcept {
  if (block_ == nullptr || --block_->references_ != 0) return;
  block_->~Block();
  ::operator delete(const_cast<Block*>(block_));
}

}  // namespace chat::base
