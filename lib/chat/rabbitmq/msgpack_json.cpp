#include "chat/rabbitmq/msgpack_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>
#include <vector>

#include "chat/rabbitmq/msgpack.hpp"
#include "chat/wire/json_writer.hpp"
#include "chat/wire/limits.hpp"

namespace chat::rabbitmq {
namespace {

using Json = nlohmann::json;
using Kind = MsgpackItem::Kind;

constexpr int kMostDepth = wire::kMaxNesting - 1;
constexpr int kNumberOverflow = 406;  // nlohmann's id of that exception

// ---- objects, the same in both forms

/// Where a member is in the text that is being written.
struct Span {
  std::size_t begin = 0;  ///< with what separates it from the member before
  std::size_t key = 0;
  std::size_t value = 0;
};

/// The members of the objects that are being written, the innermost object's last.
class Members {
 public:
  explicit Members(std::string& text) noexcept : text_(text) {}

  std::size_t size() const noexcept { return spans_.size(); }
  void add(const Span& span) { spans_.push_back(span); }

  /// Ends the object whose members are from number `first` to the end of the text: of equal keys
  /// the last value takes the place of the first. Gives how many members it has then.
  std::size_t end_object(std::size_t first) {
    std::size_t left = spans_.size() - first;
    if (left > 1) left = unite(first, by_key(first));
    spans_.resize(first);
    return left;
  }

 private:
  std::string_view key(std::size_t i) const {
    return std::string_view(text_).substr(spans_[i].key, spans_[i].value - spans_[i].key);
  }

  /// Sorted, not hashed: strangers choose the keys.
  std::vector<std::size_t> by_key(std::size_t first) const {
    std::vector<std::size_t> order(spans_.size() - first);
    std::iota(order.begin(), order.end(), first);
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      const int difference = key(a).compare(key(b));
      return difference != 0 ? difference < 0 : a < b;
    });
    return order;
  }

  std::size_t unite(std::size_t first, const std::vector<std::size_t>& order) {
    // Of each member, whose value stays in its place: its own, or that of the last of an equal key.
    std::vector<std::size_t> heirs(order.size(), kNone);
    std::size_t places = 0;
    for (auto at = order.begin(); at != order.end(); ++places) {
      const auto end = std::find_if(at, order.end(), [&](auto i) { return key(i) != key(*at); });
      heirs[*at - first] = *(end - 1);
      at = end;
    }
    if (places < order.size()) rewrite(first, heirs);
    return places;
  }

  void rewrite(std::size_t first, const std::vector<std::size_t>& heirs) {
    std::string kept;
    for (std::size_t i = 0; i < heirs.size(); ++i) {
      if (heirs[i] == kNone) continue;
      const Span& place = spans_[first + i];
      kept.append(text_, place.begin, place.value - place.begin);
      const std::size_t value = spans_[heirs[i]].value;
      const bool is_last = heirs[i] + 1 == spans_.size();
      kept.append(text_, value, (is_last ? text_.size() : spans_[heirs[i] + 1].begin) - value);
    }
    text_.replace(spans_[first].begin, std::string::npos, kept);
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  std::string& text_;
  std::vector<Span> spans_;
};

// ---- JSON to MessagePack

bool is_integer(std::string_view number) noexcept {
  return number.find_first_not_of("-0123456789") == std::string_view::npos;
}

/// Takes the parser's events and writes them. Stops the parser by returning false.
class Packer {
 public:
  explicit Packer(std::string& out) noexcept : out_(out), members_(out) {}

  const char* problem() const noexcept { return problem_; }

  bool null() {
    begin_value();
    pack_nil(out_);
    return true;
  }
  bool boolean(bool value) {
    begin_value();
    pack_boolean(out_, value);
    return true;
  }
  bool number_integer(std::int64_t value) {
    begin_value();
    pack_integer(out_, value);
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    begin_value();
    pack_natural(out_, value);
    return true;
  }
  bool number_float(double value, const std::string& written) {
    // Of an integer that 64 bits cannot hold the parser makes a double.
    if (is_integer(written)) return fail(kTooLargeInteger);
    begin_value();
    pack_double(out_, value);
    return true;
  }
  bool string(const std::string& value) {
    begin_value();
    pack_text(out_, value);
    return true;
  }
  bool binary(const Json::binary_t&) { return fail(kNoValue); }

  bool key(const std::string& name) {
    const std::size_t begin = out_.size();
    pack_text(out_, name);
    members_.add({begin, begin, out_.size()});
    return true;
  }
  bool start_object(std::size_t) { return open(); }
  bool end_object() {
    std::string head;
    pack_map(head, static_cast<std::uint32_t>(members_.end_object(open_.back().first_member)));
    return close(head);
  }
  bool start_array(std::size_t) { return open(); }
  bool end_array() {
    std::string head;
    pack_array(head, open_.back().items);
    return close(head);
  }

  bool parse_error(std::size_t, const std::string& token, const Json::exception& why) {
    if (why.id == kNumberOverflow) return fail(is_integer(token) ? kTooLargeInteger : kNoDouble);
    const bool is_half = std::string_view(why.what()).find("surrogate") != std::string_view::npos;
    return fail(is_half ? "it has half of a surrogate pair, which is no character" : kNoValue);
  }

  static constexpr const char* kNoValue = "it is no JSON value";

 private:
  struct Container {
    std::size_t begin = 0;
    std::size_t first_member = 0;
    std::uint32_t items = 0;  ///< also members before repeated ones were united
  };
  static constexpr const char* kTooLargeInteger =
      "it has an integer outside of -2^63 to 2^64 - 1, which Django Channels cannot carry";
  static constexpr const char* kNoDouble = "it has a number that no double can hold";

  bool fail(const char* problem) noexcept {
    problem_ = problem;
    return false;
  }
  void begin_value() {
    if (!open_.empty()) ++open_.back().items;
  }
  bool open() {
    if (open_.size() == kMostDepth) return fail("its arrays and objects are nested too deep");
    begin_value();
    open_.push_back({out_.size(), members_.size(), 0});
    return true;
  }
  /// How much is in a container is known at its end only.
  bool close(const std::string& head) {
    out_.insert(open_.back().begin, head);
    open_.pop_back();
    return true;
  }

  std::string& out_;
  Members members_;
  std::vector<Container> open_;
  const char* problem_ = kNoValue;
};

/// What the parser lets pass although it is no JSON: a byte order mark, and a NUL as the end.
bool has_strange_bytes(std::string_view json) noexcept {
  return json.find('\0') != std::string_view::npos || json.substr(0, 3) == "\xEF\xBB\xBF";
}

// ---- MessagePack to JSON

std::string text_of(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  return is_integer(text) ? text + ".0" : text;
}

/// Writes the JSON of what it reads; by recursion, no deeper than kMostDepth.
class JsonBuilder {
 public:
  JsonBuilder(std::string_view bytes, std::size_t most) noexcept : in_(bytes), most_(most) {}

  tl::expected<std::string, const char*> build() {
    value(0);
    if (in_.good() && !in_.at_end()) in_.fail("something follows its end");
    if (!in_.good()) return tl::unexpected<const char*>(in_.problem());
    return std::move(out_);
  }

 private:
  void value(int depth) {
    const auto item = in_.next();
    switch (item.kind) {
      case Kind::nil: out_ += "null"; break;
      case Kind::boolean: out_ += item.boolean ? "true" : "false"; break;
      case Kind::natural: out_ += std::to_string(item.natural); break;
      case Kind::negative: out_ += std::to_string(item.negative); break;
      case Kind::real: real(item.real); break;
      case Kind::text: string(item.text); break;
      case Kind::array: array(item.count, depth + 1); break;
      case Kind::map: object(item.count, depth + 1); break;
      case Kind::bytes:
      case Kind::extension: in_.fail("it has bytes or an extension, which JSON has not"); break;
    }
    check_size(out_.size());
  }

  void real(double value) {
    if (!std::isfinite(value)) return in_.fail("it has NaN or an infinity, which JSON has not");
    out_ += text_of(value);
  }

  void string(std::string_view text) {
    check_size(out_.size() + text.size());
    if (in_.good()) out_ += wire::JsonWriter(text.size() + 2).string(text).take();
  }

  void array(std::uint32_t count, int depth) {
    check_depth(depth);
    out_ += '[';
    for (std::uint32_t i = 0; i < count && in_.good(); ++i) {
      if (i > 0) out_ += ',';
      value(depth);
    }
    out_ += ']';
  }

  void object(std::uint32_t count, int depth) {
    check_depth(depth);
    const std::size_t first_member = members_.size();
    out_ += '{';
    for (std::uint32_t i = 0; i < count && in_.good(); ++i) member(i == 0, depth);
    members_.end_object(first_member);
    out_ += '}';
  }

  void member(bool is_first, int depth) {
    Span span;
    span.begin = out_.size();
    if (!is_first) out_ += ',';
    const auto key = in_.next();
    if (key.kind != Kind::text) in_.fail("a key is no text");
    span.key = out_.size();
    string(key.text);
    span.value = out_.size();
    out_ += ':';
    members_.add(span);
    value(depth);
  }

  void check_depth(int depth) noexcept {
    if (depth > kMostDepth) in_.fail("its arrays and maps are nested too deep");
  }
  void check_size(std::size_t size) noexcept {
    if (size > most_) in_.fail("it is too large");
  }

  MsgpackReader in_;
  std::size_t most_;
  std::string out_;
  Members members_{out_};
};

}  // namespace

wire::Result<void> pack_json(std::string& out, std::string_view json) {
  if (json.size() > std::numeric_limits<std::uint32_t>::max()) {
    return wire::fail(wire::Code::too_large, "it is larger than 4 GiB");
  }
  if (has_strange_bytes(json)) return wire::fail(wire::Code::bad_json, Packer::kNoValue);
  Packer packer(out);
  try {
    if (Json::sax_parse(json.begin(), json.end(), &packer)) return {};
  } catch (const Json::exception&) {
    return wire::fail(wire::Code::bad_json, Packer::kNoValue);
  }
  return wire::fail(wire::Code::bad_json, packer.problem());
}

tl::expected<std::string, const char*> json_of_msgpack(std::string_view bytes, std::size_t most) {
  return JsonBuilder(bytes, most).build();
}

}  // namespace chat::rabbitmq
