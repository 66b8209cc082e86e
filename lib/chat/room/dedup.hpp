#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/base/ids.hpp"

namespace chat::room {

/// How many counters of one client are remembered; a client may have that many unacknowledged.
constexpr std::size_t kDedupWindow = 256;
/// How many (client, n) are remembered in one room, over all clients.
constexpr std::size_t kDedupEntries = 16384;

/// Recognises messages that a client sent again. Pure.
///
/// A function of the room's log alone: `record` is called for each message of the log in its order
/// and nothing else changes it, so every node that reads the log gives the same answers. Per client
/// it keeps the last kDedupWindow counters; of all clients the ones that sent last, kDedupEntries
/// counters in sum (the client whose last message is oldest is forgotten whole).
class Dedup {
 public:
  enum class Verdict {
    fresh,   ///< not seen: take it
    repeat,  ///< taken before, as `seq`
    stale,   ///< behind the window: cannot be told, refuse it
  };
  struct Answer {
    Verdict verdict = Verdict::fresh;
    base::Seq seq;
  };

  /// What (client, n) is. An empty client is always fresh.
  Answer judge(const base::ClientId& client, std::uint64_t n) const;
  /// Notes that (client, n) is in the log as `seq`. An empty client changes nothing.
  void record(const base::ClientId& client, std::uint64_t n, base::Seq seq);

  std::size_t entries() const noexcept { return entries_; }

  /// The whole state as bytes, and back; restore is false (and nothing is changed) when the bytes
  /// are not a snapshot. `restore(snapshot())` gives the same answers as the original.
  std::string snapshot() const;
  bool restore(std::string_view bytes);

 private:
  struct Entry {
    std::uint64_t n;
    base::Seq seq;
  };
  struct Window {
    base::ClientId client;
    std::vector<Entry> entries;  // ascending n, at most kDedupWindow
  };
  using Windows = std::list<Window>;  // the one that sent last in front

  Windows windows_;
  std::unordered_map<base::ClientId, Windows::iterator> by_client_;
  std::size_t entries_ = 0;
};

}  // namespace chat::room
