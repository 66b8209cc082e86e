#include "sim/cluster_judge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "chat/rabbitmq/topology.hpp"

namespace chat::tests {
namespace {

using Log = ClusterTruth::Log;
using Message = ClusterTruth::Message;
using Room = ClusterTruth::Room;

const Room& room_of(const Log& log, const base::RoomName& room) {
  static const Room nothing;
  const auto found = log.rooms.find(room);
  return found == log.rooms.end() ? nothing : found->second;
}

Room above(const Room& room, base::Seq seq) {
  Room part;
  for (const auto& message : room) {
    if (message.seq > seq) part.push_back(message);
  }
  return part;
}

bool equal(const Message& truth, const wire::Message& message) {
  return truth.seq == message.seq && truth.client == message.client && truth.n == message.n &&
         truth.at == message.at && truth.body == message.body;
}

/// Where `messages` leaves `truth`; empty when it is a first part of it.
std::string difference(const Room& truth, const std::vector<wire::MessagePtr>& messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto text = [&messages, i] {
      return messages[i]->body + " as " + std::to_string(messages[i]->seq.value());
    };
    if (i >= truth.size()) return "has " + text() + " behind all that is in the log";
    if (!equal(truth[i], *messages[i])) {
      return "has " + text() + " where the log has " + truth[i].body + " as " +
             std::to_string(truth[i].seq.value());
    }
  }
  return {};
}

class Judge {
 public:
  Judge(ClusterWorld& world, Findings& findings) : world_(world), findings_(findings) {}

  void run() {
    world_.collect();
    world_.truth().interpret();
    for (std::size_t i = 0; i < partitions(); ++i) judge_names(i);
    for (std::size_t i = 0; i < world_.plan().nodes; ++i) {
      if (ClusterNode* node = world_.node(i)) judge_node(*node);
    }
    for (const auto& attempt : world_.attempts()) judge_attempt(*attempt);
    for (const auto& subscription : world_.subscriptions()) judge_subscription(*subscription);
    for (const auto& read : world_.reads()) judge_read(read);
  }

 private:
  std::size_t partitions() const { return world_.plan().node.partitions; }
  std::size_t partition(const base::RoomName& room) const {
    return rabbitmq::partition_of(room, partitions());
  }
  const Log* find(const base::RoomName& room, const base::Epoch& epoch) {
    return world_.truth().find(partition(room), epoch);
  }
  void wrong(const std::string& what) { findings_.add(what); }

  /// Each life of a stream has its own name, and each body is in it once.
  void judge_names(std::size_t partition) {
    std::set<base::Epoch> names;
    for (const auto& log : world_.truth().logs(partition)) {
      if (!log.epoch.value().empty() && !names.insert(log.epoch).second) {
        wrong("two logs have the same name " + log.epoch.value());
      }
      std::set<std::string> bodies;
      for (const auto& [room, messages] : log.rooms) {
        for (const auto& message : messages) {
          if (!bodies.insert(message.body).second) wrong("in the log twice: " + message.body);
        }
      }
    }
  }

  void judge_node(ClusterNode& node) {
    for (const auto& room : world_.plan().rooms) {
      const Log& log = world_.truth().logs(partition(room)).back();
      const auto who = node.name() + " in " + room.value() + ": ";
      if (node.epoch(room) != log.epoch) {
        wrong(who + "epoch " + node.epoch(room).value() + " instead of " + log.epoch.value());
        continue;
      }
      const auto floor = node.floor(room);
      if (floor > log.trimmed) wrong(who + "it has a floor though nothing was trimmed");
      Room kept = above(room_of(log, room), floor);
      const auto most = world_.plan().node.retention.room_messages;
      if (kept.size() > most) kept.erase(kept.begin(), kept.end() - static_cast<long>(most));
      const auto messages = node.page(room).messages;
      if (const auto text = difference(kept, messages); !text.empty()) {
        wrong(who + text);
      } else if (messages.size() < kept.size()) {
        wrong(who + "it lacks " + kept[messages.size()].body);
      }
    }
  }

  void judge_attempt(const ClusterWorld::Attempt& attempt) {
    const auto who = attempt.body + " at " + attempt.node + ": ";
    if (attempt.answers > 1) wrong(who + "answered twice");
    if (attempt.answers == 0 && world_.is_up(attempt.node)) wrong(who + "not answered");
    std::size_t taken = 0;
    for (const auto& log : world_.truth().logs(partition(attempt.room))) {
      for (const auto& message : room_of(log, attempt.room)) taken += message.body == attempt.body;
    }
    if (attempt.answers == 0) return;
    if (!attempt.published) {
      if (taken > 0) wrong(who + "refused, but in the log");
      return;
    }
    judge_published(attempt, who);
  }

  void judge_published(const ClusterWorld::Attempt& attempt, const std::string& who) {
    const Log* log = find(attempt.room, attempt.published->epoch);
    if (log == nullptr) return wrong(who + "acknowledged for a log that is none");
    for (const auto& message : room_of(*log, attempt.room)) {
      if (message.seq != attempt.published->seq) continue;
      if (message.client != attempt.client || message.n != attempt.n) {
        wrong(who + "acknowledged with another's seq");
      }
      if (!attempt.published->repeat && message.body != attempt.body) {
        wrong(who + "acknowledged as new, but it is " + message.body);
      }
      if (attempt.published->repeat && attempt.client.value().empty()) {
        wrong(who + "acknowledged as a repeat, without a client");
      }
      return;
    }
    wrong(who + "acknowledged, but not in the log");
  }

  void judge_subscription(const ClusterWorld::Subscription& subscription) {
    const auto who = "heard at " + subscription.node + " in " + subscription.room.value() + ": ";
    const auto& stretches = subscription.stretches;
    for (std::size_t i = 0; i < stretches.size(); ++i) {
      if (i > 0) judge_restart(subscription, stretches[i - 1], stretches[i], who);
      const bool is_last = i + 1 == stretches.size();
      judge_stretch(subscription, stretches[i], is_last && subscription.open, who);
    }
  }

  /// There is a reason for it: another log, or something was trimmed before it was heard.
  void judge_restart(const ClusterWorld::Subscription& subscription,
                     const ClusterWorld::Stretch& before, const ClusterWorld::Stretch& after,
                     const std::string& who) {
    if (before.head.epoch != after.head.epoch) return;
    const Log* log = find(subscription.room, after.head.epoch);
    const auto heard = before.heard.empty() ? before.head.head : before.heard.back()->seq;
    if (log != nullptr && heard > log->trimmed) wrong(who + "a restart without a reason");
  }

  void judge_stretch(const ClusterWorld::Subscription& subscription,
                     const ClusterWorld::Stretch& stretch, bool must_have_all,
                     const std::string& who) {
    const Log* log = find(subscription.room, stretch.head.epoch);
    if (log == nullptr) return wrong(who + "a log that is none: " + stretch.head.epoch.value());
    const Room expected = above(room_of(*log, subscription.room), stretch.head.head);
    if (const auto text = difference(expected, stretch.heard); !text.empty()) {
      return wrong(who + text);
    }
    if (!must_have_all) return;
    if (log != &world_.truth().logs(partition(subscription.room)).back()) {
      return wrong(who + "nothing of the present log");
    }
    if (stretch.heard.size() < expected.size()) {
      wrong(who + "it lacks " + expected[stretch.heard.size()].body);
    }
  }

  void judge_read(const ClusterWorld::Read& read) {
    using Kind = room::Continuity::Kind;
    const auto& [page, epoch, continuity] = read.answer;
    const auto who =
        "read of " + read.room.value() + " behind " + std::to_string(read.after.value()) + ": ";
    if (page.messages.empty() && epoch.value().empty()) return;
    const Log* log = find(read.room, epoch);
    if (log == nullptr) return wrong(who + "of a log that is none");
    const bool same_log = read.epoch.value().empty() || read.epoch == epoch;
    if (!same_log && continuity.kind != Kind::other_epoch) wrong(who + "of another log, unsaid");
    if (read.epoch == epoch && continuity.kind == Kind::other_epoch)
      wrong(who + "said to be of another log");
    const bool whole = continuity.kind == Kind::whole;
    const auto from = whole || page.messages.empty()
                          ? read.after
                          : base::Seq(page.messages.front()->seq.value() - 1);
    const Room expected = above(room_of(*log, read.room), from);
    if (const auto text = difference(expected, page.messages); !text.empty()) wrong(who + text);
    const bool lacks = whole && !page.more && expected.size() > page.messages.size() &&
                       expected[page.messages.size()].seq <= page.head;
    if (lacks) wrong(who + "it lacks " + expected[page.messages.size()].body);
  }

  ClusterWorld& world_;
  Findings& findings_;
};

}  // namespace

void judge(ClusterWorld& world, Findings& findings) { Judge(world, findings).run(); }

}  // namespace chat::tests
