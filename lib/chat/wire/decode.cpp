#include <utility>

#include "chat/base/text.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/json_slice.hpp"
#include "chat/wire/names.hpp"

namespace chat::wire {
namespace {

constexpr std::size_t kShownBytes = 32;  // of a stranger's text in an error

/// Reads the members of one frame. The first mistake is kept, what is read after it means nothing.
class Reader {
 public:
  Reader(std::string_view text, Members& members, const Limits& limits) noexcept
      : text_(text), members_(members), limits_(limits) {}

  bool has(Field field) const noexcept { return at(field).kind != Member::Kind::absent; }

  /// Empty when the member is absent.
  std::string string(Field field, std::string_view name) {
    Member& member = at(field);
    if (member.kind == Member::Kind::string) return std::move(member.text);
    if (member.kind != Member::Kind::absent) wrong(field, name, "a string");
    return {};
  }

  std::string needed_string(Field field, std::string_view name) {
    if (!has(field)) wrong(field, name, "a string");
    return string(field, name);
  }

  /// False when the member is absent.
  bool boolean(Field field, std::string_view name) {
    const Member& member = at(field);
    const bool is_one = member.kind == Member::Kind::boolean;
    if (!is_one && member.kind != Member::Kind::absent) wrong(field, name, "true or false");
    return is_one && member.natural != 0;
  }

  std::optional<std::uint64_t> integer(Field field, std::string_view name,
                                       std::uint64_t least = 0) {
    const Member& member = at(field);
    if (member.kind == Member::Kind::absent) return std::nullopt;
    const bool in_range = member.natural >= least && member.natural < kMaxInteger;
    if (member.kind == Member::Kind::natural && in_range) return member.natural;
    wrong_integer(field, name, least);
    return std::nullopt;
  }

  std::uint64_t needed_integer(Field field, std::string_view name) {
    if (!has(field)) wrong_integer(field, name, 0);
    return integer(field, name).value_or(0);
  }

  std::optional<base::Seq> seq(Field field, std::string_view name) {
    const auto value = integer(field, name);
    if (!value) return std::nullopt;
    return base::Seq(*value);
  }

  /// The raw text of `message`.
  std::string body() {
    const auto raw = has(Field::message) ? slice_member(text_, "message") : std::nullopt;
    if (!raw) {
      refuse(Code::bad_frame, "\"message\" is missing; it may be any JSON value");
      return {};
    }
    if (raw->size() > limits_.message_bytes) {
      refuse_size(raw->size());
      return {};
    }
    return std::string(*raw);
  }

  std::optional<Cursor> cursor() {
    if (!has(Field::since)) return std::nullopt;
    if (at(Field::since).kind != Member::Kind::object) {
      wrong(Field::since, "since", "an object with \"epoch\" and \"seq\"");
      return std::nullopt;
    }
    std::string epoch = needed_string(Field::since_epoch, "since.epoch");
    const std::uint64_t seq = needed_integer(Field::since_seq, "since.seq");
    if (!is_epoch(epoch)) {
      wrong(Field::since_epoch, "since.epoch", "1 to 32 characters of A-Z a-z 0-9 - _");
    }
    return Cursor{base::Epoch(std::move(epoch)), base::Seq(seq)};
  }

  /// Keeps the first mistake.
  void refuse(Code code, std::string detail) {
    if (error_) return;
    error_.emplace();
    error_->code = code;
    error_->detail = std::move(detail);
  }

  /// The frame's value, or the first mistake, with the client's counter where that was readable.
  template <class T>
  Result<T> finish(T value) {
    if (!error_) return value;
    const Member& n = at(Field::n);
    if (n.kind == Member::Kind::natural && n.natural < kMaxInteger) error_->n = n.natural;
    return tl::unexpected<Error>(std::move(*error_));
  }

 private:
  Member& at(Field field) noexcept { return members_[static_cast<std::size_t>(field)]; }
  const Member& at(Field field) const noexcept { return members_[static_cast<std::size_t>(field)]; }

  void wrong(Field field, std::string_view name, std::string_view wanted) {
    if (error_) return;
    std::string detail = "\"" + std::string(name);
    detail += has(field) ? "\" must be " : "\" is missing; it must be ";
    detail += wanted;
    refuse(Code::bad_frame, std::move(detail));
  }

  void wrong_integer(Field field, std::string_view name, std::uint64_t least) {
    wrong(field, name,
          "an integer from " + std::to_string(least) + " to " + std::to_string(kMaxInteger - 1));
  }

  void refuse_size(std::size_t bytes) {
    if (error_) return;
    const std::string limit = std::to_string(limits_.message_bytes);
    refuse(Code::too_large, "the message has " + std::to_string(bytes) +
                                " bytes of JSON and the limit is " + limit + "; send less at once");
    error_->limit = limits_.message_bytes;
  }

  std::string_view text_;
  Members& members_;
  const Limits& limits_;
  std::optional<Error> error_;
};

Hello read_hello(Reader& reader) {
  Hello hello;
  hello.client = reader.string(Field::client, "client");
  hello.name = reader.string(Field::name, "name");
  hello.since = reader.cursor();
  hello.token = reader.string(Field::token, "token");
  hello.ordered = reader.boolean(Field::ordered, "ordered");
  return hello;
}

Send read_send(Reader& reader) {
  Send send;
  send.n = reader.needed_integer(Field::n, "n");
  send.first = reader.boolean(Field::first, "first");
  send.body = reader.body();
  return send;
}

HistoryRequest read_history(Reader& reader) {
  HistoryRequest request;
  request.before = reader.seq(Field::before, "before");
  request.after = reader.seq(Field::after, "after");
  if (request.before && request.after) {
    reader.refuse(Code::bad_frame, "\"before\" and \"after\" exclude each other; send one of them");
  }
  if (const auto limit = reader.integer(Field::limit, "limit", 1)) {
    request.limit = static_cast<std::size_t>(*limit);
  }
  return request;
}

ClientFrame read_frame(Reader& reader) {
  const std::string type = reader.needed_string(Field::type, "type");
  if (type == "send") return read_send(reader);
  if (type == "typing") return Typing{};
  if (type == "history") return read_history(reader);
  if (type == "rename") return Rename{reader.needed_string(Field::name, "name")};
  if (type == "hello") return read_hello(reader);
  reader.refuse(Code::unknown_type,
                "no frame of type \"" + base::escape_for_log(type, kShownBytes) +
                    "\"; a client sends hello, send, rename, typing or history");
  return Typing{};
}

PostedMessage read_post(Reader& reader) {
  PostedMessage post;
  post.name = reader.string(Field::name, "name");
  post.client = reader.string(Field::client, "client");
  post.n = reader.integer(Field::n, "n");
  if (post.client.empty() == post.n.has_value()) {
    reader.refuse(Code::bad_frame, "\"client\" and \"n\" go together; send both or neither");
  }
  post.body = reader.body();
  return post;
}

/// Parses `text` and reads it by `read`.
template <class T, class Read>
Result<T> decode(std::string_view text, const Limits& limits, Read read) {
  auto members = parse_members(text);
  if (!members) return tl::unexpected<Error>(std::move(members.error()));
  Reader reader(text, *members, limits);
  T value = read(reader);
  return reader.finish(std::move(value));
}

}  // namespace

Result<ClientFrame> decode_v1(std::string_view text, const Limits& limits) {
  return decode<ClientFrame>(text, limits, read_frame);
}

Result<std::string> decode_plain(std::string_view text, const Limits& limits) {
  return decode<std::string>(text, limits, [](Reader& reader) { return reader.body(); });
}

Result<PostedMessage> decode_post(std::string_view text, const Limits& limits) {
  return decode<PostedMessage>(text, limits, read_post);
}

}  // namespace chat::wire
