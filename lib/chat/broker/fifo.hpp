#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace chat::broker {

/// A queue in one block of memory, which it keeps while it is in use: once grown, pushing and
/// popping allocate nothing. What a burst took beyond kKept items is given back when it is empty.
template <class T>
class Fifo {
 public:
  static constexpr std::size_t kKept = 64;

  bool empty() const noexcept { return first_ == items_.size(); }
  std::size_t size() const noexcept { return items_.size() - first_; }
  /// The i-th oldest.
  T& operator[](std::size_t i) noexcept { return items_[first_ + i]; }

  void push(T item) { items_.push_back(std::move(item)); }

  /// The oldest; there must be one.
  T pop() {
    T item = std::move(items_[first_]);
    ++first_;
    if (empty()) {
      reset();
    } else if (first_ >= kKept && first_ * 2 >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return item;
  }

  /// Takes out everything that `matches`; returns how many went.
  template <class Predicate>
  std::size_t erase_if(Predicate matches) {
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(first_);
    const auto kept_end = std::remove_if(begin, items_.end(), matches);
    const auto gone = static_cast<std::size_t>(items_.end() - kept_end);
    items_.erase(kept_end, items_.end());
    if (empty()) reset();
    return gone;
  }

 private:
  void reset() {
    first_ = 0;
    if (items_.capacity() > kKept) {
      std::vector<T>().swap(items_);
    } else {
      items_.clear();
    }
  }

  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace chat::broker
