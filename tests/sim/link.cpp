#include "sim/link.hpp"

#include <algorithm>
#include <utility>

namespace chat::tests {

/// What a Connection holds.
class Link::ServerEnd final : public transport::Stream {
 public:
  explicit ServerEnd(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  ~ServerEnd() override { link_->end_served(); }
  ServerEnd(const ServerEnd&) = delete;
  ServerEnd& operator=(const ServerEnd&) = delete;

  void start(Listener& listener) override { link_->start_served(listener); }
  std::ptrdiff_t write(const iovec* pieces, int count) override {
    return link_->write_down(pieces, count);
  }
  void want_writable() override { link_->want_writable(); }
  void pause_reading() override { link_->up_.paused = true; }
  void resume_reading() override {
    link_->up_.paused = false;
    link_->carry(link_->up_);
  }
  void shut_down_writing() override {
    link_->down_.ended = true;
    link_->carry(link_->down_);
  }
  const std::string& peer() const override { return link_->peer_; }

 private:
  std::shared_ptr<Link> link_;
};

std::shared_ptr<Link> Link::make(SimExecutor& outside, LinkConditions conditions,
                                 std::uint64_t seed, std::string peer) {
  return std::shared_ptr<Link>(new Link(outside, conditions, seed, std::move(peer)));
}

Link::Link(SimExecutor& outside, LinkConditions conditions, std::uint64_t seed, std::string peer)
    : outside_(outside), conditions_(conditions), random_(seed), peer_(std::move(peer)) {
  down_.reader_loop = &outside_;
}

Link::~Link() = default;

// ---- the server's side

std::unique_ptr<transport::Stream> Link::serve(SimExecutor& loop) {
  served_ = true;
  server_loop_ = &loop;
  up_.reader_loop = &loop;
  return std::make_unique<ServerEnd>(shared_from_this());
}

void Link::start_served(transport::Stream::Listener& listener) {
  up_.on_bytes = [&listener](char* bytes, std::size_t size) { listener.on_bytes(bytes, size); };
  up_.on_end = [&listener](bool clean) { listener.on_end(clean); };
  on_writable_ = [&listener] { listener.on_writable(); };
  carry(up_);
}

std::ptrdiff_t Link::write_down(const iovec* pieces, int count) {
  if (down_.broken && !silent_) {
    up_.on_end = nullptr;
    return -1;
  }
  std::size_t written = 0;
  for (int i = 0; i < count; ++i) {
    const std::size_t space =
        conditions_.window_bytes - std::min(conditions_.window_bytes, down_.bytes.size());
    const std::size_t taken = std::min(space, pieces[i].iov_len);
    down_.bytes.append(static_cast<const char*>(pieces[i].iov_base), taken);
    written += taken;
    if (taken < pieces[i].iov_len) break;
  }
  carry(down_);
  return static_cast<std::ptrdiff_t>(written);
}

void Link::want_writable() {
  wants_writable_ = true;
  if (down_.bytes.size() < conditions_.window_bytes || down_.broken) tell_writable();
}

void Link::tell_writable() {
  if (silent_ || server_loop_ == nullptr || !std::exchange(wants_writable_, false)) return;
  server_loop_->post([self = shared_from_this()] {
    if (self->on_writable_) self->on_writable_();
  });
}

void Link::end_served() {
  served_ = false;
  server_loop_ = nullptr;
  on_writable_ = nullptr;
  const bool unread = !up_.bytes.empty();
  forget_reader(up_);
  // Unread bytes make it a reset, which may overtake what was sent last.
  if (unread) lose_tail(down_);
  down_.ended = true;
  carry(down_);
}

// ---- the client's side

void Link::connect(Listener& listener) {
  down_.on_bytes = [&listener](char* bytes, std::size_t size) {
    listener.on_bytes(std::string_view(bytes, size));
  };
  down_.on_end = [&listener](bool) { listener.on_end(); };
  carry(down_);
}

void Link::write(std::string_view bytes) {
  if (up_.broken || up_.ended) return;
  up_.bytes.append(bytes);
  carry(up_);
}

void Link::pause_reading() { down_.paused = true; }

void Link::resume_reading() {
  down_.paused = false;
  carry(down_);
}

void Link::close() {
  forget_reader(down_);
  if (!down_.bytes.empty()) lose_tail(up_);
  down_.broken = true;
  up_.ended = true;
  carry(up_);
  tell_writable();
}

// ---- faults

void Link::set_conditions(LinkConditions conditions) { conditions_ = conditions; }

void Link::cut() {
  for (Pipe* pipe : {&up_, &down_}) {
    pipe->bytes.clear();
    pipe->ended = true;
    pipe->broken = true;
    carry(*pipe);
  }
  tell_writable();
}

void Link::cut_after(std::size_t bytes, bool down) { (down ? down_ : up_).cut_after = bytes; }

void Link::fall_silent() { silent_ = true; }

// ---- what is under way

void Link::carry(Pipe& pipe) {
  if (pipe.carrying || pipe.paused || silent_ || !pipe.on_end) return;
  if (pipe.bytes.empty() && !pipe.ended) return;
  pipe.carrying = true;
  const auto latency = static_cast<std::uint64_t>(conditions_.latency.count());
  const base::Duration delay(static_cast<base::Duration::rep>(random_() % (latency + 1)));
  pipe.reader_loop->after(delay, [self = shared_from_this(), &pipe] { self->arrive(pipe); });
}

void Link::arrive(Pipe& pipe) {
  pipe.carrying = false;
  if (pipe.paused || silent_ || !pipe.on_end) return;
  if (pipe.bytes.empty()) {
    if (!pipe.ended) return;
    const auto on_end = std::move(pipe.on_end);
    forget_reader(pipe);
    on_end(!pipe.broken);
    return;
  }
  std::size_t size = 1 + up_to(std::min(conditions_.chunk_bytes, pipe.bytes.size()) - 1);
  if (pipe.cut_after) size = std::min(size, *pipe.cut_after);
  std::string chunk = pipe.bytes.substr(0, size);
  pipe.bytes.erase(0, size);
  if (pipe.cut_after && (*pipe.cut_after -= size) == 0) cut();
  if (&pipe == &down_) tell_writable();
  const auto on_bytes = pipe.on_bytes;
  if (!chunk.empty()) on_bytes(chunk.data(), chunk.size());
  carry(pipe);
}

void Link::forget_reader(Pipe& pipe) {
  pipe.on_bytes = nullptr;
  pipe.on_end = nullptr;
}

void Link::lose_tail(Pipe& pipe) {
  pipe.bytes.resize(up_to(pipe.bytes.size()));
  pipe.broken = true;
}

}  // namespace chat::tests
