#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/arrivals.hpp"
#include "chat/bench/dialect.hpp"
#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// What a load test does to a server.
enum class Scenario : std::uint8_t {
  fanout,   ///< some speak, all hear
  chatter,  ///< many small rooms in which everybody speaks now and then
  idle,     ///< members that say nothing: what a connection costs
  storm,    ///< all connect, and all come back, at once
  churn,    ///< while some speak, members come and go
  slow,     ///< … some members stop reading for a while
  resume,   ///< … some members are cut off and come back for what they missed
  fault,    ///< … something else kills things, and all come back
};
/// "fanout" and so on, in this order.
const std::vector<std::string_view>& scenario_names();
std::string_view name_of(Scenario scenario);

/// Where a server listens.
struct Place {
  std::string host;  ///< a name or an IPv4 address
  std::uint16_t port = 0;
};

/// All that a worker has to know about one run, the same for all workers but for `worker`. Times in
/// ns. A value; what it asks for is possible (see problem_of).
struct Plan {
  Scenario scenario = Scenario::fanout;
  std::vector<Place> servers;  ///< each room's members take turns at them
  std::string dialect;
  DialectOptions dialect_options;
  std::string run;  ///< of letters and digits: begins the names of its rooms and of its members

  std::size_t rooms = 1;
  std::size_t members = 100;  ///< of a room, on the average
  std::size_t senders = 0;    ///< of a room, at most; 0: all
  double zipf = 0;            ///< exponent of the sizes of the rooms

  Arrivals::Kind arrivals = Arrivals::Kind::even;
  double rate = 100;            ///< messages a second, over all rooms
  std::size_t outstanding = 0;  ///< above 0: so many under way over all rooms, whatever the rate
  std::string payload;          ///< as Payload reads it
  std::uint64_t warm_up = 0;
  std::uint64_t duration = 0;
  bool speaks = false;  ///< idle: each member says one thing before

  double connect_rate = 0;       ///< connections a second, over all; 0: as fast as they are taken
  std::size_t handshakes = 256;  ///< at most so many at a time, over all, without a rate

  double affected = 0;        ///< share of the members that churn, stall or are cut
  std::uint64_t away = 0;     ///< … for so long
  std::uint64_t between = 0;  ///< … after so long on the average

  std::uint64_t seed = 1;
  std::vector<std::size_t> machines;  ///< of each worker, which machine it is on; ≥ 1 worker
  std::size_t worker = 0;             ///< which of them this one is

  std::size_t workers() const noexcept { return machines.size(); }
  std::size_t all_members() const noexcept { return rooms * members; }
  /// Whether members that lose their connection come back.
  bool comes_back() const noexcept {
    return scenario == Scenario::fault || scenario == Scenario::resume;
  }
  bool sends() const noexcept {
    return scenario != Scenario::storm && (scenario != Scenario::idle || speaks);
  }
};

/// What a scenario does where nothing else is asked for; without servers and machines.
Plan plan_for(Scenario scenario);

/// What it asks for, for people; where it is sent to is not among it.
std::vector<Fact> facts_of(const Plan& plan);

/// What is impossible in it, for people; empty: nothing.
std::string problem_of(const Plan& plan, const Dialect& dialect);

}  // namespace chat::bench
