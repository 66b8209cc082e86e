#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "chat/base/ids.hpp"
#include "chat/wire/message.hpp"

namespace chat::tests {

/// Every message that was ever stored, also those that retention has dropped since: the truth that
/// what members see is held against.
class Journal {
 public:
  using Log = std::map<base::Seq, wire::MessagePtr>;

  /// Notes a stored message; a text that says what is wrong with it, or nothing.
  std::string add(const base::RoomName& room, const base::Epoch& epoch, wire::MessagePtr message);

  const Log& log(const base::RoomName& room, const base::Epoch& epoch) const;
  /// nullptr when nothing was stored as `seq`.
  wire::MessagePtr find(const base::RoomName& room, const base::Epoch& epoch, base::Seq seq) const;
  /// Over all rooms and logs.
  std::size_t size() const noexcept { return size_; }
  /// 0 while there is nothing.
  base::Seq head(const base::RoomName& room, const base::Epoch& epoch) const;
  /// How many lie above `after` and below `before`.
  std::size_t count_between(const base::RoomName& room, const base::Epoch& epoch, base::Seq after,
                            base::Seq before) const;

 private:
  struct Room {
    Log log;
    std::map<std::pair<base::ClientId, std::uint64_t>, base::Seq> senders;
  };
  const Room* room(const base::RoomName& name, const base::Epoch& epoch) const;

  std::map<std::pair<base::RoomName, base::Epoch>, Room> rooms_;
  std::size_t size_ = 0;
};

}  // namespace chat::tests
