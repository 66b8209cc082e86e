#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "chat/base/histogram.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/verifier.hpp"

/// What the one who leads a load test and its workers say to each other, a line of JSON each:
///
///     Plan → Ready; Connect → Joining … → Joined (again for a storm); Begin → Tick … → Sent;
///     Drain → Tick … → Outcome, and the next Plan; a worker that cannot go on says Failed and
///     ends.
///
/// Stop, at any time: connecting, the window, or the waiting of Drain, ends now. A worker whose
/// channel ends is to end, too.
namespace chat::bench {

// ---- to a worker

/// Members that are connected are cut first.
struct Connect {};
struct Begin {
  std::uint64_t in = 0;  ///< ns from now that it starts; 0: at `at`
  std::uint64_t at = 0;  ///< CLOCK_MONOTONIC, of workers on the leader's machine
};
struct Stop {};
/// The run is given up, wherever it is; a new plan may follow.
struct Quit {};
/// All that was sent in the rooms, by all workers, by sender.
struct Drain {
  std::vector<std::uint32_t> sent;
};
using Order = std::variant<Plan, Connect, Begin, Stop, Quit, Drain>;

// ---- from a worker

struct Ready {
  std::size_t members = 0;  ///< that it plays
};
/// Now and then while members connect.
struct Joining {
  std::size_t joined = 0;
  std::size_t failed = 0;  ///< tries that came to nothing
  std::string why;         ///< the last one's reason, for people
};
struct Joined {
  double seconds = 0;  ///< from the first connect to the last join
  double cpu_s = 0;    ///< of the worker, in that time
  std::size_t joined = 0;
  std::size_t failed = 0;
  base::Histogram join;  ///< ns from (planned) connecting to being in the room
};
/// Some time of a run: about a second, and one more for what came while draining.
struct Tick {
  std::int64_t second = 0;  ///< from the begin of the window; negative: warming up
  double length_s = 0;
  bool is_measured = false;  ///< within the window
  std::uint64_t sent = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t acked = 0;
  std::uint64_t bytes = 0;  ///< received
  double cpu_s = 0;         ///< of the worker
  std::uint64_t gaps = 0;   ///< messages known to be missing so far
  std::uint64_t away = 0;   ///< members that are not in their rooms now
  base::Histogram latency;  ///< ns, of what was planned in the window and has come now
};
/// The window is over.
struct Sent {
  std::vector<std::uint32_t> sent;  ///< of each sender over all rooms; 0 for other workers'
};
struct Outcome {
  Verdict verdict;
  std::vector<RoomOrders> orders;
  std::uint64_t total_sent = 0;
  std::uint64_t total_deliveries = 0;
  std::uint64_t untimed = 0;      ///< deliveries without a latency: their sender has another clock
  std::uint64_t not_sent = 0;     ///< planned, but the sender was not connected
  std::uint64_t unacked = 0;      ///< sent and never acknowledged, where the dialect does that
  std::uint64_t refused = 0;      ///< told by the server that something is wrong
  std::uint64_t disconnects = 0;  ///< of members that were to stay
  std::uint64_t cuts = 0;         ///< how often members were cut, stalled or sent away by plan
  std::uint64_t returns = 0;      ///< how often one was back in its room, or read on
  std::uint64_t dropped = 0;      ///< stalled members that the server has dropped
  std::uint64_t displaced = 0;    ///< members that got in at another server than theirs
  std::vector<std::string> reasons;  ///< for people: the first few of refusals and losses
  base::Histogram lag;               ///< ns from planned sending to sending
  base::Histogram back;              ///< ns from coming back to being in the room again
};
struct Failed {
  std::string run;              ///< the plan's; what is said of another one is late
  std::string why;              ///< for people
  bool is_unreachable = false;  ///< nothing takes connections there
  bool is_crowded = false;      ///< not all members were let in
};
using Word = std::variant<Ready, Joining, Joined, Tick, Sent, Outcome, Failed>;

std::string line_of(const Order& order);
std::string line_of(const Word& word);
/// What is wrong with the line, for people, when it is none.
tl::expected<Order, std::string> order_of(std::string_view line);
tl::expected<Word, std::string> word_of(std::string_view line);

}  // namespace chat::bench
