#include "chat/rabbitmq/signal.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using broker::MemberChange;
using namespace rabbitmq;
using namespace std::string_literals;

Signal of(SignalContent content) { return {"node-1", 77, 300, std::move(content)}; }

template <class Content>
Content come_back(const Content& content) {
  const auto signal = decode_signal(encode_signal(of(content)));
  REQUIRE(signal);
  CHECK(signal->node == "node-1");
  CHECK(signal->incarnation == 77);
  CHECK(signal->counter == 300);
  REQUIRE(std::holds_alternative<Content>(signal->content));
  return std::get<Content>(signal->content);
}

void check_same(const std::vector<MemberChange>& a, const std::vector<MemberChange>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].room == b[i].room);
    CHECK(a[i].key == b[i].key);
    CHECK(a[i].name == b[i].name);
    CHECK(a[i].claimed_at == b[i].claimed_at);
  }
}

std::string problem_of(std::string_view bytes) {
  const auto signal = decode_signal(bytes);
  REQUIRE_FALSE(signal);
  CHECK(signal.error().code == wire::Code::bad_frame);
  return signal.error().detail;
}

const std::vector<MemberChange> kMembers{{RoomName("ops"), MemberKey(1), "ann", 1'700'000'000'000},
                                         {RoomName("ops"), MemberKey(~std::uint64_t{0}), "Ню", 0},
                                         {RoomName("кухня"), MemberKey(0), "bob", 1}};

TEST_CASE("signal: what is said is heard", "[rabbitmq][signal]") {
  come_back(Beat{});
  come_back(Bye{});
  CHECK(come_back(SyncRequest{"other"}).node == "other");
  CHECK(come_back(SyncRequest{}).node.empty());

  auto changes = kMembers;
  changes.push_back({RoomName("ops"), MemberKey(1), "", 0});
  check_same(come_back(Changes{changes}).changes, changes);
  CHECK(come_back(Changes{}).changes.empty());

  const auto part = come_back(SyncPart{true, false, kMembers});
  CHECK(part.first);
  CHECK_FALSE(part.last);
  check_same(part.members, kMembers);
  CHECK(come_back(SyncPart{false, true, {}}).last);

  const auto typings = come_back(Typings{{{RoomName("ops"), MemberKey(5)}}}).typings;
  REQUIRE(typings.size() == 1);
  CHECK(typings[0].room == RoomName("ops"));
  CHECK(typings[0].key == MemberKey(5));
}

TEST_CASE("signal: its bytes are these", "[rabbitmq][signal]") {
  CHECK(encode_signal({"n", 1, 300, Beat{}}) == "CS\x01\x01n\x01\xac\x02\x00"s);
  CHECK(encode_signal({"n", 1, 2,
                       Changes{{{RoomName("ops"), MemberKey(7), "ann", 200},
                                {RoomName("ops"), MemberKey(8), "", 0}}}}) ==
        "CS\x01\x01n\x01\x02\x02\x03ops\x02\x07\x03"
        "ann\xc8\x01\x08\x00"s);
}

TEST_CASE("signal: cut off anywhere it is refused, or a shorter one", "[rabbitmq][signal]") {
  const auto bytes = encode_signal(of(SyncPart{true, true, kMembers}));
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto signal = decode_signal(std::string_view(bytes).substr(0, size));
    if (!signal) ++refused;
    if (signal) CHECK(std::get<SyncPart>(signal->content).members.size() < kMembers.size());
  }
  CHECK(refused >= bytes.size() - 2);  // it may end behind a room
}

TEST_CASE("signal: what is none says why", "[rabbitmq][signal]") {
  CHECK(problem_of("") == "it is cut off");
  CHECK(problem_of("hello there") == "it is no signal");
  CHECK(problem_of("CS\x02\x01n\x01\x01\x00"s) == "its version is another one");
  CHECK(problem_of("CS\x01\x01 \x01\x01\x00"s) == "the node's name is invalid");
  CHECK(problem_of("CS\x01\x00\x01\x01\x00"s) == "the node's name is invalid");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x09"s) == "its kind is unknown");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x00!"s) == "something follows its end");
  CHECK(problem_of("CS\x01\x01n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x00"s) ==
        "a number is too large");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x02\x03o/s\x01\x07\x00"s) == "a room's name is invalid");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x02\x03ops\x00"s) == "a room has nothing");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x02\x03ops\x01\x07\x02\x1b[\x01"s) ==
        "a member's name is invalid");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x05\x04"s) == "a flag is unknown");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x05\x03\x03ops\x01\x07\x00"s) == "a member has no name");
  CHECK(problem_of("CS\x01\x01n\x01\x01\x02\x03ops\x01\x07\x01"
                   "a\xff\xff\xff\xff\xff\xff\xff\x7f"s) == "a time is out of range");
  CHECK(problem_of(encode_signal(of(Beat{})) + std::string(kMaxSignalBytes, '\0')) ==
        "it is too long");
}

TEST_CASE("signal: how many there are is not believed", "[rabbitmq][signal]") {
  // 2^60 members announced, none there.
  CHECK(problem_of("CS\x01\x01n\x01\x01\x02\x03ops\x80\x80\x80\x80\x80\x80\x80\x80\x10"s) ==
        "it is cut off");
}

TEST_CASE("signal: a node's name is short and plain", "[rabbitmq][signal]") {
  CHECK(is_node_id("chat-1.example_x"));
  CHECK(is_node_id(std::string(64, 'a')));
  CHECK_FALSE(is_node_id(""));
  CHECK_FALSE(is_node_id(std::string(65, 'a')));
  CHECK_FALSE(is_node_id("a b"));
  CHECK_FALSE(is_node_id("é"));
}

}  // namespace
}  // namespace chat::tests
