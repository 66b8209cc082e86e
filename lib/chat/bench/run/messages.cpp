#include "chat/bench/run/messages.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace chat::bench {
namespace {

using Json = nlohmann::json;

constexpr const char* kNoMessage = "not a message of a load test's worker or leader";

// ---- values in both

/// Whole numbers as they were written by json_of; the library would make any number one.
template <class Number>
Number whole(const Json& json, Number most = std::numeric_limits<Number>::max()) {
  const auto value = json.get_ref<const Json::number_unsigned_t&>();
  if (value <= most) return static_cast<Number>(value);
  throw Json::out_of_range::create(406, "a number is too large", &json);
}

/// The same for lists: anything but nothing would be one of one.
const Json::array_t& list(const Json& json) { return json.get_ref<const Json::array_t&>(); }

template <class Number>
std::vector<Number> whole_numbers(const Json& json) {
  std::vector<Number> numbers;
  for (const auto& each : list(json)) numbers.push_back(whole<Number>(each));
  return numbers;
}

void take(const Json& json, const char* name, std::uint64_t& value) {
  value = whole<std::uint64_t>(json.at(name));
}
template <class Value>
void take(const Json& json, const char* name, Value& value) {
  json.at(name).get_to(value);
}

Json json_of(const base::Histogram& histogram) {
  Json counts = Json::array();
  for (const auto& [index, count] : histogram.buckets()) counts.push_back({index, count});
  return {{"counts", std::move(counts)}, {"sum", histogram.sum()}, {"max", histogram.max()}};
}

void read(const Json& json, base::Histogram& histogram) {
  std::vector<base::Histogram::Bucket> buckets;
  for (const auto& each : list(json.at("counts"))) {
    buckets.push_back({whole<std::uint32_t>(each.at(0)), whole<std::uint64_t>(each.at(1))});
  }
  histogram.add(buckets, whole<std::uint64_t>(json.at("sum")),
                whole<std::uint64_t>(json.at("max")));
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
  const auto scenario = whole<std::size_t>(json.at("scenario"), scenario_names().size() - 1);
  plan.scenario = static_cast<Scenario>(scenario);
  for (const auto& each : list(json.at("servers"))) {
    plan.servers.push_back({each.at(0).get<std::string>(), whole<std::uint16_t>(each.at(1))});
  }
  take(json, "dialect", plan.dialect);
  take(json, "path", plan.dialect_options.path);
  take(json, "app_key", plan.dialect_options.app_key);
  take(json, "app_secret", plan.dialect_options.app_secret);
  take(json, "run", plan.run);
  take(json, "rooms", plan.rooms);
  take(json, "members", plan.members);
  take(json, "senders", plan.senders);
  take(json, "zipf", plan.zipf);
  const bool poisson = json.at("poisson").get<bool>();
  plan.arrivals = poisson ? Arrivals::Kind::poisson : Arrivals::Kind::even;
  take(json, "rate", plan.rate);
  take(json, "outstanding", plan.outstanding);
  take(json, "payload", plan.payload);
  take(json, "warm_up", plan.warm_up);
  take(json, "duration", plan.duration);
  take(json, "speaks", plan.speaks);
  take(json, "connect_rate", plan.connect_rate);
  take(json, "handshakes", plan.handshakes);
  take(json, "affected", plan.affected);
  take(json, "away", plan.away);
  take(json, "between", plan.between);
  take(json, "seed", plan.seed);
  plan.machines = whole_numbers<std::size_t>(json.at("machines"));
  take(json, "worker", plan.worker);
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
  take(json, "lost", verdict.lost);
  take(json, "duplicated", verdict.duplicated);
  take(json, "misordered", verdict.misordered);
  take(json, "foreign", verdict.foreign);
  take(json, "order_mismatch", verdict.order_mismatch);
  take(json, "members", verdict.members);
  take(json, "reached", verdict.reached);
  take(json, "lowest_reach", verdict.lowest_reach);
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
  for (const auto& each : list(json)) {
    RoomOrders room{whole<std::size_t>(each.at(0)), {}};
    for (const auto& order : list(each.at(1))) {
      room.orders.push_back({whole<std::uint64_t>(order.at(0)), whole<std::uint64_t>(order.at(1))});
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
    return Begin{whole<std::uint64_t>(json.at("in")), whole<std::uint64_t>(json.at("at"))};
  }
  if (what == "stop") return Stop{};
  if (what == "quit") return Quit{};
  if (what == "drain") return Drain{whole_numbers<std::uint32_t>(json.at("sent"))};
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
          {"displaced", outcome.displaced},
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

/// It may be negative.
std::int64_t second_of(const Json& json) {
  return json.is_number_unsigned() ? static_cast<std::int64_t>(whole<std::uint32_t>(json))
                                   : json.get_ref<const Json::number_integer_t&>();
}

Joined joined_of(const Json& json) {
  Joined joined;
  take(json, "seconds", joined.seconds);
  take(json, "cpu_s", joined.cpu_s);
  take(json, "joined", joined.joined);
  take(json, "failed", joined.failed);
  read(json.at("join"), joined.join);
  return joined;
}

Tick tick_of(const Json& json) {
  Tick tick;
  tick.second = second_of(json.at("second"));
  take(json, "length_s", tick.length_s);
  take(json, "measured", tick.is_measured);
  take(json, "sent", tick.sent);
  take(json, "deliveries", tick.deliveries);
  take(json, "acked", tick.acked);
  take(json, "bytes", tick.bytes);
  take(json, "cpu_s", tick.cpu_s);
  take(json, "gaps", tick.gaps);
  take(json, "away", tick.away);
  read(json.at("latency"), tick.latency);
  return tick;
}

Outcome outcome_of(const Json& json) {
  Outcome outcome;
  outcome.verdict = verdict_of(json.at("verdict"));
  outcome.orders = orders_of(json.at("orders"));
  take(json, "total_sent", outcome.total_sent);
  take(json, "total_deliveries", outcome.total_deliveries);
  take(json, "untimed", outcome.untimed);
  take(json, "not_sent", outcome.not_sent);
  take(json, "unacked", outcome.unacked);
  take(json, "refused", outcome.refused);
  take(json, "disconnects", outcome.disconnects);
  take(json, "cuts", outcome.cuts);
  take(json, "returns", outcome.returns);
  take(json, "dropped", outcome.dropped);
  take(json, "displaced", outcome.displaced);
  take(json, "reasons", outcome.reasons);
  read(json.at("lag"), outcome.lag);
  read(json.at("back"), outcome.back);
  return outcome;
}

tl::expected<Word, std::string> word_in(const Json& json) {
  const auto what = json.at("is").get<std::string>();
  if (what == "ready") return Ready{whole<std::size_t>(json.at("members"))};
  if (what == "joining") {
    return Joining{whole<std::size_t>(json.at("joined")), whole<std::size_t>(json.at("failed")),
                   json.at("why").get<std::string>()};
  }
  if (what == "joined") return joined_of(json);
  if (what == "tick") return tick_of(json);
  if (what == "sent") return Sent{whole_numbers<std::uint32_t>(json.at("sent"))};
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
