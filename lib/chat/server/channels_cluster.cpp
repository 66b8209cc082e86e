#include "chat/server/channels_cluster.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"
#include "chat/server/broker_login.hpp"

namespace chat::server {
namespace {

constexpr std::size_t kNodeCharacters = 12;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  base::secure_random(reinterpret_cast<std::uint8_t*>(&seed), sizeof seed);
  return seed;
}

}  // namespace

wire::Result<std::unique_ptr<Cluster>> ChannelsCluster::make(const config::ServeConfig& config) {
  auto login = read_broker_login(config);
  if (!login) return tl::unexpected(login.error());
  std::unique_ptr<ChannelsCluster> cluster(new ChannelsCluster());
  cluster->endpoints_ = std::move(login->endpoints);
  return cluster;
}

ChannelsCluster::ChannelsCluster() : node_(base::random_token(kNodeCharacters)) {}

ChannelsCluster::~ChannelsCluster() = default;

std::unique_ptr<broker::Broker> ChannelsCluster::join(base::Executor& executor,
                                                      broker::LocalBroker& rooms, history::Store&,
                                                      rabbitmq::LogStates&) {
  rabbitmq::ChannelsBroker::Options options;
  options.node = node_ + "-" + std::to_string(lanes_.size());
  options.line.endpoints = named(endpoints_, "chat " + options.node);
  options.line.purpose = "the rooms that are shared with Django Channels";
  options.line.random_seed = random_seed();
  auto lane = std::make_unique<Lane>();
  lane->connector = std::make_unique<rabbitmq::RabbitmqcConnector>();
  auto broker = std::make_unique<rabbitmq::ChannelsBroker>(executor, *lane->connector, rooms,
                                                           std::move(options), lane->counters);
  lane->broker = broker.get();
  lanes_.push_back(std::move(lane));
  return broker;
}

void ChannelsCluster::start(const std::vector<rabbitmq::SignalExchange::Lane>&, const LaneOf&) {
  for (const auto& lane : lanes_) lane->broker->start();
}

bool ChannelsCluster::ready() const noexcept {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->counters.connected.load(); });
}

void ChannelsCluster::tell(metrics::WorkerStats& all) const {
  metrics::ChannelsStats& stats = all.channels.emplace();
  stats.connected = ready();
  for (const auto& lane : lanes_) {
    const auto& counters = lane->counters;
    stats.connections_lost += counters.connections_lost;
    stats.published += counters.published;
    stats.nacked += counters.nacked;
    stats.unsure += counters.unsure;
    stats.received += counters.received;
    stats.skipped += counters.skipped;
  }
}

}  // namespace chat::server
