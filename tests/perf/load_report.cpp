#include "load_report.hpp"

#include <cinttypes>

#include "json_object.hpp"

namespace perf {
namespace {

constexpr double kMaxGeneratorCpu = 0.9;
constexpr std::uint64_t kMaxLagNs = 5'000'000;

double per_count(double amount, std::uint64_t count) {
  return per(amount, static_cast<double>(count));
}

const char* name_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::fanout: return "fanout";
    case Scenario::idle: return "idle";
    case Scenario::storm: return "storm";
  }
  return "";
}

double bytes_per(std::uint64_t before, std::uint64_t after, std::size_t connections) {
  return per(static_cast<double>(after) - static_cast<double>(before),
             static_cast<double>(connections));
}

}  // namespace

bool Report::generator_bound() const noexcept {
  return generator_cpu > kMaxGeneratorCpu || lag_ns.quantile(0.99) > kMaxLagNs;
}

bool Report::clean() const noexcept {
  return verdict.clean() && (unacked | disconnects | errors) == 0;
}

std::string Report::json(const Options& options) const {
  Object all;
  all.json("scenario", formatted("\"%s\"", name_of(options.scenario)))
      .json("dialect", options.dialect == Dialect::v1 ? "\"v1\"" : "\"plain\"")
      .count("rooms", options.rooms)
      .count("members", options.members)
      .count("servers", options.servers.size())
      .count("senders", options.senders)
      .number("rate", options.outstanding > 0 ? 0 : options.rate)
      .count("outstanding", options.outstanding)
      .count("payload", options.payload)
      .count("seed", options.seed)
      .number("window_s", window_s)
      .count("sent", sent)
      .count("deliveries", deliveries)
      .count("acked", acked)
      .number("deliveries_per_s", per(static_cast<double>(deliveries), window_s))
      .number("acked_per_s", per(static_cast<double>(acked), window_s))
      .json("latency_us", quantiles_us(latency_ns))
      .json("schedule_lag_us", quantiles_us(lag_ns))
      .count("total_sent", total_sent)
      .count("total_deliveries", total_deliveries)
      .count("lost", verdict.lost)
      .count("dup", verdict.duplicated)
      .count("misordered", verdict.misordered)
      .count("foreign", verdict.foreign)
      .count("order_mismatch", verdict.order_mismatch)
      .count("unacked", unacked)
      .count("disconnects", disconnects)
      .count("errors", errors)
      .count("connections", connections)
      .number("connects_per_s", per(static_cast<double>(connections), connect_s))
      .number("generator_cpu", generator_cpu)
      .flag("generator_bound", generator_bound());
  if (server) {
    all.number("server_cpu_s", server->cpu_s)
        .number("server_cpu_share", per(server->cpu_s, window_s))
        .number("server_cpu_us_per_delivery", per_count(server->cpu_s * 1e6, deliveries))
        .number("server_cpu_us_per_connection",
                per_count(server->cpu_s * 1e6, deliveries == 0 ? connections : 0))
        .number("server_user_s", server->user_s)
        .number("server_system_s", server->system_s)
        .count("server_voluntary_switches", server->voluntary_switches)
        .count("server_involuntary_switches", server->involuntary_switches);
  }
  if (memory_before && memory_after) {
    all.count("rss_before_bytes", memory_before->rss_bytes)
        .count("rss_after_bytes", memory_after->rss_bytes)
        .number("rss_per_connection_bytes",
                bytes_per(memory_before->rss_bytes, memory_after->rss_bytes, connections))
        .number("pss_per_connection_bytes",
                bytes_per(memory_before->pss_bytes, memory_after->pss_bytes, connections))
        .number("vm_rss_per_connection_bytes",
                bytes_per(memory_before->vm_rss_bytes, memory_after->vm_rss_bytes, connections));
  }
  return all.text();
}

std::string Report::text(const Options& options) const {
  const auto ms = [this](double quantile) {
    return static_cast<double>(latency_ns.quantile(quantile)) / 1e6;
  };
  std::string text = formatted("%s: %zu connections at %.0f/s", name_of(options.scenario),
                               connections, per(static_cast<double>(connections), connect_s));
  if (deliveries > 0) {
    text += formatted("; %.0f deliveries/s, p50 %.2f ms, p99 %.2f ms",
                      per(static_cast<double>(deliveries), window_s), ms(0.5), ms(0.99));
  }
  if (server && deliveries > 0) {
    text += formatted("; server %.3f us/delivery", per_count(server->cpu_s * 1e6, deliveries));
  }
  if (options.scenario == Scenario::idle && memory_before && memory_after) {
    text += formatted("; server %.0f bytes/connection",
                      bytes_per(memory_before->rss_bytes, memory_after->rss_bytes, connections));
  }
  text += formatted("; generator %.0f %%\n", generator_cpu * 100);
  if (!clean()) {
    text += formatted("FAILED: lost %" PRIu64 ", repeated %" PRIu64 ", misordered %" PRIu64
                      ", foreign %" PRIu64,
                      verdict.lost, verdict.duplicated, verdict.misordered, verdict.foreign);
    text += formatted(", members with another order %" PRIu64 ", unacked %" PRIu64
                      ", disconnects %" PRIu64 ", errors %" PRIu64 "\n",
                      verdict.order_mismatch, unacked, disconnects, errors);
  }
  if (generator_bound()) {
    text += formatted(
        "*** GENERATOR BOUND: it used %.0f %% of a core, p99 of its lag is %.1f ms; "
        "the figures say nothing about the server ***\n",
        generator_cpu * 100, static_cast<double>(lag_ns.quantile(0.99)) / 1e6);
  }
  return text;
}

}  // namespace perf
