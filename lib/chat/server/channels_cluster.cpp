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

ChannelsCluster::ChannelsCluster()
    : node_(base::random_token(kNodeCharacters)),
      connector_(std::make_unique<rabbitmq::RabbitmqcConnector>()) {}

ChannelsCluster::~ChannelsCluster() = default;

std::unique_ptr<broker::Broker> ChannelsCluster::join(base::Executor& executor,
                                                      broker::LocalBroker& rooms, history::Store&,
                                                      rabbitmq::LogStates&) {
  rabbitmq::ChannelsBroker::Options options;
  options.node = node_ + "-" + std::to_string(brokers_.size());
  options.line.endpoints = named(endpoints_, "chat " + options.node);
  options.line.purpose = "the rooms that are shared with Django Channels";
  options.line.random_seed = random_seed();
  counters_.push_back(std::make_unique<rabbitmq::ChannelsCounters>());
  auto broker = std::make_unique<rabbitmq::ChannelsBroker>(executor, *connector_, rooms,
                                                           std::move(options), *counters_.back());
  brokers_.push_back(broker.get());
  return broker;
}

void ChannelsCluster::start(const std::vector<rabbitmq::SignalExchange::Lane>&, const LaneOf&) {
  for (auto* broker : brokers_) broker->start();
}

bool ChannelsCluster::ready() const noexcept {
  return std::all_of(counters_.begin(), counters_.end(),
                     [](const auto& each) { return each->connected.load(); });
}

void ChannelsCluster::tell(metrics::WorkerStats& all) const {
  metrics::ChannelsStats& stats = all.channels.emplace();
  stats.connected = ready();
  for (const auto& each : counters_) {
    stats.connections_lost += each->connections_lost;
    stats.published += each->published;
    stats.nacked += each->nacked;
    stats.unsure += each->unsure;
    stats.received += each->received;
    stats.skipped += each->skipped;
  }
}

}  // namespace chat::server
