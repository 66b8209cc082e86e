#include "chat/rabbitmq/partition_writer.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "records.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using rabbitmq::CallId;
using rabbitmq::decode_record;
using rabbitmq::PartitionWriter;
using rabbitmq::Record;
using Numbers = std::vector<std::uint64_t>;

const Epoch kNone;
const Epoch kLog("E");
const Epoch kOther("F");

struct Fixture {
  /// Message `number`, whose call has that number too.
  void add(std::uint64_t number) { add(number, std::to_string(number)); }
  void add(std::uint64_t number, const std::string& body) {
    writer.add(an_entry(body), CallId{1, number});
  }
  void add(std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) add(number);
  }
  /// The record to be published, which must be there.
  Record next(const Epoch& epoch = kLog) {
    const std::string* bytes = writer.next(epoch);
    REQUIRE(bytes != nullptr);
    auto record = decode_record(*bytes);
    REQUIRE(record);
    return *record;
  }
  /// … and the stream has it.
  Record publish(const Epoch& epoch = kLog) {
    auto record = next(epoch);
    writer.confirmed();
    return record;
  }
  bool is_silent(const Epoch& epoch = kLog) { return writer.next(epoch) == nullptr; }

  int proposals = 0;
  PartitionWriter writer{"node", [this] { return Epoch("P" + std::to_string(++proposals)); }};
};

/// The messages of a record, by their numbers.
Numbers numbers_of(const Record& record) {
  Numbers numbers;
  for (const auto& entry : record.entries) numbers.push_back(std::stoull(entry.body));
  return numbers;
}

Numbers numbers_of(const std::vector<CallId>& calls) {
  Numbers numbers;
  for (const auto& call : calls) {
    CHECK(call.lane == 1);
    numbers.push_back(call.number);
  }
  return numbers;
}

// ---- one record in flight

TEST_CASE("partition writer: has nothing to publish when nothing waits", "[rabbitmq][writer]") {
  Fixture f;
  CHECK(f.is_silent());
  CHECK(f.writer.again() == nullptr);
  CHECK_FALSE(f.writer.in_flight());
}

TEST_CASE("partition writer: has one record in flight, and what comes meanwhile is in the next",
          "[rabbitmq][writer]") {
  Fixture f;
  f.add(1);
  CHECK(numbers_of(f.next()) == Numbers{1});
  f.add(2, 4);
  CHECK(f.writer.in_flight());
  CHECK(f.is_silent());

  SECTION("confirmed before it is read") {
    f.writer.confirmed();
    CHECK(numbers_of(f.next()) == Numbers{2, 3, 4});
    CHECK(numbers_of(f.writer.seen(1)) == Numbers{1});
    CHECK(f.writer.in_flight());
  }
  SECTION("read before it is confirmed") {
    CHECK(numbers_of(f.writer.seen(1)) == Numbers{1});
    CHECK(numbers_of(f.next()) == Numbers{2, 3, 4});
  }
}

TEST_CASE("partition writer: records are numbered from 1 and name node and log",
          "[rabbitmq][writer]") {
  Fixture f;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    f.add(number);
    const auto record = f.publish();
    CHECK(record.number == number);
    CHECK(record.node == "node");
    CHECK(record.epoch == kLog);
    CHECK(record.proposal == kNone);
  }
  CHECK(f.writer.unseen() == 3);
}

TEST_CASE("partition writer: again is another attempt of the same record", "[rabbitmq][writer]") {
  Fixture f;
  f.add(1);
  auto first = f.next();
  CHECK(first.attempt == 1);
  f.add(2);
  REQUIRE(f.writer.again() != nullptr);
  first.attempt = 3;
  CHECK(*f.writer.again() == encode_record(first));
  f.writer.confirmed();
  CHECK(f.writer.again() == nullptr);
}

TEST_CASE("partition writer: a confirm or a record that it does not know changes nothing",
          "[rabbitmq][writer]") {
  Fixture f;
  f.add(1);
  f.writer.confirmed();
  CHECK(f.writer.seen(1).empty());
  f.writer.foreign(1);
  CHECK(f.writer.messages() == 1);

  CHECK(f.publish().number == 1);
  CHECK(f.writer.seen(1).size() == 1);
  CHECK(f.writer.seen(1).empty());
  f.writer.foreign(1);
  CHECK(f.writer.messages() == 0);
  CHECK(f.is_silent());
}

// ---- bounds of a record

TEST_CASE("partition writer: a record has 1024 messages at most", "[rabbitmq][writer][bounds]") {
  Fixture f;
  f.add(1, rabbitmq::kMostEntries + 1);
  CHECK(f.publish().entries.size() == rabbitmq::kMostEntries);
  CHECK(numbers_of(f.publish()) == Numbers{rabbitmq::kMostEntries + 1});
}

TEST_CASE("partition writer: a record has 256 KiB at most", "[rabbitmq][writer][bounds]") {
  Fixture f;
  const std::string body = "\"" + std::string(1000, 'x') + "\"";
  const std::size_t cost = an_entry(body).cost();
  for (std::uint64_t number = 1; number <= 1000; ++number) f.add(number, body);
  std::size_t messages = 0;
  while (messages < 1000) {
    const auto record = f.publish();
    messages += record.entries.size();
    CHECK(record.entries.size() * cost <= rabbitmq::kRecordBytes);
    const bool is_full = (record.entries.size() + 1) * cost > rabbitmq::kRecordBytes;
    CHECK((is_full || messages == 1000));
  }
  CHECK(messages == 1000);
}

TEST_CASE("partition writer: a message that is larger goes alone", "[rabbitmq][writer][bounds]") {
  Fixture f;
  f.add(1);
  f.add(2, "\"" + std::string(2 * rabbitmq::kRecordBytes, 'x') + "\"");
  f.add(3);
  CHECK(f.publish().entries.size() == 1);
  const auto large = f.publish();
  CHECK(large.entries.size() == 1);
  CHECK(large.entries.front().body.size() > rabbitmq::kRecordBytes);
  CHECK(numbers_of(f.publish()) == Numbers{3});
}

// ---- hellos

TEST_CASE("partition writer: nothing but a hello goes before the log has a name",
          "[rabbitmq][writer][hello]") {
  Fixture f;
  f.add(1);
  CHECK(f.is_silent(kNone));
  f.writer.want_hello();
  const auto hello = f.publish(kNone);
  CHECK(hello.is_hello());
  CHECK(hello.proposal == Epoch("P1"));
  CHECK(hello.epoch == kNone);
  CHECK(f.is_silent(kNone));
  CHECK(f.writer.seen(hello.number).empty());
  CHECK(numbers_of(f.publish(kLog)) == Numbers{1});
}

TEST_CASE("partition writer: a hello goes first, alone and once", "[rabbitmq][writer][hello]") {
  Fixture f;
  f.add(1);
  f.writer.want_hello();
  f.writer.want_hello();
  const auto hello = f.publish();
  CHECK(hello.is_hello());
  CHECK(hello.epoch == kLog);
  CHECK(numbers_of(f.publish()) == Numbers{1});
  CHECK(f.is_silent());
}

TEST_CASE("partition writer: no proposal is published twice", "[rabbitmq][writer][hello]") {
  Fixture f;
  f.writer.want_hello();
  const auto first = f.next(kNone);
  const auto second = decode_record(*f.writer.again());
  REQUIRE(second);
  CHECK(second->is_hello());
  CHECK(second->number == first.number);
  CHECK(second->proposal != first.proposal);
  f.writer.confirmed();
  f.writer.want_hello();
  CHECK(f.next(kNone).proposal == Epoch("P3"));
}

TEST_CASE("partition writer: a hello read back as foreign is wanted again",
          "[rabbitmq][writer][hello]") {
  Fixture f;
  f.writer.want_hello();
  const auto hello = f.publish();
  f.writer.foreign(hello.number);
  CHECK(f.next().is_hello());
}

// ---- logs that are replaced

TEST_CASE("partition writer: what was written for another log waits again, in its old place",
          "[rabbitmq][writer][foreign]") {
  Fixture f;
  f.add(1, 2);
  const auto first = f.publish(kOther).number;
  f.add(3, 4);
  const auto second = f.next(kOther).number;
  f.add(5);

  f.writer.foreign(first);
  CHECK(f.writer.messages() == 5);
  f.writer.foreign(second);
  CHECK_FALSE(f.writer.in_flight());
  CHECK(numbers_of(f.publish(kLog)) == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE("partition writer: nothing goes into a log before all comes back that is of another",
          "[rabbitmq][writer][foreign]") {
  Fixture f;
  f.add(1);
  const auto first = f.publish(kOther).number;
  f.add(2);
  const auto second = f.publish(kOther).number;
  f.add(3);
  f.writer.foreign(first);
  // 2 may not be overtaken by 3.
  CHECK(f.is_silent(kLog));
  f.writer.want_hello();
  CHECK(f.publish(kLog).is_hello());
  CHECK(f.is_silent(kLog));
  f.writer.foreign(second);
  CHECK(numbers_of(f.publish(kLog)) == Numbers{1, 2, 3});
}

TEST_CASE("partition writer: in another stream all is sent again, in its old order",
          "[rabbitmq][writer][anew]") {
  Fixture f;
  f.add(1);
  f.publish();
  f.writer.want_hello();
  f.publish();
  f.add(2, 3);
  const auto late = f.publish().number;
  f.add(4);
  f.next();
  f.add(5);

  f.writer.begin_anew();
  CHECK_FALSE(f.writer.in_flight());
  // It may still be the old one.
  CHECK(f.is_silent(kLog));
  CHECK(f.is_silent(kOther));
  f.writer.want_hello();
  const auto hello = f.publish(kNone);
  CHECK(hello.is_hello());
  CHECK(f.is_silent(kOther));
  CHECK(f.writer.seen(hello.number).empty());
  CHECK(f.writer.unseen() == 0);
  const auto record = f.publish(kOther);
  CHECK(numbers_of(record) == Numbers{1, 2, 3, 4, 5});
  CHECK(record.number == 6);

  // What was published before means nothing any more.
  CHECK(f.writer.seen(late).empty());
  f.writer.foreign(late);
  CHECK(f.writer.messages() == 5);
  CHECK(numbers_of(f.writer.seen(record.number)) == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE("partition writer: what is read back after all is not sent again",
          "[rabbitmq][writer][anew]") {
  Fixture f;
  f.add(1);
  const auto first = f.publish().number;
  f.add(2);
  const auto in_flight = f.next().number;
  f.add(3);
  f.writer.begin_anew();
  f.writer.want_hello();
  const auto hello = f.publish(kNone).number;
  CHECK(numbers_of(f.writer.seen(in_flight)) == Numbers{2});
  CHECK(f.writer.seen(first).empty());
  f.writer.seen(hello);
  // 1 was not there.
  CHECK(numbers_of(f.publish(kLog)) == Numbers{1, 3});
}

TEST_CASE("partition writer: a hello that never came back is forgotten with a later record",
          "[rabbitmq][writer][hello]") {
  Fixture f;
  f.writer.want_hello();
  f.publish(kNone);
  f.writer.want_hello();
  const auto second = f.publish(kNone).number;
  CHECK(f.writer.unseen() == 2);
  f.writer.seen(second);
  CHECK(f.writer.unseen() == 0);
}

// ---- what is counted

TEST_CASE("partition writer: counts what was not read back, and comes to 0",
          "[rabbitmq][writer][counts]") {
  Fixture f;
  const std::size_t cost = an_entry("1").cost();
  const auto holds = [&f, cost](std::size_t messages) {
    return f.writer.messages() == messages && f.writer.bytes() == messages * cost;
  };
  CHECK(holds(0));
  f.add(1, 2);
  CHECK(holds(2));
  const auto first = f.publish().number;
  CHECK(holds(2));
  f.add(3, 4);
  const auto second = f.publish(kLog).number;
  CHECK(f.writer.unseen() == 2);
  f.writer.foreign(second);
  CHECK(holds(4));
  f.writer.seen(first);
  CHECK(holds(2));
  f.next();
  f.writer.begin_anew();
  CHECK(holds(2));
  f.writer.want_hello();
  f.writer.seen(f.publish(kNone).number);
  CHECK(holds(2));
  f.writer.seen(f.next().number);
  CHECK(holds(0));
  CHECK(f.writer.unseen() == 0);
}

}  // namespace
}  // namespace chat::tests
