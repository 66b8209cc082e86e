#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "chat/history/memory_store.hpp"
#include "sim/journal.hpp"

namespace chat::tests {

/// What a disk would hold: survives the simulated process, and notes every message in a journal.
///
/// Each worker of the process opens a Door to it. Thread: one.
class DurableStore {
 public:
  /// `report` hears of what must never be stored.
  DurableStore(history::Retention retention, std::function<void(const std::string&)> report);

  /// A worker's history::Store over it.
  class Door final : public history::Store {
   public:
    explicit Door(DurableStore& store);
    ~Door() override;
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    void open(const base::RoomName& room, OpenDone done) override;
    void release(const base::RoomName& room) override;
    void append(history::Append append, AppendDone done) override;
    void read(const base::RoomName& room, history::Range range, ReadDone done) override;
    void list(ListDone done) override;
    void expire(base::WallMs now) override;
    void on_trim(TrimListener listener) override;
    void forget_rooms(Which which) override { store_.memory_.forget_rooms(std::move(which)); }
    void on_forget(ForgetListener listener) override {
      store_.memory_.on_forget(std::move(listener));
    }
    bool durable() const noexcept override { return true; }

   private:
    DurableStore& store_;
  };

  const Journal& journal() const noexcept { return journal_; }
  /// The present log of a room; empty while it has no message.
  base::Epoch epoch(const base::RoomName& room) const;
  /// Everything up to it has been dropped by retention; of a log that is gone: until then.
  base::Seq floor(const base::RoomName& room, const base::Epoch& epoch);
  /// The disk is lost: the rooms begin anew, under other epochs. While no Door is open.
  void wipe();
  /// How often it was wiped.
  std::size_t generation() const noexcept { return generation_; }
  /// Where a body stands in the logs of a generation; bodies are not used twice in one.
  std::optional<wire::Cursor> find_body(const base::RoomName& room, const std::string& body,
                                        std::size_t generation) const;

 private:
  using Body = std::pair<base::RoomName, std::string>;

  history::MemoryStore make_memory();
  void note(const base::RoomName& room, const wire::MessagePtr& message);

  const history::Retention retention_;
  std::size_t generation_ = 0;
  std::uint64_t last_epoch_ = 0;
  std::function<void(const std::string&)> report_;
  history::MemoryStore memory_;
  Journal journal_;
  std::map<base::RoomName, base::Epoch> epochs_;
  std::map<std::pair<base::RoomName, base::Epoch>, base::Seq> floors_of_gone_;
  std::map<std::size_t, std::map<Body, wire::Cursor>> bodies_;  // by generation
  std::map<const Door*, history::Store::TrimListener> listeners_;
};

}  // namespace chat::tests
