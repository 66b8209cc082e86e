#include "chat/bench/run/messages.hpp"

#include <nlohmann/json.hpp>

namespace chat::bench {
namespace {

using Json = nlohmann::json;

constexpr const char* kNoMessage = "not a message of a load test's worker or leader";

// ---- values in both

Json json_of(const base::Histogram& histogram) {
  Json counts = Json::array();
  for (const auto& [index, count] : histogram.buckets()) counts.push_back({index, count});
  return {{"counts", std::move(counts)}, {"sum", histogram.sum()}, {"max", histogram.max()}};
}

void read(const Json& json, base::Histogram& histogram) {
  std::vector<base::Histogram::Bucket> buckets;
  for (const auto& each : json.at("counts")) {
    buckets.push_back({each.at(0).get<std::uint32_t>(), each.at(1).get<std::uint64_t>()});
  }
  histogram.add(buckets, json.at("sum").get<std::uint64_t>(), json.at("max").get<std::uint64_t>());
}

Json json_of(const Plan& plan) {
  Json servers = Json::array();
  for (const auto& [host, port] : plan.servers) servers.push_back({host, port});
  return {{"scenario", static_cast<int>(plan.scenario)},
          {"servers", std::move(servers)},
          {"dialect", plan.dialect},
          {"path", plan.dialect_options.path},
          {"app_key", plan.dialect_options.app_key},
          {"app_secret", plan.dialect_options.app_secret},
          {"run", plan.run},
          {"rooms", plan.rooms},
          {"members", plan.members},
          {"senders", plan.senders},
          {"zipf", plan.zipf},
          {"poisson", plan.arrivals == Arrivals::Kind::poisson},
          {"rate", plan.rate},
          {"outstanding", plan.outstanding},
          {"payload", plan.payload},
          {"warm_up", plan.warm_up},
          {"duration", plan.duration},
          {"speaks", plan.speaks},
          {"connect_rate", plan.connect_rate},
          {"handshakes", plan.handshakes},
          {"affected", plan.affected},
          {"away", plan.away},
          {"between", plan.between},
          {"seed", plan.seed},
          {"machines", plan.machines},
          {"worker", plan.worker}};
}

Plan plan_of(const Json& json) {
  Plan plan;
  const auto scenario = json.at("scenario").get<std::size_t>();
  plan.scenario = static_cast<Scenario>(scenario % scenario_names().size());
  for (const auto& each : json.at("servers")) {
    plan.servers.push_back({each.at(0).get<std::string>(), each.at(1).get<std::uint16_t>()});
  }
  json.at("dialect").get_to(plan.dialect);
  json.at("path").get_to(plan.dialect_options.path);
  json.at("app_key").get_to(plan.dialect_options.app_key);
  json.at("app_secret").get_to(plan.dialect_options.app_secret);
  json.at("run").get_to(plan.run);
  json.at("rooms").get_to(plan.rooms);
  json.at("members").get_to(plan.members);
  json.at("senders").get_to(plan.senders);
  json.at("zipf").get_to(plan.zipf);
  const bool poisson = json.at("poisson").get<bool>();
  plan.arrivals = poisson ? Arrivals::Kind::poisson : Arrivals::Kind::even;
  json.at("rate").get_to(plan.rate);
  json.at("outstanding").get_to(plan.outstanding);
  json.at("payload").get_to(plan.payload);
  json.at("warm_up").get_to(plan.warm_up);
  json.at("duration").get_to(plan.duration);
  json.at("speaks").get_to(plan.speaks);
  json.at("connect_rate").get_to(plan.connect_rate);
  json.at("handshakes").get_to(plan.handshakes);
  json.at("affected").get_to(plan.affected);
  json.at("away").get_to(plan.away);
  json.at("between").get_to(plan.between);
  json.at("seed").get_to(plan.seed);
  json.at("machines").get_to(plan.machines);
  json.at("worker").get_to(plan.worker);
  return plan;
}

Json json_of(const Verdict& verdict) {
  return {{"lost", verdict.lost},
          {"duplicated", verdict.duplicated},
          {"misordered", verdict.misordered},
          {"foreign", verdict.foreign},
          {"order_mismatch", verdict.order_mismatch},
          {"members", verdict.members},
          {"reached", verdict.reached},
          {"lowest_reach", verdict.lowest_reach}};
}

Verdict verdict_of(const Json& json) {
  Verdict verdict;
  json.at("lost").get_to(verdict.lost);
  json.at("duplicated").get_to(verdict.duplicated);
  json.at("misordered").get_to(verdict.misordered);
  json.at("foreign").get_to(verdict.foreign);
  json.at("order_mismatch").get_to(verdict.order_mismatch);
  json.at("members").get_to(verdict.members);
  json.at("reached").get_to(verdict.reached);
  json.at("lowest_reach").get_to(verdict.lowest_reach);
  return verdict;
}

Json json_of(const std::vector<RoomOrders>& rooms) {
  Json all = Json::array();
  for (const auto& room : rooms) {
    Json orders = Json::array();
    for (const auto& [hash, members] : room.orders) orders.push_back({hash, members});
    all.push_back({room.room, std::move(orders)});
  }
  return all;
}

std::vector<RoomOrders> orders_of(const Json& json) {
  std::vector<RoomOrders> rooms;
  for (const auto& each : json) {
    RoomOrders room{each.at(0).get<std::size_t>(), {}};
    for (const auto& order : each.at(1)) {
      room.orders.push_back({order.at(0).get<std::uint64_t>(), order.at(1).get<std::uint64_t>()});
    }
    rooms.push_back(std::move(room));
  }
  return rooms;
}

// ---- orders

Json json_of(const Connect&) { return {{"do", "connect"}}; }
Json json_of(const Begin& begin) { return {{"do", "begin"}, {"in", begin.in}, {"at", begin.at}}; }
Json json_of(const Stop&) { return {{"do", "stop"}}; }
Json json_of(const Quit&) { return {{"do", "quit"}}; }
Json json_of(const Drain& drain) { return {{"do", "drain"}, {"sent", drain.sent}}; }

tl::expected<Order, std::string> order_in(const Json& json) {
  const auto what = json.at("do").get<std::string>();
  if (what == "plan") return plan_of(json);
  if (what == "connect") return Connect{};
  if (what == "begin") {
    return Begin{json.at("in").get<std::uint64_t>(), json.at("at").get<std::uint64_t>()};
  }
  if (what == "stop") return Stop{};
  if (what == "quit") return Quit{};
  if (what == "drain") return Drain{json.at("sent").get<std::vector<std::uint32_t>>()};
  return tl::unexpected(kNoMessage);
}

// ---- words

Json json_of(const Ready& ready) { return {{"is", "ready"}, {"members", ready.members}}; }

Json json_of(const Joining& joining) {
  return {{"is", "joining"},
          {"joined", joining.joined},
          {"failed", joining.failed},
          {"why", joining.why}};
}

Json json_of(const Joined& joined) {
  return {{"is", "joined"},          {"seconds", joined.seconds}, {"cpu_s", joined.cpu_s},
          {"joined", joined.joined}, {"failed", joined.failed},   {"join", json_of(joined.join)}};
}

Json json_of(const Tick& tick) {
  return {{"is", "tick"},
          {"second", tick.second},
          {"length_s", tick.length_s},
          {"measured", tick.is_measured},
          {"sent", tick.sent},
          {"deliveries", tick.deliveries},
          {"acked", tick.acked},
          {"bytes", tick.bytes},
          {"cpu_s", tick.cpu_s},
          {"gaps", tick.gaps},
          {"away", tick.away},
          {"latency", json_of(tick.latency)}};
}

Json json_of(const Sent& sent) { return {{"is", "sent"}, {"sent", sent.sent}}; }

Json json_of(const Outcome& outcome) {
  return {{"is", "outcome"},
          {"verdict", json_of(outcome.verdict)},
          {"orders", json_of(outcome.orders)},
          {"total_sent", outcome.total_sent},
          {"total_deliveries", outcome.total_deliveries},
          {"untimed", outcome.untimed},
          {"not_sent", outcome.not_sent},
          {"unacked", outcome.unacked},
          {"refused", outcome.refused},
          {"disconnects", outcome.disconnects},
          {"cuts", outcome.cuts},
          {"returns", outcome.returns},
          {"dropped", outcome.dropped},
          {"reasons", outcome.reasons},
          {"lag", json_of(outcome.lag)},
          {"back", json_of(outcome.back)}};
}

Json json_of(const Failed& failed) {
  return {{"is", "failed"},
          {"run", failed.run},
          {"why", failed.why},
          {"unreachable", failed.is_unreachable},
          {"crowded", failed.is_crowded}};
}

Joined joined_of(const Json& json) {
  Joined joined;
  json.at("seconds").get_to(joined.seconds);
  json.at("cpu_s").get_to(joined.cpu_s);
  json.at("joined").get_to(joined.joined);
  json.at("failed").get_to(joined.failed);
  read(json.at("join"), joined.join);
  return joined;
}

Tick tick_of(const Json& json) {
  Tick tick;
  json.at("second").get_to(tick.second);
  json.at("length_s").get_to(tick.length_s);
  json.at("measured").get_to(tick.is_measured);
  json.at("sent").get_to(tick.sent);
  json.at("deliveries").get_to(tick.deliveries);
  json.at("acked").get_to(tick.acked);
  json.at("bytes").get_to(tick.bytes);
  json.at("cpu_s").get_to(tick.cpu_s);
  json.at("gaps").get_to(tick.gaps);
  json.at("away").get_to(tick.away);
  read(json.at("latency"), tick.latency);
  return tick;
}

Outcome outcome_of(const Json& json) {
  Outcome outcome;
  outcome.verdict = verdict_of(json.at("verdict"));
  outcome.orders = orders_of(json.at("orders"));
  json.at("total_sent").get_to(outcome.total_sent);
  json.at("total_deliveries").get_to(outcome.total_deliveries);
  json.at("untimed").get_to(outcome.untimed);
  json.at("not_sent").get_to(outcome.not_sent);
  json.at("unacked").get_to(outcome.unacked);
  json.at("refused").get_to(outcome.refused);
  json.at("disconnects").get_to(outcome.disconnects);
  json.at("cuts").get_to(outcome.cuts);
  json.at("returns").get_to(outcome.returns);
  json.at("dropped").get_to(outcome.dropped);
  json.at("reasons").get_to(outcome.reasons);
  read(json.at("lag"), outcome.lag);
  read(json.at("back"), outcome.back);
  return outcome;
}

tl::expected<Word, std::string> word_in(const Json& json) {
  const auto what = json.at("is").get<std::string>();
  if (what == "ready") return Ready{json.at("members").get<std::size_t>()};
  if (what == "joining") {
    return Joining{json.at("joined").get<std::size_t>(), json.at("failed").get<std::size_t>(),
                   json.at("why").get<std::string>()};
  }
  if (what == "joined") return joined_of(json);
  if (what == "tick") return tick_of(json);
  if (what == "sent") return Sent{json.at("sent").get<std::vector<std::uint32_t>>()};
  if (what == "outcome") return outcome_of(json);
  if (what == "failed") {
    return Failed{json.at("run").get<std::string>(), json.at("why").get<std::string>(),
                  json.at("unreachable").get<bool>(), json.at("crowded").get<bool>()};
  }
  return tl::unexpected(kNoMessage);
}

/// Texts of servers that are no UTF-8 are made so.
std::string written(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Read>
auto guarded(std::string_view line, Read read) -> decltype(read(Json())) {
  try {
    return read(Json::parse(line));
  } catch (const Json::exception& error) {
    return tl::unexpected(std::string(kNoMessage) + " (" + error.what() + ")");
  }
}

}  // namespace

std::string line_of(const Order& order) {
  if (const auto* plan = std::get_if<Plan>(&order)) {
    Json json = json_of(*plan);
    json["do"] = "plan";
    return written(json);
  }
  return std::visit([](const auto& each) { return written(json_of(each)); }, order);
}

std::string line_of(const Word& word) {
  return std::visit([](const auto& each) { return written(json_of(each)); }, word);
}

tl::expected<Order, std::string> order_of(std::string_view line) { return guarded(line, order_in); }

tl::expected<Word, std::string> word_of(std::string_view line) { return guarded(line, word_in); }

}  // namespace chat::bench
