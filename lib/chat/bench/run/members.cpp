#include "chat/bench/run/members.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

constexpr std::size_t kSecretLetters = 16;
constexpr std::size_t kMostBeats = 200;  // at a time
constexpr std::uint64_t kNanosPerMilli = 1'000'000;

}  // namespace

tl::expected<std::vector<sockaddr_in>, std::string> addresses_of(const std::vector<Place>& places) {
  std::vector<sockaddr_in> addresses;
  for (const auto& place : places) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failure = ::getaddrinfo(place.host.c_str(), nullptr, &wanted, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    if (failure != 0 || found == nullptr) {
      return tl::unexpected("no IPv4 address of " + base::escape_for_log(place.host) + ": " +
                            ::gai_strerror(failure));
    }
    sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    address.sin_port = htons(place.port);
    addresses.push_back(address);
  }
  return addresses;
}

Members::Members(const Plan& plan, const Layout& layout, const Dialect& dialect,
                 std::vector<sockaddr_in> servers, Listener& listener)
    : plan_(plan),
      layout_(layout),
      dialect_(dialect),
      servers_(std::move(servers)),
      listener_(listener),
      seats_(layout.parts.size()),
      sockets_(layout.parts.size(), *this),
      gathers_(dialect.gathers()),
      resumes_(some_come_back()) {
  for (std::size_t i = 0; i < seats_.size(); ++i) renew(i);
  Seat nobody;
  if (const auto beat = dialect.heartbeat(nobody); beat && !seats_.empty()) {
    const auto round = static_cast<std::uint64_t>(beat->every.count()) * kNanosPerMilli;
    beat_pause_ = std::max<std::uint64_t>(round / seats_.size(), 1);
  }
}

void Members::renew(std::size_t member) {
  leave(member);
  Seat seat;
  seat.room = room_name(plan_, layout_.parts[member].room);
  seat.name = "b" + std::to_string(layout_.parts[member].member);
  seat.secret = base::random_token(kSecretLetters);
  seat.is_ordered = plan_.comes_back();
  seats_[member] = std::move(seat);
}

// ---- connections

void Members::connect(std::size_t member, std::size_t other) {
  const Part& part = layout_.parts[member];
  const std::size_t server = (part.server + other) % servers_.size();
  const auto wanted = dialect_.handshake(seats_[member]);
  const Place& place = plan_.servers[server];
  sockets_.connect(member, {servers_[server], place.host + ":" + std::to_string(place.port),
                            wanted.target, wanted.subprotocol,
                            static_cast<std::uint32_t>(part.member / Sockets::kMembersPerAddress)});
}

void Members::leave(std::size_t member) {
  if (std::exchange(seats_[member].joined, false)) --joined_;
}

void Members::cut(std::size_t member) {
  sockets_.close(member);
  leave(member);
  dialect_.on_cut(seats_[member]);
}

void Members::on_lost(std::size_t member, const std::string& why) {
  leave(member);
  dialect_.on_cut(seats_[member]);
  listener_.on_lost(member, why);
}

void Members::on_open(std::size_t member) { take(member, false, dialect_.on_open(seats_[member])); }

// ---- what they hear

/// Whether one may ask later for what it will have missed.
bool Members::some_come_back() const noexcept {
  return plan_.comes_back() || plan_.scenario == Scenario::slow;
}

/// … and it is this one.
bool Members::comes_back(std::size_t member) const noexcept {
  return plan_.comes_back() || layout_.parts[member].is_affected;
}

void Members::on_text(std::size_t member, std::string_view text) {
  if (!gathers_) {
    Mark mark;
    if (finder_.find(text, mark)) {
      if (resumes_) remember(member, text);
      return listener_.on_delivery(member, mark);
    }
  } else {
    for_each_mark(text, [&](const Mark& mark) {
      if (resumes_) remember(member, text);
      listener_.on_delivery(member, mark);
    });
  }
  const bool was_joined = seats_[member].joined;
  take(member, was_joined, dialect_.on_text(seats_[member], text));
}

/// The last message that has come, of a member that may ask for those behind it.
void Members::remember(std::size_t member, std::string_view text) {
  if (comes_back(member)) dialect_.on_message(seats_[member], text);
}

void Members::take(std::size_t member, bool was_joined, const Dialect::Step& step) {
  for (const auto& frame : step.send) sockets_.send(member, frame);
  if (seats_[member].joined && !was_joined) {
    ++joined_;
    listener_.on_joined(member);
  }
  listener_.on_answer(member, step);
  if (!step.is_over) return;
  cut(member);
  listener_.on_lost(member, step.refused);
}

// ---- what they say

std::string_view Members::payload_of(const Mark& mark, std::size_t bytes) {
  if (payload_.size() < bytes) payload_.resize(bytes, 'x');
  write_mark(payload_.data(), mark);
  return std::string_view(payload_).substr(0, bytes);
}

std::uint64_t Members::append_message(std::string& frames, std::size_t member, const Mark& mark,
                                      std::size_t bytes) {
  body_.clear();
  dialect_.publish(seats_[member], payload_of(mark, bytes), body_);
  Sockets::append_frame(frames, body_);
  return seats_[member].n;
}

void Members::append_again(std::string& frames, std::size_t member, std::uint64_t n,
                           const Mark& mark, std::size_t bytes, bool is_first) {
  body_.clear();
  dialect_.publish_again(seats_[member], n, payload_of(mark, bytes), is_first, body_);
  Sockets::append_frame(frames, body_);
}

/// A few at each call, so that it is no burst which a test would show.
void Members::beat() {
  if (beat_pause_ == 0) return;
  if (beat_at_ == 0) beat_at_ = now();
  for (std::size_t i = 0; i < kMostBeats && now() - beat_at_ >= beat_pause_; ++i) {
    beat_at_ += beat_pause_;
    if (is_joined(beaten_)) sockets_.send(beaten_, dialect_.heartbeat(seats_[beaten_])->frame);
    beaten_ = (beaten_ + 1) % seats_.size();
  }
}

}  // namespace chat::bench
