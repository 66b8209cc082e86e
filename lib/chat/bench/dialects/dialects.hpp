#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chat/bench/dialect.hpp"

/// What make_dialect chooses from, and what they share.
namespace chat::bench {

std::unique_ptr<Dialect> make_chat_v1(const DialectOptions& options);
std::unique_ptr<Dialect> make_plain(const DialectOptions& options);
std::unique_ptr<Dialect> make_raw(const DialectOptions& options);
std::unique_ptr<Dialect> make_centrifugo(const DialectOptions& options);
std::unique_ptr<Dialect> make_socket_io(const DialectOptions& options);
std::unique_ptr<Dialect> make_phoenix(const DialectOptions& options);
/// Needs the application's key and secret.
std::unique_ptr<Dialect> make_pusher(const DialectOptions& options);

/// `options.path`, or `otherwise` where there is none, with the room in it.
std::string target_of(const DialectOptions& options, std::string_view otherwise,
                      const std::string& room);

/// The server says that something is wrong. `why` is its text, made safe to show and not too long.
Dialect::Step refusal(std::string_view why, bool is_over);
/// "what: why", or the one that is not empty.
std::string said(std::string_view what, std::string_view why);

}  // namespace chat::bench
