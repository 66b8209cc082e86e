#include "chat/rabbitmq/topology.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <tuple>

using namespace chat::rabbitmq;
using chat::base::RoomName;

namespace {

const Arguments::value_type::second_type* argument(const QueueSpec& queue, const char* name) {
  for (const auto& [key, value] : queue.arguments) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool is(const QueueSpec& queue, const char* name, const char* text) {
  const auto* value = argument(queue, name);
  return value != nullptr && *value == Arguments::value_type::second_type(std::string(text));
}

}  // namespace

// Messages that are stored lie where these numbers say: they can never change. FNV-1a (64 bits) of
// the name's UTF-8, modulo the partitions.
TEST_CASE("topology: a room's partition is the same for ever", "[rabbitmq][topology]") {
  const auto [room, of_16, of_7, of_256] =
      GENERATE(table<std::string, std::size_t, std::size_t, std::size_t>({
          {"lobby", 3, 5, 51},
          {"a", 12, 5, 140},
          {"général", 15, 1, 143},
          {"漢字", 2, 0, 146},
          {"ops", 11, 0, 155},
          {"Lobby", 3, 4, 147},
          {"room_42", 9, 0, 89},
      }));
  CAPTURE(room);
  CHECK(partition_of(RoomName(room), 16) == of_16);
  CHECK(partition_of(RoomName(room), 7) == of_7);
  CHECK(partition_of(RoomName(room), 256) == of_256);
  CHECK(partition_of(RoomName(room), 1) == 0);
}

TEST_CASE("topology: a partition's stream has its number, and no other name means it",
          "[rabbitmq][topology]") {
  CHECK(partition_stream(0) == "chat.log.00");
  CHECK(partition_stream(15) == "chat.log.15");
  CHECK(partition_stream(255) == "chat.log.255");
  std::set<std::string> names;
  for (std::size_t i = 0; i < kMostPartitions; ++i) {
    CHECK(partition_of_stream(partition_stream(i)) == i);
    names.insert(partition_stream(i));
  }
  CHECK(names.size() == kMostPartitions);
  for (const std::string other : {"", "chat.log.", "chat.log.0", "chat.log.000", "chat.log.256",
                                  "chat.log.-1", "chat.log.1x", "chat.meta", "xchat.log.00"}) {
    CAPTURE(other);
    CHECK_FALSE(partition_of_stream(other));
  }
}

TEST_CASE("topology: streams are durable, their retention is given or not",
          "[rabbitmq][topology]") {
  const auto bare = stream_spec("s", "", 0);
  CHECK(bare.durable);
  CHECK_FALSE(bare.exclusive);
  CHECK_FALSE(bare.auto_delete);
  CHECK(is(bare, "x-queue-type", "stream"));
  CHECK(argument(bare, "x-max-age") == nullptr);
  CHECK(argument(bare, "x-max-length-bytes") == nullptr);
  const auto bounded = stream_spec("s", "1D", 5);
  CHECK(is(bounded, "x-max-age", "1D"));
  REQUIRE(argument(bounded, "x-max-length-bytes") != nullptr);
  CHECK(*argument(bounded, "x-max-length-bytes") ==
        Arguments::value_type::second_type(std::int64_t{5}));
  CHECK(is(partition_spec(3), "x-max-age", "7D"));
  CHECK(meta_spec().name == "chat.meta");
  CHECK(argument(meta_spec(), "x-max-age") == nullptr);
}

TEST_CASE("topology: a node's queue is bounded and goes away by itself", "[rabbitmq][topology]") {
  const auto queue = node_queue_spec("n1");
  CHECK(queue.name == "chat.node.n1");
  CHECK_FALSE(queue.durable);
  CHECK(argument(queue, "x-expires") != nullptr);
  CHECK(argument(queue, "x-max-length") != nullptr);
  CHECK(argument(queue, "x-max-length-bytes") != nullptr);
  CHECK(is(queue, "x-overflow", "drop-head"));
}

TEST_CASE("topology: the vhost's record is read as it was written", "[rabbitmq][topology]") {
  VhostRecord record;
  record.partitions = 16;
  CHECK(encode_vhost_record(record) == R"({"format":1,"partitions":16})");
  for (const std::size_t partitions : {1U, 16U, 256U}) {
    record.partitions = partitions;
    const auto read = decode_vhost_record(encode_vhost_record(record));
    REQUIRE(read);
    CHECK(read->partitions == partitions);
    CHECK(read->format == kFormat);
  }
  CHECK(decode_vhost_record(R"({"format":2,"partitions":16})")->format == 2);
}

TEST_CASE("topology: what is no record is none", "[rabbitmq][topology]") {
  const std::string body =
      GENERATE("", "{}", "x", R"({"format":1})", R"({"format":1,"partitions":0})",
               R"({"format":1,"partitions":257})", R"({"format":0,"partitions":1})",
               R"({"format":-1,"partitions":1})", R"({"format":1,"partitions":1)",
               R"({"format":1,"partitions":1} )", R"({"format":1,"partitions":1x})",
               R"({"format":1,"partitions":99999999999999999999})", R"(,"partitions":1})");
  CAPTURE(body);
  CHECK_FALSE(decode_vhost_record(body));
}
