#include "sim/journal.hpp"

#include <iterator>

namespace chat::tests {

std::string Journal::add(const base::RoomName& name, const base::Epoch& epoch,
                         wire::MessagePtr message) {
  Room& room = rooms_[{name, epoch}];
  const auto seq = message->seq;
  const auto text = name.value() + " " + std::to_string(seq.value()) + " " + message->body;
  if (!room.log.empty() && seq <= room.log.rbegin()->first) return "seqs do not ascend: " + text;
  if (!message->client.value().empty()) {
    const auto [sent, fresh] = room.senders.emplace(std::pair(message->client, message->n), seq);
    if (!fresh) {
      return "(client, n) stored twice: " + message->client.value() + " " +
             std::to_string(message->n) + " as " + std::to_string(sent->second.value()) +
             " and as " + text;
    }
  }
  ++size_;
  room.log.emplace(seq, std::move(message));
  return {};
}

const Journal::Room* Journal::room(const base::RoomName& name, const base::Epoch& epoch) const {
  const auto found = rooms_.find({name, epoch});
  return found == rooms_.end() ? nullptr : &found->second;
}

const Journal::Log& Journal::log(const base::RoomName& name, const base::Epoch& epoch) const {
  static const Log nothing;
  const Room* found = room(name, epoch);
  return found == nullptr ? nothing : found->log;
}

wire::MessagePtr Journal::find(const base::RoomName& name, const base::Epoch& epoch,
                               base::Seq seq) const {
  const Log& all = log(name, epoch);
  const auto found = all.find(seq);
  return found == all.end() ? nullptr : found->second;
}

base::Seq Journal::head(const base::RoomName& name, const base::Epoch& epoch) const {
  const Log& all = log(name, epoch);
  return all.empty() ? base::Seq(0) : all.rbegin()->first;
}

std::size_t Journal::count_between(const base::RoomName& name, const base::Epoch& epoch,
                                   base::Seq after, base::Seq before) const {
  if (before <= after) return 0;
  const Log& all = log(name, epoch);
  return static_cast<std::size_t>(std::distance(all.upper_bound(after), all.lower_bound(before)));
}

}  // namespace chat::tests
