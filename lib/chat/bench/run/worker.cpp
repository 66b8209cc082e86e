#include "chat/bench/run/worker.hpp"

#include <sys/prctl.h>

#include <memory>

#include "chat/bench/run/messages.hpp"
#include "chat/bench/run/shift.hpp"

namespace chat::bench {
namespace {

constexpr std::uint64_t kForEver = UINT64_MAX / 2;

/// Empty, or why it came to nothing.
std::optional<Shift::End> play(Plan plan, Channel& channel) {
  const auto dialect = make_dialect(plan.dialect, plan.dialect_options);
  if (!dialect) return Shift::End{dialect.error()};
  if (const auto problem = problem_of(plan, **dialect); !problem.empty()) {
    return Shift::End{problem};
  }
  const auto payload = Payload::parse(plan.payload);
  if (!payload) return Shift::End{payload.error()};
  auto servers = addresses_of(plan.servers);
  if (!servers) return Shift::End{servers.error(), true};
  const auto shift =
      std::make_unique<Shift>(std::move(plan), **dialect, *payload, std::move(*servers), channel);
  auto done = shift->run();
  if (!done) return done.error();
  return std::nullopt;
}

}  // namespace

int work(Channel& channel) {
  raise_file_limit();
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  for (;;) {
    const auto line = channel.receive(kForEver);
    if (!line) return 0;
    if (!*line) continue;
    auto order = order_of(**line);
    auto* plan = order ? std::get_if<Plan>(&*order) : nullptr;
    if (order && plan == nullptr) continue;  // it was for a run that has ended meanwhile
    const std::string run = plan == nullptr ? std::string() : plan->run;
    const auto failure =
        plan == nullptr ? Shift::End{order.error()} : play(std::move(*plan), channel);
    if (!failure || failure->is_given_up) continue;
    if (failure->why.empty()) return 1;
    const Failed failed{run, failure->why, failure->is_unreachable, failure->is_crowded};
    if (!channel.send(line_of(failed))) return 1;
  }
}

}  // namespace chat::bench
