#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "option_text.hpp"

namespace perf {

enum class Dialect { plain, v1 };
enum class Scenario { fanout, idle, storm };

struct Options {
  std::vector<Address> servers;  ///< each room's members take turns at them
  Scenario scenario = Scenario::fanout;
  Dialect dialect = Dialect::plain;
  std::size_t rooms = 1;
  std::size_t members = 10;     ///< of each room
  std::size_t senders = 1;      ///< of each room, the first of its members
  double rate = 100;            ///< messages/s over all rooms, at planned times
  std::size_t outstanding = 0;  ///< instead of a rate: so many on their way, over all rooms
  std::size_t payload = 100;    ///< characters of a message's text
  double warm_up_s = 1;
  double duration_s = 5;
  std::size_t handshakes = 256;  ///< at most so many at a time
  bool speak = false;            ///< idle: each member says one thing first
  std::uint64_t seed = 1;
  std::vector<pid_t> pids;  ///< of the servers; none: what they use is not known

  std::size_t connections() const noexcept { return rooms * members; }
};

Options parse_options(int argc, char** argv);
const char* usage() noexcept;

}  // namespace perf
