#include "chat/rabbitmq/record.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "chat/rabbitmq/bytes.hpp"
#include "chat/rabbitmq/topology.hpp"
#include "chat/wire/limits.hpp"
#include "records.hpp"

namespace chat::tests {
namespace {

using base::ClientId;
using base::Epoch;
using base::RoomName;
using rabbitmq::ByteReader;
using rabbitmq::decode_record;
using rabbitmq::encode_record;
using rabbitmq::Entry;
using rabbitmq::Record;
using Strings = std::vector<std::string>;

Record with(const Entry& entry) {
  auto record = a_batch("node", 1, "E");
  record.entries = {entry};
  return record;
}

bool is_taken(const Record& record) { return decode_record(encode_record(record)).has_value(); }

/// The parts of a record as bytes, for what encode_record would not write.
std::string header(std::uint64_t format, const std::string& node, std::uint64_t number,
                   const std::string& epoch, const std::string& proposal, std::uint64_t entries) {
  std::string out;
  rabbitmq::put_number(out, format);
  rabbitmq::put_text(out, node);
  rabbitmq::put_number(out, number);
  rabbitmq::put_number(out, 1);
  rabbitmq::put_text(out, epoch);
  rabbitmq::put_text(out, proposal);
  rabbitmq::put_number(out, entries);
  return out;
}

// ---- what goes in comes out

TEST_CASE("record: a batch comes back as it was", "[rabbitmq][record]") {
  Record record;
  record.node = "node-1";
  record.number = 300;
  record.attempt = 3;
  record.epoch = Epoch("E-1_a");
  record.entries = {an_entry(R"({"a":[1,"é漢😀",null]})"), an_entry("\"\"", "règle"), Entry()};
  Entry& bare = record.entries.back();  // of somebody who gave neither a name nor a client
  bare.room = RoomName("_");
  bare.body = "0";

  const auto read = decode_record(encode_record(record));

  REQUIRE(read);
  CHECK(read->node == record.node);
  CHECK(read->number == 300);
  CHECK(read->attempt == 3);
  CHECK(read->epoch == record.epoch);
  CHECK(read->proposal == Epoch());
  CHECK_FALSE(read->is_hello());
  REQUIRE(read->entries.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    const Entry& was = record.entries[i];
    const Entry& is = read->entries[i];
    CHECK(is.room == was.room);
    CHECK(is.name == was.name);
    CHECK(is.client == was.client);
    CHECK(is.n == was.n);
    CHECK(is.at == was.at);
    CHECK(is.body == was.body);
  }
}

TEST_CASE("record: a hello comes back, of a node that knows the log's name or does not",
          "[rabbitmq][record]") {
  const std::string known = GENERATE("", "E");
  const auto read = decode_record(encode_record(a_hello("node", 1, "P", known)));
  REQUIRE(read);
  CHECK(read->is_hello());
  CHECK(read->proposal == Epoch("P"));
  CHECK(read->epoch == Epoch(known));
}

TEST_CASE("record: everything at its bound is taken", "[rabbitmq][record][bounds]") {
  auto record = a_batch(std::string(64, 'n'), std::numeric_limits<std::uint64_t>::max(),
                        std::string(32, 'e'));
  Entry& entry = record.entries.front();
  entry.room = RoomName(std::string(94, 'r'));
  entry.name = std::string(32, 'a');
  entry.client = ClientId(std::string(32, 'c'));
  entry.n = wire::kMaxInteger - 1;
  entry.at = static_cast<base::WallMs>(wire::kMaxInteger - 1);
  entry.body = std::string(99, '[') + std::string(99, ']');
  record.entries.resize(rabbitmq::kMostEntries, entry);
  CHECK(is_taken(record));
}

// ---- what is refused: whoever may write to the stream can write anything

TEST_CASE("record: what is past a bound is refused", "[rabbitmq][record][bounds]") {
  auto record = a_batch("node", 1, "E");
  Entry& entry = record.entries.front();
  SECTION("a node") { record.node = std::string(65, 'n'); }
  SECTION("no node") { record.node.clear(); }
  SECTION("number 0") { record.number = 0; }
  SECTION("attempt 0") { record.attempt = 0; }
  SECTION("an epoch") { record.epoch = Epoch(std::string(33, 'e')); }
  SECTION("entries") { record.entries.resize(rabbitmq::kMostEntries + 1, entry); }
  SECTION("n") { entry.n = wire::kMaxInteger; }
  SECTION("at") { entry.at = static_cast<base::WallMs>(wire::kMaxInteger); }
  SECTION("a time before 1970") { entry.at = -1; }
  CHECK_FALSE(is_taken(record));
}

TEST_CASE("record: a batch has an epoch and no proposal, a hello a proposal",
          "[rabbitmq][record]") {
  auto record = a_batch("node", 1, "E");
  SECTION("a batch of no log") { record.epoch = {}; }
  SECTION("a batch with a proposal") { record.proposal = Epoch("P"); }
  SECTION("a hello without one") { record.entries.clear(); }
  SECTION("an epoch that cannot be one") { record.epoch = Epoch("a b"); }
  SECTION("a proposal that cannot be one") { record = a_hello("node", 1, "P\n"); }
  CHECK_FALSE(is_taken(record));
}

TEST_CASE("record: names that no client can have are refused", "[rabbitmq][record][hostile]") {
  auto entry = an_entry("1");
  SECTION("rooms") {
    entry.room =
        RoomName(GENERATE(as<std::string>(), "", "a b", "a/b", "../x", "api", "ws", "cafe\u0301",
                          "\xff", "a\n", std::string("a\0b", 3), std::string(95, 'r'), "<script>"));
  }
  SECTION("members' names") {
    entry.name = GENERATE(as<std::string>(), " ann", "ann ", "a  b", "a\nb", "\x1b[31m", "\xff",
                          "e\u0301", std::string(33, 'a'), "\u200d");
  }
  SECTION("clients") {
    entry.client =
        ClientId(GENERATE(as<std::string>(), "a b", "\"", "é", std::string(33, 'c'), "a\n"));
  }
  CHECK_FALSE(is_taken(with(entry)));
}

TEST_CASE("record: a body that is not one JSON value is refused", "[rabbitmq][record][hostile]") {
  const auto body = GENERATE(as<std::string>(), "", " ", "a", "'a'", "\"a", "1,\"seq\":9", "1}",
                             "1 2", " 1", "1 ", "[1,]", "{\"a\":1", "{a:1}", "nul", "01", "1e999",
                             "\"\xff\"", "\"\n\"", "\"\\ud800\"",
                             "\xEF\xBB\xBF"
                             "1",
                             std::string("1\0", 2), std::string("\"a\0b\"", 5),
                             std::string(100, '[') + std::string(100, ']'));
  CAPTURE(body);
  CHECK_FALSE(is_taken(with(an_entry(body))));
}

TEST_CASE("record: a body comes back byte for byte", "[rabbitmq][record]") {
  const auto body = GENERATE(as<std::string>(), "0", "-1.50e+10", "12345678901234567890123", "null",
                             "{ \"b\" : [ ] ,\n\"a\":1, \"a\":2}", R"("\u00e9\ud83d\ude00\"\\")");
  CAPTURE(body);
  const auto read = decode_record(encode_record(with(an_entry(body))));
  REQUIRE(read);
  CHECK(read->entries.front().body == body);
}

TEST_CASE("record: another format is refused", "[rabbitmq][record]") {
  const auto format = GENERATE(0U, 2U, 1000U);
  CHECK(decode_record(header(rabbitmq::kFormat, "node", 1, "", "P", 0)));
  CHECK_FALSE(decode_record(header(format, "node", 1, "", "P", 0)));
}

TEST_CASE("record: cut anywhere, or with anything behind it, it is refused", "[rabbitmq][record]") {
  auto record = a_batch("node", 1, "E");
  record.entries.push_back(an_entry("[2]"));
  const auto bytes = GENERATE_COPY(encode_record(record), encode_record(a_hello("n", 1, "P", "E")));
  REQUIRE(decode_record(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_record(bytes.substr(0, size)));
  }
  CHECK_FALSE(decode_record(bytes + '\0'));
  CHECK_FALSE(decode_record(bytes + bytes));
}

TEST_CASE("record: lengths and counts that lie are refused, and cost nothing",
          "[rabbitmq][record][hostile]") {
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  std::string text_too_long;
  rabbitmq::put_number(text_too_long, rabbitmq::kFormat);
  rabbitmq::put_number(text_too_long, kHuge);
  text_too_long += "node";
  CHECK_FALSE(decode_record(text_too_long));
  CHECK_FALSE(decode_record(header(rabbitmq::kFormat, "node", 1, "E", "", kHuge)));
  CHECK_FALSE(decode_record(header(rabbitmq::kFormat, "node", 1, "E", "", 1)));
  CHECK_FALSE(decode_record(header(rabbitmq::kFormat, "node", 1, "E", "", rabbitmq::kMostEntries)));
}

TEST_CASE("record: a number has one form only", "[rabbitmq][record][bytes]") {
  const auto read = [](const std::string& bytes) {
    ByteReader in(bytes);
    const auto value = in.number();
    return in.ok() && in.at_end() ? std::to_string(value) : "refused";
  };
  CHECK(read(std::string(1, '\0')) == "0");
  CHECK(read("\x7f") == "127");
  CHECK(read("\x80\x01") == "128");
  CHECK(read(std::string(9, '\xff') + "\x01") == "18446744073709551615");
  // Longer than it need be, above 64 bits, without an end.
  CHECK(read(std::string("\x80\x00", 2)) == "refused");
  CHECK(read(std::string("\xff\x00", 2)) == "refused");
  CHECK(read(std::string(9, '\xff') + "\x02") == "refused");
  CHECK(read(std::string(9, '\x80') + "\x7f") == "refused");
  CHECK(read(std::string(10, '\x80') + "\x01") == "refused");
  CHECK(read("\x80") == "refused");
  CHECK(read("") == "refused");
}

TEST_CASE("record: behind the first thing that does not fit nothing is read",
          "[rabbitmq][record][bytes]") {
  const std::string bytes =
      "\x02"
      "ab\x03"
      "abc\x01";
  ByteReader in(bytes);
  CHECK(in.text(2) == "ab");
  CHECK(in.text(2).empty());
  CHECK_FALSE(in.ok());
  CHECK(in.at_end());
  CHECK(in.number() == 0);
  CHECK(in.text(10).empty());
}

// ---- places

TEST_CASE("record: seqs grow along the stream and stay below 2^53", "[rabbitmq][record][seq]") {
  using rabbitmq::kMostEntries;
  using rabbitmq::kMostOffset;
  using rabbitmq::seq_of;
  CHECK(seq_of(0, 0) > base::Seq(0));
  for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1023},
                                    std::int64_t{1} << 32, kMostOffset - 1}) {
    CAPTURE(offset);
    CHECK(seq_of(offset, 0) < seq_of(offset, 1));
    CHECK(seq_of(offset, 1) < seq_of(offset, kMostEntries - 1));
    CHECK(seq_of(offset, kMostEntries - 1) < seq_of(offset + 1, 0));
  }
  CHECK(seq_of(kMostOffset, kMostEntries - 1) == base::Seq(wire::kMaxInteger - 1));
}

TEST_CASE("record: an entry costs about what it takes", "[rabbitmq][record]") {
  const auto entry = an_entry("\"" + std::string(1000, 'x') + "\"");
  const auto empty = encode_record(a_hello("node", 1, "E")).size();
  const auto taken = encode_record(with(entry)).size() - empty;
  CHECK(entry.cost() >= taken);
  CHECK(entry.cost() < taken + 64);
}

}  // namespace
}  // namespace chat::tests
