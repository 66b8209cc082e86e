#include "chat/rabbitmq/partition_reader.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "records.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using base::Seq;
using rabbitmq::PartitionReader;
using rabbitmq::Record;
using rabbitmq::seq_of;
using Verdict = PartitionReader::Verdict;

const std::optional<Record> kUnreadable;

/// The seq below the record at `offset`.
Seq below(std::int64_t offset) { return Seq(seq_of(offset, 0).value() - 1); }

/// A reader of node "me" that has read, from the first record on: 0 and 1, hellos of "me" and
/// "you", 2, a batch of "me"'s, 3, one of "you"'s. The log is E.
struct Reading {
  Reading() {
    CHECK(reader.attach() == std::nullopt);
    CHECK(take(0, a_hello("me", 1, "E")) == Verdict::hello);
    CHECK(take(1, a_hello("you", 1, "X")) == Verdict::skip);
    CHECK(take(2, a_batch("me", 2, "E")) == Verdict::batch);
    CHECK(take(3, a_batch("you", 2, "E")) == Verdict::batch);
  }
  Verdict take(std::int64_t offset, const std::optional<Record>& record) {
    const auto read = reader.take(offset, record);
    CHECK_FALSE(read.floor);
    return read.verdict;
  }
  PartitionReader reader{"me"};
};

// ---- the log's name

TEST_CASE("partition reader: the first hello names the log", "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  CHECK(reader.attach() == std::nullopt);
  CHECK(reader.epoch() == Epoch());
  const auto read = reader.take(0, a_hello("you", 1, "E"));
  CHECK(read.named);
  CHECK_FALSE(read.floor);
  CHECK(reader.epoch() == Epoch("E"));
  CHECK(reader.first_proposal() == Epoch("E"));

  const auto second = reader.take(1, a_hello("me", 1, "F"));
  CHECK(second.verdict == Verdict::hello);
  CHECK_FALSE(second.named);
  CHECK(reader.epoch() == Epoch("E"));
  CHECK(reader.first_proposal() == Epoch("E"));
}

TEST_CASE("partition reader: a hello proposes a name although its node knew another log",
          "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  reader.attach();
  CHECK(reader.take(0, a_hello("you", 9, "E", "OLD")).named);
  CHECK(reader.epoch() == Epoch("E"));
}

TEST_CASE("partition reader: a late batch before the first hello is of another log",
          "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  reader.attach();
  CHECK(reader.take(0, a_batch("you", 9, "OLD")).verdict == Verdict::skip);
  CHECK(reader.take(1, a_batch("me", 9, "OLD")).verdict == Verdict::foreign);
  CHECK(reader.epoch() == Epoch());
  CHECK(reader.take(2, a_hello("you", 10, "E")).named);
  CHECK(reader.take(3, a_batch("you", 11, "E")).verdict == Verdict::batch);
  CHECK(reader.take(4, a_batch("you", 12, "OLD")).verdict == Verdict::skip);
  CHECK(reader.take(5, a_batch("me", 10, "OLD")).verdict == Verdict::foreign);
}

TEST_CASE("partition reader: from the middle the records tell the name",
          "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  reader.attach();
  SECTION("a batch") {
    const auto read = reader.take(100, a_batch("you", 9, "E"));
    CHECK(read.named);
    CHECK(read.verdict == Verdict::batch);
    CHECK(read.floor == below(100));
  }
  SECTION("a hello of a node that knows it") {
    CHECK(reader.take(100, a_hello("you", 9, "X", "E")).named);
  }
  SECTION("not a hello of a node that does not") {
    CHECK_FALSE(reader.take(100, a_hello("you", 1, "X")).named);
    CHECK(reader.take(101, a_batch("you", 2, "E")).named);
  }
  CHECK(reader.epoch() == Epoch("E"));
}

TEST_CASE("partition reader: where no record has the name, it is given one",
          "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  reader.attach();
  reader.take(100, a_hello("you", 1, "X"));
  CHECK(reader.take(101, a_hello("me", 1, "Y")).verdict == Verdict::hello);
  REQUIRE(reader.epoch() == Epoch());
  CHECK(reader.first_proposal() == Epoch("X"));
  reader.name(reader.first_proposal());
  CHECK(reader.take(102, a_batch("you", 2, "X")).verdict == Verdict::batch);
}

TEST_CASE("partition reader: reading on does not make another hello the first",
          "[rabbitmq][reader][name]") {
  PartitionReader reader("me");
  reader.attach();
  reader.take(0, a_batch("you", 9, "OLD"));
  reader.attach();
  CHECK(reader.take(0, a_batch("you", 9, "OLD")).verdict == Verdict::skip);
  CHECK(reader.take(1, a_hello("you", 12, "E")).named);
  CHECK_FALSE(reader.take(2, a_hello("you", 13, "X")).named);
}

TEST_CASE("partition reader: own hellos are told, others' are not", "[rabbitmq][reader]") {
  Reading r;
  CHECK(r.take(4, a_hello("me", 3, "Z", "E")) == Verdict::hello);
  CHECK(r.take(5, a_hello("you", 3, "Z", "E")) == Verdict::skip);
}

TEST_CASE("partition reader: a batch of another log is passed over, an own one told",
          "[rabbitmq][reader]") {
  Reading r;
  CHECK(r.take(4, a_batch("you", 3, "OTHER")) == Verdict::skip);
  CHECK(r.take(5, a_batch("me", 3, "OTHER")) == Verdict::foreign);
  CHECK(r.take(6, a_batch("me", 4, "E")) == Verdict::batch);
}

TEST_CASE("partition reader: a record that was published again is passed over",
          "[rabbitmq][reader][repeat]") {
  Reading r;
  CHECK(r.take(4, a_batch("you", 2, "E")) == Verdict::skip);
  CHECK(r.take(5, a_batch("me", 2, "E")) == Verdict::skip);
  SECTION("also with a later one between them") {
    CHECK(r.take(6, a_batch("you", 5, "E")) == Verdict::batch);
    CHECK(r.take(7, a_batch("you", 4, "E")) == Verdict::skip);
    CHECK(r.take(8, a_batch("you", 6, "E")) == Verdict::batch);
  }
  SECTION("a hello too, and one that was foreign") {
    CHECK(r.take(6, a_hello("me", 1, "E")) == Verdict::skip);
    CHECK(r.take(7, a_batch("me", 3, "OTHER")) == Verdict::foreign);
    CHECK(r.take(8, a_batch("me", 3, "OTHER")) == Verdict::skip);
  }
  SECTION("numbers count for each node") {
    CHECK(r.take(6, a_batch("third", 1, "E")) == Verdict::batch);
  }
}

TEST_CASE("partition reader: of very many nodes the one that wrote longest ago is forgotten",
          "[rabbitmq][reader][repeat][bounds]") {
  constexpr int kMostNodes = 4096;
  Reading r;
  for (int i = 0; i < kMostNodes - 2; ++i) {
    r.take(4 + i, a_batch("n" + std::to_string(i), 1, "E"));
  }
  CHECK(r.take(5000, a_batch("you", 3, "E")) == Verdict::batch);
  CHECK(r.take(5001, a_batch("one more", 1, "E")) == Verdict::batch);  // me, of offset 2
  CHECK(r.take(5002, a_batch("you", 3, "E")) == Verdict::skip);
  CHECK(r.take(5003, a_batch("n0", 1, "E")) == Verdict::skip);
  CHECK(r.take(5004, a_batch("me", 2, "E")) == Verdict::batch);
}

TEST_CASE("partition reader: what cannot be read is passed over", "[rabbitmq][reader]") {
  PartitionReader reader("me");
  reader.attach();
  CHECK(reader.take(0, kUnreadable).verdict == Verdict::skip);
  CHECK(reader.position() == 0);
  CHECK(reader.take(1, a_hello("you", 1, "E")).named);
  CHECK(reader.take(2, kUnreadable).verdict == Verdict::skip);
  CHECK(reader.take(3, a_batch("you", 2, "E")).verdict == Verdict::batch);
}

// ---- reading on

TEST_CASE("partition reader: goes on where it stood", "[rabbitmq][reader][attach]") {
  Reading r;
  CHECK(r.reader.position() == 3);
  CHECK(r.reader.attach() == 3);
  CHECK(r.take(3, a_batch("you", 2, "E")) == Verdict::skip);
  CHECK(r.take(4, a_batch("you", 3, "E")) == Verdict::batch);
  CHECK(r.reader.position() == 4);
}

TEST_CASE("partition reader: offsets that are left out are no hole", "[rabbitmq][reader][attach]") {
  Reading r;
  CHECK(r.take(9, a_batch("you", 3, "E")) == Verdict::batch);
}

TEST_CASE("partition reader: goes on at a record that cannot be read",
          "[rabbitmq][reader][attach]") {
  Reading r;
  CHECK(r.take(4, kUnreadable) == Verdict::skip);
  CHECK(r.reader.attach() == 4);
  SECTION("it still cannot") {
    CHECK(r.take(4, kUnreadable) == Verdict::skip);
    CHECK(r.take(5, a_batch("you", 3, "E")) == Verdict::batch);
  }
  SECTION("it can: it is another one") {
    CHECK(r.take(4, a_batch("you", 3, "E")) == Verdict::other_log);
  }
}

TEST_CASE("partition reader: another record where it stood is another log",
          "[rabbitmq][reader][attach]") {
  Reading r;
  CHECK(r.reader.attach() == 3);
  SECTION("of another node") { CHECK(r.take(3, a_batch("me", 2, "E")) == Verdict::other_log); }
  SECTION("with another number") { CHECK(r.take(3, a_batch("you", 3, "E")) == Verdict::other_log); }
  SECTION("the same of another publish") {
    auto again = a_batch("you", 2, "E");
    again.attempt = 2;
    CHECK(r.take(3, again) == Verdict::other_log);
  }
  SECTION("none that can be read") { CHECK(r.take(3, kUnreadable) == Verdict::other_log); }
  SECTION("before it") { CHECK(r.take(2, a_batch("me", 2, "E")) == Verdict::other_log); }
}

TEST_CASE("partition reader: where the record was that it has read last there must be one",
          "[rabbitmq][reader][attach][hole]") {
  Reading r;
  CHECK(r.reader.attach() == 3);
  // Trimmed, or another stream with a number left out: what it says of itself may be late.
  const auto record = GENERATE(a_batch("you", 9, "E"), a_hello("you", 9, "X", "E"),
                               a_batch("new", 9, "F"), a_hello("me", 3, "Y"));
  REQUIRE(r.take(20, record) == Verdict::other_log);

  r.reader.begin_anew();
  CHECK(r.reader.attach(true) == std::nullopt);
  const auto read = r.reader.take(20, a_batch("you", 9, "E"));
  CHECK(read.verdict == Verdict::batch);
  CHECK(read.floor == below(20));
  CHECK(r.reader.epoch() == Epoch("E"));
}

TEST_CASE("partition reader: it names no log before it knows that it still is that one",
          "[rabbitmq][reader][attach]") {
  Reading r;
  CHECK(r.reader.attach() == 3);
  CHECK(r.reader.epoch() == Epoch());
  r.take(3, a_batch("you", 2, "E"));
  CHECK(r.reader.epoch() == Epoch("E"));
}

TEST_CASE("partition reader: goes on from a snapshot as the one that it is of",
          "[rabbitmq][reader][snapshot]") {
  Reading r;
  PartitionReader restored("me again");
  REQUIRE(restored.restore(r.reader.snapshot()));
  CHECK(restored.epoch() == Epoch("E"));
  CHECK(restored.position() == 3);
  CHECK(restored.attach() == 3);
  CHECK(restored.take(3, a_batch("you", 2, "E")).verdict == Verdict::skip);
  CHECK(restored.take(4, a_batch("me", 2, "E")).verdict == Verdict::skip);
  CHECK(restored.take(5, a_batch("you", 3, "E")).verdict == Verdict::batch);
  CHECK(restored.take(6, a_hello("me again", 1, "X")).verdict == Verdict::hello);
}

TEST_CASE("partition reader: what is no snapshot changes nothing", "[rabbitmq][reader][snapshot]") {
  Reading other;
  other.take(4, a_batch("you", 3, "E"));
  const auto bytes = other.reader.snapshot();
  Reading r;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(r.reader.restore(bytes.substr(0, size)));
  }
  CHECK_FALSE(r.reader.restore(bytes + '\0'));
  CHECK_FALSE(r.reader.restore('\1' + bytes.substr(1)));
  CHECK_FALSE(r.reader.restore(PartitionReader("me").snapshot()));
  CHECK(r.reader.position() == 3);
  CHECK(r.take(4, a_batch("you", 3, "E")) == Verdict::batch);
}

TEST_CASE("partition reader: when it hears nothing it looks from the first record",
          "[rabbitmq][reader][attach][deaf]") {
  Reading r;
  CHECK(r.reader.attach(true) == std::nullopt);

  SECTION("the same log is passed over to where it stood") {
    CHECK(r.take(0, a_hello("me", 1, "E")) == Verdict::skip);
    CHECK(r.take(2, a_batch("me", 2, "E")) == Verdict::skip);
    CHECK(r.reader.epoch() == Epoch());
    CHECK(r.take(3, a_batch("you", 2, "E")) == Verdict::skip);
    CHECK(r.take(4, a_batch("you", 3, "E")) == Verdict::batch);
  }
  SECTION("another one has another first hello") {
    CHECK(r.take(0, a_hello("you", 3, "F", "E")) == Verdict::other_log);
  }
  SECTION("a late batch at its begin does not make it the same") {
    CHECK(r.take(0, a_batch("me", 3, "E")) == Verdict::other_log);
  }
  SECTION("nor does what was published again") {
    CHECK(r.take(0, a_batch("you", 2, "E")) == Verdict::skip);
    CHECK(r.take(1, a_hello("you", 3, "F", "E")) == Verdict::other_log);
  }
  SECTION("the same log without its end is another one, once it goes on") {
    CHECK(r.take(0, a_hello("me", 1, "E")) == Verdict::skip);
    CHECK(r.take(1, a_hello("you", 1, "X")) == Verdict::skip);
    CHECK(r.take(2, a_hello("me", 3, "Y", "E")) == Verdict::other_log);
  }
  SECTION("so is one whose records were all published before, elsewhere") {
    auto again = a_batch("you", 2, "E");
    again.attempt = 2;
    CHECK(r.take(0, again) == Verdict::skip);
    SECTION("at its place") { CHECK(r.take(3, again) == Verdict::other_log); }
    SECTION("and nothing at its place") {
      CHECK(r.take(4, a_hello("you", 1, "X")) == Verdict::other_log);
    }
  }
  SECTION("all that was read is gone") {
    CHECK(r.take(20, a_batch("you", 9, "E")) == Verdict::other_log);
  }
}

TEST_CASE("partition reader: a log that begins with a late batch is still itself",
          "[rabbitmq][reader][attach][deaf]") {
  PartitionReader reader("me");
  reader.attach();
  reader.take(0, a_batch("you", 9, "OLD"));
  reader.take(1, a_hello("you", 10, "E"));
  reader.attach(true);
  CHECK(reader.take(0, a_batch("you", 9, "OLD")).verdict == Verdict::skip);
  CHECK(reader.take(1, a_hello("you", 10, "E")).verdict == Verdict::skip);
  CHECK(reader.take(2, a_batch("you", 11, "E")).verdict == Verdict::batch);
}

TEST_CASE("partition reader: having begun anew it knows nothing", "[rabbitmq][reader][attach]") {
  Reading r;
  r.reader.attach();
  REQUIRE(r.take(3, kUnreadable) == Verdict::other_log);
  r.reader.begin_anew();
  CHECK(r.reader.epoch() == Epoch());
  CHECK(r.reader.first_proposal() == Epoch());
  CHECK(r.reader.position() == std::nullopt);

  CHECK(r.reader.attach(true) == std::nullopt);
  CHECK(r.take(0, a_batch("you", 3, "E")) == Verdict::skip);
  CHECK(r.reader.take(1, a_hello("me", 3, "F", "E")).named);
  CHECK(r.reader.epoch() == Epoch("F"));
  CHECK(r.take(2, a_batch("you", 4, "E")) == Verdict::skip);
  CHECK(r.take(3, a_batch("you", 5, "F")) == Verdict::batch);
}

}  // namespace
}  // namespace chat::tests
