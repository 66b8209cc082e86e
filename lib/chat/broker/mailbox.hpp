#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"

namespace chat::broker {

/// Hands what one loop makes over to another: all items of one turn in one post, in order.
/// `Item` is called, once, on the loop `to`, and destroyed there.
/// Thread: `add` on the loop `from`. It must outlive both loops' runs.
template <class Item>
class Mailbox {
 public:
  Mailbox(base::Executor& from, base::Executor& to) : from_(from), to_(to) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void add(Item item) {
    if (items_.empty()) from_.defer([this] { hand_over(); });
    items_.push_back(std::move(item));
  }

 private:
  void hand_over() {
    auto batch = std::make_shared<std::vector<Item>>();
    batch->swap(items_);
    to_.post([batch = std::move(batch)] {
      for (Item& item : *batch) item();
      batch->clear();
    });
  }

  base::Executor& from_;
  base::Executor& to_;
  std::vector<Item> items_;
};

}  // namespace chat::broker
