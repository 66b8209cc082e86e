// LocalPresences of several nodes that hear of each other: each sender's signals in order, those of
// different senders in any.

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/broker/local_presence.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using broker::MemberChange;
using broker::MemberTyping;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

const RoomName kOps("ops");

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

/// A process with its clients; what it tells the others waits until the test delivers it.
class Node final : public broker::PresenceFeed, public broker::PresenceSink {
 public:
  using Signal = std::function<void(broker::RemotePresence&)>;

  Node(std::string name, base::WallMs wall) : name_(std::move(name)) {
    executor_.set_wall(wall);
    presence_.join_cluster(name_, *this);
  }

  const std::string& name() const { return name_; }
  broker::LocalPresence& presence() { return presence_; }
  ManualExecutor& executor() { return executor_; }

  /// From now on what this one tells waits for `other`, which learns first who is here already.
  void link(Node& other) {
    others_.push_back(&other);
    tell_everything(other);
  }
  /// All that this one has is said once more, at once.
  void tell_everything(Node& to) {
    std::vector<MemberChange> members;
    for (const auto& [key, change] : announced) members.push_back(change);
    waiting_[&to].push_back([name = name_, members](auto& there) { there.replace(name, members); });
  }
  void die() {
    for (Node* other : others_) {
      waiting_[other].push_back([name = name_](auto& there) { there.forget(name); });
    }
    announced.clear();
    clients.clear();
    dead = true;
  }
  std::size_t waiting_for(Node& other) { return waiting_[&other].size(); }
  void deliver_one(Node& to) {
    const auto signal = std::move(waiting_[&to].front());
    waiting_[&to].pop_front();
    if (!to.dead) signal(to.presence());
  }

  void enter(std::uint64_t key, const std::string& wanted, const RoomName& room = kOps) {
    presence_.enter(room, MemberKey(key), wanted, *this, [&](const auto& entered) {
      REQUIRE(entered);
      clients[key] = entered->name;
    });
  }
  void rename(std::uint64_t key, const std::string& wanted, const RoomName& room = kOps) {
    presence_.rename(room, MemberKey(key), wanted, [&](const auto& name) {
      REQUIRE(name);
      clients[key] = *name;
    });
  }
  void leave(std::uint64_t key, const RoomName& room = kOps) {
    presence_.leave(room, MemberKey(key), *this);
    clients.erase(key);
  }
  Names members(const RoomName& room = kOps) {
    Names names;
    presence_.members(room, [&names](const auto& members) {
      REQUIRE(members->count == members->names.size());
      names = sorted(members->names);
    });
    return names;
  }
  std::size_t count(const RoomName& room = kOps) {
    std::size_t count = 0;
    presence_.counts([&](const auto& counts) {
      for (const auto& one : *counts) count += one.room == room ? one.count : 0;
    });
    return count;
  }

  std::map<std::uint64_t, std::string> clients;     // each by what it was told that it is called
  std::map<std::uint64_t, MemberChange> announced;  // to the other nodes
  std::vector<std::pair<std::uint64_t, std::string>> renamed;  // unasked
  std::vector<wire::Presence> told;
  Names typing;
  bool dead = false;

 private:
  void on_change(MemberChange change) override {
    if (change.name.empty()) {
      announced.erase(change.key.value());
    } else {
      announced[change.key.value()] = change;
    }
    for (Node* other : others_) {
      waiting_[other].push_back(
          [name = name_, change](auto& there) { there.apply(name, {change}); });
    }
  }
  void on_typing(MemberTyping member) override {
    for (Node* other : others_) {
      waiting_[other].push_back([name = name_, member](auto& there) { there.typed(name, member); });
    }
  }
  void on_presence(const RoomName&, const wire::Presence& presence) override {
    told.push_back(presence);
  }
  void on_typing(const RoomName&, const std::string& name) override { typing.push_back(name); }
  void on_renamed(const RoomName&, MemberKey key, const std::string& name) override {
    renamed.emplace_back(key.value(), name);
    clients[key.value()] = name;
  }

  ManualExecutor executor_;
  broker::LocalPresence presence_{executor_, {milliseconds(200), 200}};
  const std::string name_;
  std::vector<Node*> others_;
  std::map<Node*, std::deque<Signal>> waiting_;
};

/// Some nodes; the clock of each is `skew` behind that of the one before.
struct Cluster {
  explicit Cluster(std::size_t size, base::WallMs skew = 0) {
    for (std::size_t i = 0; i < size; ++i) {
      nodes.push_back(std::make_unique<Node>(std::string(1, static_cast<char>('a' + i)),
                                             1'000'000'000'000 - skew * base::WallMs(i)));
    }
    for (auto& from : nodes) {
      for (auto& to : nodes) {
        if (from != to) from->link(*to);
      }
    }
    settle();
  }
  Node& operator[](std::size_t i) { return *nodes[i]; }

  void advance(base::Duration time) {
    for (auto& node : nodes) node->executor().advance(time);
  }
  void settle() {
    for (bool more = true; more;) {
      more = false;
      for (auto& from : nodes) {
        for (auto& to : nodes) {
          while (from != to && from->waiting_for(*to) > 0) {
            from->deliver_one(*to);
            more = true;
          }
        }
      }
    }
  }

  std::vector<std::unique_ptr<Node>> nodes;
};

TEST_CASE("presence over nodes: all are members everywhere", "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  cluster[1].enter(1, "bob");
  cluster[1].enter(2, "eve", RoomName("elsewhere"));
  cluster.settle();

  for (auto& node : cluster.nodes) {
    CHECK(node->members() == Names{"ann", "bob"});
    CHECK(node->count() == 2);
    CHECK(node->count(RoomName("elsewhere")) == 1);
  }
  cluster.advance(seconds(1));
  REQUIRE(cluster[0].told.size() == 1);
  CHECK(sorted(cluster[0].told[0].joined) == Names{"ann", "bob"});

  cluster[1].rename(1, "dan");
  cluster[1].leave(2, RoomName("elsewhere"));
  cluster.settle();
  cluster.advance(seconds(1));
  CHECK(cluster[0].members() == Names{"ann", "dan"});
  CHECK(cluster[0].count(RoomName("elsewhere")) == 0);
  REQUIRE(cluster[0].told.size() == 2);
  CHECK(cluster[0].told[1].renamed ==
        std::vector<std::pair<std::string, std::string>>{{"bob", "dan"}});
}

TEST_CASE("presence over nodes: a name known to be taken gets a suffix",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  cluster.settle();
  cluster[1].enter(1, "ANN");
  CHECK(cluster[1].clients[1] == "ANN-2");
}

TEST_CASE("presence over nodes: guests of two nodes do not meet", "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "");
  cluster[1].enter(1, "");
  cluster.settle();
  CHECK(cluster[0].clients[1].rfind("guest-", 0) == 0);
  CHECK(cluster[0].clients[1] != cluster[1].clients[1]);
  CHECK(cluster[0].renamed.empty());
  CHECK(cluster[1].renamed.empty());
}

TEST_CASE("presence over nodes: who had the name first keeps it", "[broker][presence][nodes]") {
  Cluster cluster(3);
  cluster[1].enter(1, "ann");
  cluster.advance(milliseconds(1));
  cluster[0].enter(1, "Ann");
  cluster.advance(seconds(1));

  cluster[0].deliver_one(cluster[2]);
  CHECK(cluster[2].members() == Names{"Ann"});
  cluster[1].deliver_one(cluster[2]);
  CHECK(cluster[2].members() == Names{"Ann-2", "ann"});  // provisional, as the owner will do it
  cluster[0].deliver_one(cluster[1]);
  CHECK(cluster[1].members() == Names{"Ann-2", "ann"});
  CHECK(cluster[0].renamed.empty());
  cluster.settle();

  CHECK(cluster[0].renamed == std::vector<std::pair<std::uint64_t, std::string>>{{1, "Ann-2"}});
  CHECK(cluster[1].renamed.empty());
  for (auto& node : cluster.nodes) CHECK(node->members() == Names{"Ann-2", "ann"});
  cluster.advance(seconds(1));
  REQUIRE(cluster[0].told.size() == 2);
  CHECK(cluster[0].told[1].joined == Names{"ann"});
  CHECK(cluster[0].told[1].renamed ==
        std::vector<std::pair<std::string, std::string>>{{"Ann", "Ann-2"}});
}

TEST_CASE("presence over nodes: of two claims of one moment the lesser node's is kept",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[1].enter(1, "ann");
  cluster[0].enter(7, "ann");
  cluster.settle();
  CHECK(cluster[0].clients[7] == "ann");
  CHECK(cluster[1].clients[1] == "ann-2");
}

TEST_CASE("presence over nodes: a loser gets the next suffix of what it asked for",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  cluster.settle();
  cluster[0].enter(2, "ann");
  cluster[1].enter(2, "ann");
  REQUIRE(cluster[1].clients[2] == "ann-2");
  cluster.settle();
  CHECK(cluster[1].clients[2] == "ann-3");
}

TEST_CASE("presence over nodes: a provisional name is corrected when the true one is free",
          "[broker][presence][nodes]") {
  Cluster cluster(3);
  cluster[0].enter(1, "ann");
  cluster.advance(milliseconds(1));
  cluster[1].enter(1, "ann");
  cluster[0].deliver_one(cluster[2]);
  cluster[1].deliver_one(cluster[2]);
  REQUIRE(cluster[2].members() == Names{"ann", "ann-2"});

  cluster[2].enter(5, "ann-2");  // is taken here, provisionally
  CHECK(cluster[2].clients[5] == "ann-2-2");
  cluster[0].leave(1);
  cluster[0].deliver_one(cluster[2]);
  CHECK(cluster[2].members() == Names{"ann", "ann-2-2"});
}

TEST_CASE("presence over nodes: a name kept in another case is kept as long",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  cluster.advance(milliseconds(1));
  cluster[1].enter(1, "ann");
  cluster.advance(milliseconds(1));
  cluster[0].rename(1, "ANN");
  cluster.settle();
  CHECK(cluster[0].clients[1] == "ANN");
  CHECK(cluster[1].members() == Names{"ANN", "ann-2"});
}

TEST_CASE("presence over nodes: typing is told everywhere under the name shown there",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  cluster[1].enter(1, "bob");
  cluster.settle();
  cluster[0].presence().typing(kOps, "ann");
  cluster[0].presence().typing(kOps, "bob");  // not one of its own: nothing for the others
  cluster.settle();
  CHECK(cluster[0].typing == Names{"ann", "bob"});
  CHECK(cluster[1].typing == Names{"ann"});
}

TEST_CASE("presence over nodes: a forgotten node's members have left",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  cluster[0].enter(1, "ann");
  for (std::uint64_t key = 1; key <= 3; ++key) cluster[1].enter(key, "bob");
  cluster[1].enter(9, "eve", RoomName("elsewhere"));
  cluster.settle();
  cluster.advance(seconds(1));
  cluster[1].die();
  cluster.settle();
  cluster.advance(seconds(1));

  CHECK(cluster[0].members() == Names{"ann"});
  CHECK(cluster[0].count(RoomName("elsewhere")) == 0);
  REQUIRE(cluster[0].told.size() == 2);
  CHECK(sorted(cluster[0].told[1].left) == Names{"bob", "bob-2", "bob-3"});
  cluster[0].enter(2, "bob");
  CHECK(cluster[0].clients[2] == "bob");
}

TEST_CASE("presence over nodes: a full state replaces what was known of a node",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  auto& there = cluster[0].presence();
  there.apply("x", {{kOps, MemberKey(1), "ann", 10}, {kOps, MemberKey(2), "bob", 10}});
  there.apply("y", {{kOps, MemberKey(1), "eve", 10}});
  there.replace("x", {{kOps, MemberKey(2), "bob", 10}, {kOps, MemberKey(3), "dan", 10}});
  CHECK(cluster[0].members() == Names{"bob", "dan", "eve"});
  there.replace("x", {});
  CHECK(cluster[0].members() == Names{"eve"});
}

TEST_CASE("presence over nodes: who enters a room of others' members hears what is new",
          "[broker][presence][nodes]") {
  Cluster cluster(2);
  for (std::uint64_t key = 1; key <= 3; ++key) cluster[1].enter(key, "bob");
  cluster.settle();
  cluster[0].enter(1, "ann");
  cluster.advance(seconds(1));
  REQUIRE(cluster[0].told.size() == 1);
  CHECK(cluster[0].told[0].joined == Names{"ann"});
  CHECK(cluster[0].told[0].count == 4);
}

TEST_CASE("presence over nodes: a client may leave while it is told its new name",
          "[broker][presence][nodes]") {
  struct Leaving final : broker::PresenceSink {
    void on_presence(const RoomName&, const wire::Presence&) override {}
    void on_typing(const RoomName&, const std::string&) override {}
    void on_renamed(const RoomName& room, MemberKey, const std::string&) override {
      ++told;
      presence->leave(room, MemberKey(1), *this);
      presence->leave(room, MemberKey(2), *this);
    }
    broker::LocalPresence* presence = nullptr;
    int told = 0;
  };
  Cluster cluster(1);
  Leaving sink;
  sink.presence = &cluster[0].presence();
  sink.presence->enter(kOps, MemberKey(1), "ann", sink, [](const auto&) {});
  sink.presence->enter(kOps, MemberKey(2), "bob", sink, [](const auto&) {});
  sink.presence->apply("x", {{kOps, MemberKey(1), "ann", 10}, {kOps, MemberKey(2), "bob", 10}});
  CHECK(sink.told == 1);
  CHECK(cluster[0].members() == Names{"ann", "bob"});
}

// ---- whatever the order

/// A member list kept as a client keeps it.
void follow(std::set<std::string>& names, const wire::Presence& presence) {
  for (const auto& name : presence.left) names.erase(name);
  for (const auto& [from, to] : presence.renamed) names.erase(from);
  for (const auto& [from, to] : presence.renamed) names.insert(to);
  names.insert(presence.joined.begin(), presence.joined.end());
}

class AnyOrder {
 public:
  explicit AnyOrder(std::uint64_t seed)
      : random_(seed), cluster_(2 + random_() % 3, base::WallMs(random_() % 3) * 50) {}

  void play() {
    for (int step = 0; step < 120; ++step) one_step();
    for (auto& node : cluster_.nodes) {
      if (node->dead) continue;
      node->enter(kWitness, "witness");  // hears from here on how things fall into place
      known_[node.get()] = {};
      for (const auto& name : node->members()) known_[node.get()].insert(name);
      cluster_.advance({});
    }
    for (auto& node : cluster_.nodes) node->told.clear();
    for (int i = 0; i < 40; ++i) deliver_any();
    cluster_.settle();
    cluster_.advance(seconds(2));
    check();
  }

 private:
  static constexpr std::uint64_t kWitness = 1'000'000;

  Node& any_node() { return cluster_[random_() % cluster_.nodes.size()]; }
  std::string any_name() {
    static const Names kNames{"ann", "Ann", "ann-2", "ANN-2", "bob", "ann-3"};
    return kNames[random_() % kNames.size()];
  }

  void one_step() {
    Node& node = any_node();
    const auto dice = random_() % 20;
    if (dice == 19 && node.dead) return;
    if (dice < 8) return deliver_any();
    if (node.dead) return;
    if (dice < 12) return node.enter(++last_key_, any_name());
    if (dice < 15) return with_any_client(node, [&](auto key) { node.rename(key, any_name()); });
    if (dice < 17) return with_any_client(node, [&](auto key) { node.leave(key); });
    if (dice == 17) return cluster_.advance(milliseconds(random_() % 120));
    if (dice == 18) {
      for (auto& other : cluster_.nodes) {
        if (other.get() != &node) node.tell_everything(*other);
      }
      return;
    }
    if (random_() % 8 == 0 && alive() > 2) node.die();
  }
  std::size_t alive() const {
    return static_cast<std::size_t>(std::count_if(cluster_.nodes.begin(), cluster_.nodes.end(),
                                                  [](const auto& node) { return !node->dead; }));
  }
  template <class Use>
  void with_any_client(Node& node, Use use) {
    if (node.clients.empty()) return;
    use(std::next(node.clients.begin(),
                  static_cast<std::ptrdiff_t>(random_() % node.clients.size()))
            ->first);
  }
  void deliver_any() {
    Node& from = any_node();
    Node& to = any_node();
    if (&from != &to && from.waiting_for(to) > 0) from.deliver_one(to);
  }

  void check() {
    std::set<std::string> folded;
    Names all;
    for (auto& node : cluster_.nodes) {
      if (node->dead) continue;
      REQUIRE(node->clients.size() == node->announced.size());
      for (const auto& [key, name] : node->clients) {
        REQUIRE(node->announced.at(key).name == name);
        REQUIRE(folded.insert(room::Roster::folded(name)).second);
        all.push_back(name);
      }
    }
    for (auto& node : cluster_.nodes) {
      if (node->dead) continue;
      REQUIRE(node->members() == sorted(all));
      for (const auto& presence : node->told) follow(known_[node.get()], presence);
      REQUIRE(known_[node.get()] == std::set<std::string>(all.begin(), all.end()));
    }
  }

  std::mt19937_64 random_;
  Cluster cluster_;
  std::uint64_t last_key_ = 0;
  std::map<Node*, std::set<std::string>> known_;
};

TEST_CASE("presence over nodes: all come to the same names in whatever order",
          "[broker][presence][nodes][seeded]") {
  for (std::uint64_t run = 0; run < 400; ++run) {
    const auto seed = Catch::rngSeed() * 1000ULL + run;
    CAPTURE(seed);
    AnyOrder(seed).play();
  }
}

}  // namespace
}  // namespace chat::tests
