#include "chat/wire/json_members.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "chat/wire/limits.hpp"

namespace chat::wire {
namespace {

using Json = nlohmann::json;

constexpr int kNumberOverflow = 406;  // nlohmann's id of that exception
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::pair<std::string_view, Field> kTopLevel[] = {
    {"type", Field::type},       {"n", Field::n},
    {"message", Field::message}, {"client", Field::client},
    {"name", Field::name},       {"since", Field::since},
    {"token", Field::token},     {"before", Field::before},
    {"after", Field::after},     {"limit", Field::limit},
    {"ordered", Field::ordered}, {"first", Field::first},
};
constexpr std::pair<std::string_view, Field> kInSince[] = {
    {"epoch", Field::since_epoch},
    {"seq", Field::since_seq},
};

template <std::size_t N>
std::optional<Field> field_of(std::string_view name,
                              const std::pair<std::string_view, Field> (&table)[N]) noexcept {
  for (const auto& [known, field] : table) {
    if (known == name) return field;
  }
  return std::nullopt;
}

Error not_json(std::size_t byte, std::string_view what = "not valid JSON") {
  Error error;
  error.code = Code::bad_json;
  error.detail = std::string(what) + " at byte " + std::to_string(byte) +
                 "; send one JSON object per text frame";
  return error;
}

/// Takes the parser's events and keeps what belongs to a Field. Stops the parser by returning
/// false.
class Collector {
 public:
  explicit Collector(Members& members) noexcept : members_(members) {}

  Error take_error() noexcept { return std::move(error_); }

  bool null() { return keep(Member::Kind::other) != nullptr; }
  bool number_float(double, const std::string&) { return keep(Member::Kind::other) != nullptr; }
  bool binary(Json::binary_t&) { return keep(Member::Kind::other) != nullptr; }

  bool number_integer(std::int64_t value) {
    if (value == 0) return number_unsigned(0);  // -0
    return keep(Member::Kind::other) != nullptr;
  }

  bool number_unsigned(std::uint64_t value) { return keep(Member::Kind::natural, value); }
  bool boolean(bool value) { return keep(Member::Kind::boolean, value ? 1 : 0); }

  bool string(std::string& value) {
    Member* member = keep(Member::Kind::string);
    if (member == nullptr) return false;
    if (member != &ignored_ && member != &at(Field::message)) member->text = std::move(value);
    return true;
  }

  bool key(std::string& name) {
    if (depth_ == 1) field_ = field_of(name, kTopLevel);
    if (depth_ == 2 && in_since_) field_ = field_of(name, kInSince);
    return true;
  }

  bool start_object(std::size_t) {
    if (depth_ > 0) keep(Member::Kind::object);
    if (depth_ == 1 && field_ == Field::since) begin_since();
    return open();
  }

  bool end_object() {
    if (--depth_ == 1) in_since_ = false;
    return true;
  }

  bool start_array(std::size_t) { return keep(Member::Kind::other) != nullptr && open(); }

  bool end_array() {
    --depth_;
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&, const Json::exception& why) {
    error_ = why.id == kNumberOverflow ? not_json(byte, "a number that no double can hold ends")
                                       : not_json(byte);
    return false;
  }

 private:
  Member& at(Field field) noexcept { return members_[static_cast<std::size_t>(field)]; }

  /// Where the value that begins now belongs; nullptr when the whole text is no object.
  Member* keep(Member::Kind kind) {
    if (depth_ == 0) {
      error_.code = Code::bad_frame;
      error_.detail = "a frame must be a JSON object";
      return nullptr;
    }
    const bool known = field_ && (depth_ == 1 || (depth_ == 2 && in_since_));
    Member& member = known ? at(*field_) : ignored_;
    member.kind = kind;
    return &member;
  }

  bool keep(Member::Kind kind, std::uint64_t value) {
    Member* member = keep(kind);
    if (member != nullptr) member->natural = value;
    return member != nullptr;
  }

  void begin_since() {
    at(Field::since_epoch) = {};
    at(Field::since_seq) = {};
    in_since_ = true;
  }

  bool open() {
    if (++depth_ <= kMaxNesting) return true;
    error_.code = Code::bad_json;
    error_.detail =
        "nested deeper than " + std::to_string(kMaxNesting) + "; send something flatter";
    return false;
  }

  Members& members_;
  Member ignored_;
  std::optional<Field> field_;
  int depth_ = 0;
  bool in_since_ = false;
  Error error_;
};

/// Takes the parser's events and looks at nothing but the depth.
class DepthGuard {
 public:
  explicit DepthGuard(int most) noexcept : left_(most) {}

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(std::int64_t) { return true; }
  bool number_unsigned(std::uint64_t) { return true; }
  bool number_float(double, const std::string&) { return true; }
  bool string(std::string&) { return true; }
  bool binary(Json::binary_t&) { return true; }
  bool key(std::string&) { return true; }
  bool start_object(std::size_t) { return --left_ >= 0; }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return --left_ >= 0; }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception& why) {
    has_overflown_ = why.id == kNumberOverflow;
    return false;
  }

  bool is_too_deep() const noexcept { return left_ < 0; }
  bool has_overflown() const noexcept { return has_overflown_; }

 private:
  bool close() {
    ++left_;
    return true;
  }

  int left_;
  bool has_overflown_ = false;
};

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// What the parser lets pass although it is no JSON: a byte order mark, and a NUL as the end.
std::optional<Error> check_bytes(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) return not_json(1);
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) return not_json(zero + 1);
  return std::nullopt;
}

/// True for most messages: a string of ASCII without escapes. What it passes over is parsed.
bool is_plain_string(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  for (const char c : text.substr(1, text.size() - 2)) {
    if (c < ' ' || c == '"' || c == '\\') return false;  // char is signed: not beyond ASCII
  }
  return true;
}

}  // namespace

Result<Members> parse_members(std::string_view text) {
  if (auto error = check_bytes(text)) return tl::unexpected<Error>(std::move(*error));
  Result<Members> members;
  Collector collector(*members);
  try {
    if (Json::sax_parse(text.begin(), text.end(), &collector)) return members;
  } catch (const Json::exception&) {
    return tl::unexpected<Error>(not_json(text.size()));
  }
  return tl::unexpected<Error>(collector.take_error());
}

bool is_message_value(std::string_view text) { return problem_of_message_value(text).empty(); }

std::string_view problem_of_message_value(std::string_view text) {
  constexpr std::string_view kNoValue = "it is no JSON value";
  if (is_plain_string(text)) return {};
  if (text.empty() || is_space(text.front()) || is_space(text.back()) || check_bytes(text)) {
    return kNoValue;
  }
  DepthGuard guard(kMaxNesting - 1);
  try {
    if (Json::sax_parse(text.begin(), text.end(), &guard)) return {};
  } catch (const Json::exception&) {
    return kNoValue;
  }
  if (guard.is_too_deep()) return "its arrays and objects are nested too deep";
  return guard.has_overflown() ? "it has a number that no double can hold" : kNoValue;
}

}  // namespace chat::wire
