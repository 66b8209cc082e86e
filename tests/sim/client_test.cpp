#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat/client/client.hpp"
#include "sim/link.hpp"
#include "sim/world.hpp"

// client::Client over the real WebSocket client, against the real server, on virtual time.

using namespace chat;
using namespace std::chrono_literals;
using tests::Link;
using tests::LinkConditions;
using tests::World;
using tests::WorldPlan;

namespace {

const base::RoomName kRoom("ops");

/// The client's end of a link, as a Stream.
class ClientEnd final : public transport::Stream, private Link::Listener {
 public:
  explicit ClientEnd(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  ~ClientEnd() override { link_->close(); }
  ClientEnd(const ClientEnd&) = delete;
  ClientEnd& operator=(const ClientEnd&) = delete;

  void start(Stream::Listener& listener) override {
    listener_ = &listener;
    link_->connect(*this);
  }
  std::ptrdiff_t write(const iovec* pieces, int count) override {
    std::ptrdiff_t size = 0;
    for (int i = 0; i < count; ++i) {
      link_->write({static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len});
      size += static_cast<std::ptrdiff_t>(pieces[i].iov_len);
    }
    return size;
  }
  void want_writable() override {}
  void pause_reading() override { link_->pause_reading(); }
  void resume_reading() override { link_->resume_reading(); }
  void shut_down_writing() override {}
  const std::string& peer() const override { return peer_; }

 private:
  void on_bytes(std::string_view bytes) override {
    std::string mine(bytes);
    listener_->on_bytes(mine.data(), mine.size());
  }
  void on_end() override { listener_->on_end(false); }

  std::shared_ptr<Link> link_;
  Stream::Listener* listener_ = nullptr;
  const std::string peer_ = "simulated";
};

/// A member, and what it was told.
class Member final : private client::Client::Listener {
 public:
  Member(World& world, std::string name, std::uint64_t seed, client::ReadFrom from)
      : name_(std::move(name)), world_(world), random_(seed) {
    client::Client::Options options;
    options.servers.push_back(client::parse_server_url("ws://chat.test").value());
    options.room = kRoom;
    options.name = name_;
    options.from = from;
    options.persistent = true;
    options.random = [this] { return random_(); };
    client::Client::Listener& listener = *this;
    client_ = std::make_unique<client::Client>(
        world.outside(),
        [this](const client::ServerUrl&, transport::Dial::Done done) { return dial(done); },
        std::move(options), listener);
    client_->start();
  }

  void say() {
    const std::string body = "\"" + name_ + " " + std::to_string(++said_) + "\"";
    const auto n = client_->send(body);
    bodies_[n] = body;
  }
  const client::Client& client() const { return *client_; }
  Link* link() const { return link_.lock().get(); }
  bool is_settled(base::Seq head) const {
    const auto& cursor = client_->core().backlog().cursor();
    return client_->core().joined() && client_->core().unacknowledged() == 0 && cursor &&
           cursor->seq >= head;
  }

  const std::string& name() const { return name_; }
  /// Bodies in the order in which they were told, by log.
  const std::map<base::Epoch, std::vector<std::pair<base::Seq, std::string>>>& told() const {
    return told_;
  }
  const std::map<std::uint64_t, std::pair<base::Seq, std::string>>& acked() const { return acked_; }
  std::size_t failed() const { return failed_; }
  std::size_t said() const { return said_; }
  std::size_t gaps() const { return gaps_; }
  bool has_ended() const { return has_ended_; }

 private:
  std::shared_ptr<void> dial(const transport::Dial::Done& done) {
    auto alive = std::make_shared<bool>(true);
    world_.outside().after(5ms, [this, done, weak = std::weak_ptr<bool>(alive)] {
      if (weak.expired()) return;
      LinkConditions conditions;
      conditions.chunk_bytes = 1 + random_() % 1500;
      auto link = world_.connect(conditions);
      if (!link) return done(tl::unexpected<transport::Dial::Failure>({"nobody listens", true}));
      link_ = link;
      done(std::make_unique<ClientEnd>(std::move(link)));
    });
    return alive;
  }

  void on_told(const client::Action& action) override {
    if (const auto* received = std::get_if<client::Received>(&action)) {
      const auto& message = *received->message;
      told_[client_->core().backlog().cursor()->epoch].emplace_back(message.seq, message.body);
    } else if (const auto* acked = std::get_if<client::Acked>(&action)) {
      acked_[acked->n] = {acked->seq, bodies_.at(acked->n)};
    } else if (std::holds_alternative<client::Failed>(action)) {
      ++failed_;
    } else if (std::holds_alternative<client::Gap>(action)) {
      ++gaps_;
    } else if (std::holds_alternative<client::Ended>(action)) {
      has_ended_ = true;
    }
  }

  const std::string name_;
  World& world_;
  std::mt19937_64 random_;
  std::weak_ptr<Link> link_;
  std::unique_ptr<client::Client> client_;
  std::size_t said_ = 0;
  std::size_t failed_ = 0;
  std::size_t gaps_ = 0;
  bool has_ended_ = false;
  std::map<std::uint64_t, std::string> bodies_;
  std::map<base::Epoch, std::vector<std::pair<base::Seq, std::string>>> told_;
  std::map<std::uint64_t, std::pair<base::Seq, std::string>> acked_;
};

struct Sum {
  std::size_t told = 0;
  std::size_t acked = 0;
  std::size_t cuts = 0;
  std::size_t kills = 0;
  std::size_t drains = 0;
};

/// A day of a few members: they talk while links are cut at any byte and the server dies or drains.
class Day {
 public:
  explicit Day(std::uint64_t seed)
      : seed_(seed),
        random_(seed),
        world_(plan(seed), seed, [this](const std::string& what) { found(what); }) {
    world_.start(1 + random_() % 3);
  }

  Sum play() {
    for (int i = 0; i < 3; ++i) {
      client::ReadFrom from;
      from.kind = client::ReadFrom::Kind::all;
      members_.push_back(
          std::make_unique<Member>(world_, "member" + std::to_string(i), random_(), from));
    }
    for (int step = 0; step < 200 && finding_.empty(); ++step) {
      if (random_() % 3 == 0) any().say();
      if (random_() % 12 == 0) burst();
      if (random_() % 15 == 0) do_harm();
      world_.go_on(std::chrono::milliseconds(random_() % 40));
      if (!world_.is_up() && random_() % 4 == 0) world_.start(1 + random_() % 3);
    }
    settle();
    judge();
    if (!finding_.empty()) FAIL("seed " << seed_ << ": " << finding_);
    return sum_;
  }

 private:
  /// On three days of four the server refuses much: for its rate, or because it is busy, or both.
  static WorldPlan plan(std::uint64_t seed) {
    WorldPlan plan;
    plan.config.limits.frames_per_second = seed % 2 == 0 ? 0 : 200;
    plan.config.limits.frames_burst = 10;
    if (seed % 4 >= 2) plan.broker.queue_limit_per_room = 3;
    return plan;
  }

  Member& any() { return *members_[random_() % members_.size()]; }
  void burst() {
    Member& member = any();
    for (std::uint64_t i = random_() % 60; i > 0; --i) member.say();
  }

  void do_harm() {
    Link* link = any().link();
    switch (random_() % 6) {
      case 0:
        if (link != nullptr) link->cut();
        ++sum_.cuts;
        break;
      case 1:
      case 2:
        if (link != nullptr) link->cut_after(random_() % 3000, random_() % 2 == 0);
        ++sum_.cuts;
        break;
      case 3:
        if (link != nullptr) link->fall_silent();
        break;
      case 4:
        if (world_.is_up()) world_.kill();
        ++sum_.kills;
        break;
      default:
        if (world_.is_up() && !world_.is_draining()) world_.drain();
        ++sum_.drains;
    }
  }

  base::Seq head() const {
    base::Seq head;
    for (const auto& member : members_) {
      for (const auto& [n, acked] : member->acked()) head = std::max(head, acked.first);
    }
    return head;
  }

  bool is_settled() const {
    return std::all_of(members_.begin(), members_.end(),
                       [this](const auto& member) { return member->is_settled(head()); });
  }

  void settle() {
    for (int i = 0; i < 600 && !is_settled(); ++i) {
      if (!world_.is_up()) world_.start(2);
      world_.go_on(500ms);
    }
    if (!is_settled()) {
      std::string t = "it does not settle";
      for (auto& m : members_) {
        const auto& c = m->client().core();
        t += " " + m->name() + " joined " + std::to_string(c.joined()) + " unacked " +
             std::to_string(c.unacknowledged()) + " said " + std::to_string(m->said()) +
             " cursor " +
             std::to_string(c.backlog().cursor() ? c.backlog().cursor()->seq.value() : 0) + " of " +
             std::to_string(head().value());
      }
      found(t);
    }
  }

  void judge() {
    std::map<base::Seq, std::string> log;
    std::map<std::string, std::size_t> times;
    for (const auto& member : members_) {
      if (member->has_ended()) found(member->name() + " has ended");
      if (member->gaps() > 0) found(member->name() + " was told of a gap");
      if (member->failed() > 0) found(member->name() + " could not send");
      if (member->told().size() > 1) found(member->name() + " saw two logs");
      for (const auto& [epoch, messages] : member->told()) {
        base::Seq before;
        for (const auto& [seq, body] : messages) {
          if (seq <= before) found(member->name() + " was told something twice or out of order");
          before = seq;
          const auto [place, is_new] = log.emplace(seq, body);
          if (!is_new && place->second != body) found("two members saw different orders");
        }
        sum_.told += messages.size();
      }
    }
    for (const auto& member : members_) {
      const std::size_t told = member->told().empty() ? 0 : member->told().begin()->second.size();
      if (told != log.size()) found(member->name() + " was not told everything");
      if (member->acked().size() != member->said()) found("something was not acknowledged");
      base::Seq before;
      for (const auto& [n, acked] : member->acked()) {
        const auto found_at = log.find(acked.first);
        if (found_at == log.end() || found_at->second != acked.second) {
          found("an acknowledged message is not where it was said to be");
        }
        if (acked.first <= before) found(member->name() + "'s messages are not in its order");
        before = acked.first;
      }
      sum_.acked += member->acked().size();
    }
    for (const auto& [seq, body] : log) {
      if (++times[body] > 1) found(body + " is there twice");
    }
  }

  void found(const std::string& what) {
    if (finding_.empty()) finding_ = what;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  std::string finding_;
  World world_;
  std::vector<std::unique_ptr<Member>> members_;
  Sum sum_;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("sim: a client loses nothing, tells nothing twice and keeps the order", "[sim][client]") {
  if (const auto seed = number_of("CHAT_SIM_SEED", 0)) {
    Day(seed).play();
    return;
  }
  Sum sum;
  const auto count = number_of("CHAT_SIM_SEEDS", CHAT_SIM_SEEDS);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const auto day = Day(seed).play();
    sum.told += day.told;
    sum.acked += day.acked;
    sum.cuts += day.cuts;
    sum.kills += day.kills;
    sum.drains += day.drains;
  }
  INFO("told " << sum.told << ", acked " << sum.acked << ", cuts " << sum.cuts << ", kills "
               << sum.kills << ", drains " << sum.drains);
  CHECK(sum.acked > 0);
  CHECK(sum.told > sum.acked);
  CHECK(sum.cuts > 0);
  CHECK(sum.kills > 0);
  CHECK(sum.drains > 0);
  if (std::getenv("CHAT_SIM_VERBOSE") != nullptr) FAIL("as asked for: what happened");
}
