#include "chat/transport/asio_watch.hpp"

#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <utility>

#include "chat/transport/asio_executor.hpp"

namespace chat::transport {

struct DescriptorWatch::Watched : std::enable_shared_from_this<Watched> {
  Watched(AsioExecutor& executor, int descriptor, std::function<void()> on_readable_)
      : stream(executor.context(), ::dup(descriptor)), on_readable(std::move(on_readable_)) {}

  void wait() {
    stream.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const std::error_code& error) {
                        if (error || self->is_over) return;
                        self->on_readable();
                        if (!self->is_over) self->wait();
                      });
  }

  asio::posix::stream_descriptor stream;
  std::function<void()> on_readable;
  bool is_over = false;
};

DescriptorWatch::DescriptorWatch(AsioExecutor& executor, int descriptor,
                                 std::function<void()> on_readable)
    : watched_(std::make_shared<Watched>(executor, descriptor, std::move(on_readable))) {
  watched_->wait();
}

DescriptorWatch::~DescriptorWatch() {
  watched_->is_over = true;
  std::error_code ignored;
  watched_->stream.close(ignored);
}

}  // namespace chat::transport
