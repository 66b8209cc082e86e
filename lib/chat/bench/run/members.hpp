#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/dialect.hpp"
#include "chat/bench/mark.hpp"
#include "chat/bench/run/layout.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/sockets.hpp"

namespace chat::bench {

/// The members that a worker plays: what they say and hear in a dialect, each over a connection of
/// its own. Numbered as in Layout::parts. When they do it is the worker's matter.
/// Thread: one.
class Members final : private Sockets::Listener {
 public:
  /// Called in `wait`; on_lost in `connect`, too.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// From now on every message reaches it.
    virtual void on_joined(std::size_t member) = 0;
    /// A message of a test has come.
    virtual void on_delivery(std::size_t member, const Mark& mark) = 0;
    /// The server has answered what the member sent (Step::acked and the like).
    virtual void on_answer(std::size_t member, const Dialect::Step& step) = 0;
    /// All that was read in one go has been told.
    virtual void on_read(std::size_t member) = 0;
    /// The connection is over, or of no use any more; not by `cut`. `why` is for people.
    virtual void on_lost(std::size_t member, const std::string& why) = 0;
    virtual void on_due() = 0;
  };

  /// `plan`, `layout`, `dialect` and `listener` outlive it. `servers`: where plan.servers are.
  Members(const Plan& plan, const Layout& layout, const Dialect& dialect,
          std::vector<sockaddr_in> servers, Listener& listener);

  /// Goes to its server, or to the `other`-th one behind it; on_joined or on_lost follows.
  void connect(std::size_t member, std::size_t other = 0);
  /// Ends its connection without a word; it keeps what it needs to come back.
  void cut(std::size_t member);
  /// Somebody new takes its place.
  void renew(std::size_t member);
  void pause(std::size_t member) { sockets_.pause(member); }
  void resume(std::size_t member) { sockets_.resume(member); }

  /// Appends the frame of a message of `bytes`; gives its number, as acks tell it.
  std::uint64_t append_message(std::string& frames, std::size_t member, const Mark& mark,
                               std::size_t bytes);
  /// The same for one that was sent before, with the number it had. `is_first` as in Dialect.
  void append_again(std::string& frames, std::size_t member, std::uint64_t n, const Mark& mark,
                    std::size_t bytes, bool is_first);
  void send(std::size_t member, std::string_view frames) { sockets_.send_frames(member, frames); }
  /// Says what keeps connections alive to those whose turn it is; to be called often.
  void beat();

  bool is_joined(std::size_t member) const noexcept { return seats_[member].joined; }
  std::size_t joined() const noexcept { return joined_; }
  std::size_t count() const noexcept { return seats_.size(); }

  void wait(std::uint64_t until) { sockets_.wait(until); }
  void set_due(std::uint64_t due) noexcept { sockets_.set_due(due); }
  std::uint64_t now() const noexcept { return sockets_.now(); }
  std::uint64_t look_at_clock() noexcept { return sockets_.look_at_clock(); }
  std::uint64_t bytes_received() const noexcept { return sockets_.bytes_received(); }

 private:
  void on_open(std::size_t member) override;
  void on_text(std::size_t member, std::string_view text) override;
  void on_read(std::size_t member) override { listener_.on_read(member); }
  void on_lost(std::size_t member, const std::string& why) override;
  void on_due() override { listener_.on_due(); }

  void remember(std::size_t member, std::string_view text);
  void take(std::size_t member, bool was_joined, const Dialect::Step& step);
  void leave(std::size_t member);
  std::string_view payload_of(const Mark& mark, std::size_t bytes);
  bool comes_back(std::size_t member) const noexcept;
  bool some_come_back() const noexcept;

  const Plan& plan_;
  const Layout& layout_;
  const Dialect& dialect_;
  const std::vector<sockaddr_in> servers_;
  Listener& listener_;
  std::vector<Seat> seats_;
  Sockets sockets_;
  const bool gathers_;
  const bool resumes_;  // some may ask later for what they will have missed
  MarkFinder finder_;
  std::size_t joined_ = 0;
  std::string payload_;
  std::string body_;
  std::uint64_t beat_pause_ = 0;  // between those of two members; 0: the dialect has none
  std::uint64_t beat_at_ = 0;
  std::size_t beaten_ = 0;  // whose turn it is
};

/// Where they are, by the system's resolver; what is wrong, for people, when one is nowhere.
tl::expected<std::vector<sockaddr_in>, std::string> addresses_of(const std::vector<Place>& places);

}  // namespace chat::bench
