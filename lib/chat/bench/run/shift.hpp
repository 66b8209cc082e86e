#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/base/histogram.hpp"
#include "chat/bench/payload.hpp"
#include "chat/bench/run/agenda.hpp"
#include "chat/bench/run/channel.hpp"
#include "chat/bench/run/layout.hpp"
#include "chat/bench/run/members.hpp"
#include "chat/bench/run/messages.hpp"
#include "chat/bench/run/recorder.hpp"
#include "chat/bench/run/senders.hpp"
#include "chat/bench/verifier.hpp"

namespace chat::bench {

/// One run of a worker: its members from their first connection to the verdict. Thread: one.
class Shift final : private Members::Listener {
 public:
  /// Why it ended early.
  struct End {
    std::string why;  ///< for people; empty: the leader has hung up, or
    bool is_unreachable = false;
    bool is_crowded = false;   ///< as in Failed
    bool is_given_up = false;  ///< … wants no more of this run
  };
  template <class T = void>
  using Result = tl::expected<T, End>;

  /// All but the plan outlive it.
  Shift(Plan plan, const Dialect& dialect, const Payload& payload, std::vector<sockaddr_in> servers,
        Channel& channel);

  /// Does as the leader says until the outcome is told. Nothing: it went well.
  Result<> run();

 private:
  struct Player {
    std::uint64_t asked_at = 0;  // when it went to its server, or should have
    std::uint32_t tries = 0;     // in vain, since it was in its room
    std::uint32_t place = 0;     // its server, behind its first one
    std::uint64_t disturbed_at = 0;
    bool is_joining = false;
    bool is_stalled = false;
    bool was_in = false;  // in this round
  };
  enum class Phase : std::uint8_t { idle, joining, running, draining };

  // Members::Listener
  void on_joined(std::size_t member) override;
  void on_delivery(std::size_t member, const Mark& mark) override;
  void on_answer(std::size_t member, const Dialect::Step& step) override;
  void on_read(std::size_t member) override { senders_.on_read(member); }
  void on_lost(std::size_t member, const std::string& why) override;
  void on_due() override;

  Result<Order> next_order();
  Result<> obey(Order order);
  Result<bool> is_stopped();
  Result<> tell(const Word& word);

  Result<> join_all();
  void start_joins(std::uint64_t began);
  std::string silence() const;
  bool is_hopeless(std::uint64_t progress_at) const noexcept;
  void connect(std::size_t member, std::uint64_t planned);
  void on_dropped(std::size_t member, const std::string& why);
  void start_anew(std::size_t member);
  void come_back(std::size_t member);

  Result<> run_window(const Begin& begin);
  Result<> catch_up();
  Result<> tick();
  Result<> wait_until(std::uint64_t end);
  void begin_disturbing();
  void disturb_at(std::uint64_t at, std::size_t member);
  void disturb(std::size_t member);
  void end_disturbing();
  std::uint64_t some_time_about(std::uint64_t mean);
  Result<> drain(const Drain& drain);
  bool is_all_there(std::uint64_t expected) const noexcept;
  std::uint64_t progress() const noexcept;
  Outcome outcome(const Drain& drain);

  Recorder::Counts counts() const noexcept;
  void set_due();
  void give_reason(const std::string& why);
  std::string place_of(std::size_t member) const;
  bool rejoins(std::size_t member) const noexcept;

  const Plan plan_;
  const Dialect& dialect_;
  Channel& channel_;
  const Layout layout_;
  const std::vector<char> is_timed_;  // by sender: it and this worker share a clock
  Members members_;
  Senders senders_;
  Verifier verifier_;
  Recorder recorder_;
  Agenda agenda_;
  std::vector<Player> players_;
  std::mt19937_64 random_;

  Phase phase_ = Phase::idle;
  bool is_over_ = false;
  bool is_disturbing_ = false;
  bool has_stopped_ = false;  // the leader has said so
  std::size_t asked_ = 0;     // members that were sent to their servers in this round
  std::size_t joining_ = 0;   // under way
  std::size_t away_ = 0;      // members that are to come back, and are not there yet
  std::size_t out_ = 0;       // … that do not come back
  std::size_t failed_ = 0;    // tries of this round
  std::string last_failure_;
  base::Histogram join_;
  Outcome outcome_;
};

}  // namespace chat::bench
