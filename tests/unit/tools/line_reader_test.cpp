#include "line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/manual_executor.hpp"

using chat::tests::ManualExecutor;
using chat::tools::LineReader;
using Lines = std::vector<std::string>;
using namespace std::string_literals;

namespace {

/// A reader of one end of a pipe.
class Piped {
 public:
  explicit Piped(const std::string& separator, std::size_t most = 1 << 20) {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    reader_ = std::make_unique<LineReader>(ends_[0], separator, most, executor_,
                                           [this](LineReader::Batch batch) {
                                             ++batches;
                                             for (auto& line : batch.lines)
                                               lines.push_back(std::move(line));
                                             is_end = batch.is_end;
                                             failure = batch.failure;
                                           });
  }
  ~Piped() {
    reader_.reset();
    close();
    ::close(ends_[0]);
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;

  void write(const std::string& text) {
    REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int input() const { return ends_[1]; }
  /// Waits until so many lines have come, or the end; takes each batch as it comes.
  void await(std::size_t count) {
    REQUIRE(executor_.run_until([&] {
      if (batches > taken_) {
        taken_ = batches;
        reader_->taken();
      }
      return is_end || lines.size() >= count;
    }));
  }
  void await_batches(std::size_t count) {
    REQUIRE(executor_.run_until([&] { return batches >= count; }));
  }
  bool idle() {
    executor_.run_until_idle();
    return true;
  }
  void taken() { reader_->taken(); }

  Lines lines;
  bool is_end = false;
  std::string failure;
  std::size_t batches = 0;

 private:
  ManualExecutor executor_;
  std::array<int, 2> ends_{};
  std::size_t taken_ = 0;
  std::unique_ptr<LineReader> reader_;
};

}  // namespace

TEST_CASE("line reader: of a line's end the carriage return goes too, one, before a newline only",
          "[tools]") {
  Piped crlf("\n");
  crlf.write("a\r\n\r\nb\r\r\nc\rd\ne\r");
  crlf.close();
  crlf.await(5);
  CHECK(crlf.lines == Lines{"a", "", "b\r", "c\rd", "e\r"});
  Piped zero("\0"s);
  zero.write("a\r\0b\r\n\0"s);
  zero.close();
  zero.await(2);
  CHECK(zero.lines == Lines{"a\r", "b\r\n"});
}

TEST_CASE("line reader: lines come as they are whole", "[tools]") {
  Piped piped("\n");
  piped.write("a\n\nb");
  piped.await(2);
  CHECK(piped.lines == Lines{"a", ""});
  piped.write("c\nd");
  piped.await(3);
  CHECK(piped.lines.back() == "bc");
  CHECK_FALSE(piped.is_end);
  piped.close();
  piped.await(99);
  CHECK(piped.is_end);
  CHECK(piped.lines == Lines{"a", "", "bc", "d"});
  CHECK(piped.failure.empty());
}

TEST_CASE("line reader: no line behind the last separator, and none of nothing", "[tools]") {
  const auto [text, lines] =
      GENERATE(table<std::string, Lines>({{"", {}}, {"\n", {""}}, {"a\n", {"a"}}, {"a", {"a"}}}));
  CAPTURE(text);
  Piped piped("\n");
  piped.write(text);
  piped.close();
  piped.await(99);
  CHECK(piped.lines == lines);
}

TEST_CASE("line reader: separators of any length, cut anywhere", "[tools]") {
  const auto [separator, text, lines] = GENERATE(table<std::string, std::string, Lines>({
      {"\0"s, "a\nb\0c\0"s, {"a\nb", "c"}},
      {"--", "a-b---c--", {"a-b", "-c"}},
      {"aab", "aaabxaabaab", {"a", "x", ""}},
      {"", "a\nb\n", {"a\nb\n"}},
  }));
  CAPTURE(separator, text);
  Piped piped(separator);
  std::thread writer([&piped, text = text] {
    for (const char c : text) {
      if (::write(piped.input(), &c, 1) != 1) return;
      std::this_thread::yield();
    }
    piped.close();
  });
  piped.await(99);
  writer.join();
  CHECK(piped.lines == lines);
}

TEST_CASE("line reader: it reads on only when what it gave was taken", "[tools]") {
  Piped piped("\n");
  piped.write("a\n");
  piped.await_batches(1);
  // Without `taken` it hands over nothing more, and the pipe fills.
  REQUIRE(::fcntl(piped.input(), F_SETFL, O_NONBLOCK) == 0);
  const std::string block(4096, '\n');
  std::size_t written = 0;
  while (::write(piped.input(), block.data(), block.size()) > 0) {
    written += block.size();
    REQUIRE(written < (16U << 20));
  }
  piped.idle();
  CHECK(piped.batches == 1);
  piped.taken();
  piped.await_batches(2);
}

TEST_CASE("line reader: a line over the bound ends it", "[tools]") {
  Piped piped("\n", 1000);
  piped.write("fine\n" + std::string(1001, 'x'));
  piped.await(99);
  CHECK(piped.is_end);
  CHECK(piped.lines == Lines{"fine"});
  CHECK_THAT(piped.failure, Catch::Contains("1000 bytes"));
}

TEST_CASE("line reader: what cannot be read is told, and what came half is no line", "[tools]") {
  ManualExecutor executor;
  LineReader::Batch heard;
  bool is_heard = false;
  const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  {
    const LineReader reader(folder, "\n", 1000, executor, [&](LineReader::Batch batch) {
      heard = std::move(batch);
      is_heard = true;
    });
    REQUIRE(executor.run_until([&] { return is_heard; }));
  }
  ::close(folder);
  CHECK(heard.is_end);
  CHECK(heard.lines.empty());
  CHECK_THAT(heard.failure, Catch::Contains("cannot read"));
}

TEST_CASE("line reader: it can go while it waits for bytes, or for what it gave", "[tools]") {
  const bool has_given = GENERATE(false, true);
  Piped piped("\n");
  if (has_given) {
    piped.write("a\n");
    piped.await_batches(1);
    piped.write("b\n");
  }
}
