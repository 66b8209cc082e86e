#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/history/store.hpp"

// What every history::Store must do. A .cpp for each implementation gives make_store_world and is
// built with store_contract.cpp.

namespace chat::tests {

/// A store under contract, with what it lives in.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  virtual history::Store& store() = 0;
  /// Lets it go on until `done`.
  virtual void run_until(const std::function<bool()>& done) = 0;
  /// Ends the process, as it were, and starts it over what it left. False: nothing is left.
  virtual bool restart() { return false; }
};

std::unique_ptr<StoreWorld> make_store_world(history::Retention retention);

}  // namespace chat::tests
