#include "chat/bench/dialect.hpp"

#include <algorithm>

#include "chat/base/text.hpp"
#include "chat/bench/dialects/dialects.hpp"

namespace chat::bench {
namespace {

constexpr std::string_view kPusher = "pusher";

struct Row {
  std::string_view name;
  std::unique_ptr<Dialect> (*make)(const DialectOptions&);
};

constexpr Row kRows[] = {
    {"chat.v1", make_chat_v1},       {"plain", make_plain},         {"raw", make_raw},
    {"centrifugo", make_centrifugo}, {"socket.io", make_socket_io}, {"phoenix", make_phoenix},
    {kPusher, make_pusher},
};

std::string names_with_commas() {
  std::string names;
  for (const auto& row : kRows) names.append(names.empty() ? "" : ", ").append(row.name);
  return names;
}

}  // namespace

void Dialect::publish_again(Seat& seat, std::uint64_t, std::string_view payload, bool,
                            std::string& frame) const {
  publish(seat, payload, frame);
}

const std::vector<std::string_view>& dialect_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const auto& row : kRows) all.push_back(row.name);
    return all;
  }();
  return names;
}

tl::expected<std::unique_ptr<Dialect>, std::string> make_dialect(std::string_view name,
                                                                 const DialectOptions& options) {
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [name](const Row& one) { return one.name == name; });
  if (row == std::end(kRows)) {
    return tl::unexpected<std::string>("there is no dialect \"" + base::escape_for_log(name) +
                                       "\"; there are " + names_with_commas());
  }
  if (name == kPusher && (options.app_key.empty() || options.app_secret.empty())) {
    return tl::unexpected<std::string>(
        "the dialect pusher needs the application's key and its secret, which signs the joins");
  }
  return row->make(options);
}

std::string target_of(const DialectOptions& options, std::string_view otherwise,
                      const std::string& room) {
  constexpr std::string_view kRoom = "{room}";
  std::string target = options.path.empty() ? std::string(otherwise) : options.path;
  const std::string encoded = base::percent_encode(room);
  for (std::size_t at = target.find(kRoom); at != std::string::npos;
       at = target.find(kRoom, at + encoded.size())) {
    target.replace(at, kRoom.size(), encoded);
  }
  return target;
}

Dialect::Step refusal(std::string_view why, bool is_over) {
  Dialect::Step step;
  step.refused = why.empty() ? "refused without a reason" : base::escape_for_log(why);
  step.is_over = is_over;
  return step;
}

std::string said(std::string_view what, std::string_view why) {
  std::string text(what);
  if (!what.empty() && !why.empty()) text += ": ";
  return text.append(why);
}

}  // namespace chat::bench
