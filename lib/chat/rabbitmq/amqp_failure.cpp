#include "chat/rabbitmq/amqp_failure.hpp"

#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

using Kind = Failure::Kind;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// 541 comes when a leader moves; so does a 404 that names the home node of a queue, which is
/// still there.
Kind kind_of_call(std::uint16_t code, std::string_view text) {
  switch (code) {
    case 403: return Kind::forbidden;
    case 404: return has(text, "home node") ? Kind::unreachable : Kind::not_found;
    case 406: return has(text, "inequivalent") ? Kind::differs : Kind::other;
    case 541: return Kind::unreachable;
    default: return Kind::other;
  }
}

Kind kind_of_connection(std::uint16_t code) {
  switch (code) {
    case 320: return Kind::closed;
    case 403: return Kind::credentials;
    case 530: return Kind::vhost;
    case 541: return Kind::unreachable;
    default: return Kind::other;
  }
}

}  // namespace

Failure failure_of_close(Refused where, std::uint16_t code, std::string_view text) {
  Failure failure;
  failure.kind = where == Refused::connection ? kind_of_connection(code) : kind_of_call(code, text);
  failure.code = code;
  failure.text = base::escape_for_log(text);
  return failure;
}

Failure failure_of(Failure::Kind kind, std::string_view text) {
  Failure failure;
  failure.kind = kind;
  failure.text = base::escape_for_log(text);
  return failure;
}

}  // namespace chat::rabbitmq
