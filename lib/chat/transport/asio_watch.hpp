#pragma once

#include <functional>
#include <memory>

namespace chat::transport {

class AsioExecutor;

/// Calls when a descriptor can be read (a terminal, a signalfd), again and again. The descriptor
/// stays its owner's. Thread: the executor's loop; no call after destruction.
class DescriptorWatch {
 public:
  DescriptorWatch(AsioExecutor& executor, int descriptor, std::function<void()> on_readable);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

 private:
  struct Watched;
  std::shared_ptr<Watched> watched_;
};

}  // namespace chat::transport
