#include "chat/server/stream_cluster.hpp"

#include <utility>

#include "chat/base/digest.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"
#include "chat/rabbitmq/stream_broker.hpp"
#include "chat/server/broker_login.hpp"

namespace chat::server {
namespace {

constexpr std::size_t kNodeCharacters = 12;
constexpr std::size_t kEpochCharacters = 11;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  base::secure_random(reinterpret_cast<std::uint8_t*>(&seed), sizeof seed);
  return seed;
}

rabbitmq::StreamLog::Marks marks_of(const history::SqliteDatabase& database) {
  rabbitmq::StreamLog::Marks marks;
  for (const auto& [key, value] : database.marks()) {
    if (const auto partition = rabbitmq::partition_of_stream(key)) marks[*partition] = value;
  }
  return marks;
}

void save(history::SqliteDatabase& database, const rabbitmq::StreamLog::Marks& marks) {
  history::MarkJob job;
  for (const auto& [partition, mark] : marks) {
    job.marks[rabbitmq::partition_stream(partition)] = mark;
  }
  database.submit({nullptr, std::move(job)});
}

}  // namespace

wire::Result<std::unique_ptr<Cluster>> StreamCluster::make(const config::ServeConfig& config,
                                                           base::Executor& home,
                                                           history::SqliteDatabase* database) {
  const auto login = read_broker_login(config);
  if (!login) return tl::unexpected(login.error());
  rabbitmq::StreamLog::Options options;
  options.node = base::random_token(kNodeCharacters);
  options.random_seed = random_seed();
  options.make_epoch = [] { return base::Epoch(base::random_token(kEpochCharacters)); };
  if (database != nullptr) {
    options.marks = marks_of(*database);
    options.save = [database](const rabbitmq::StreamLog::Marks& marks) { save(*database, marks); };
  }
  options.endpoints = named(login->endpoints, "chat " + options.node);
  std::unique_ptr<StreamCluster> cluster(new StreamCluster(home));
  auto& signals = cluster->signal_options_;
  signals.endpoints = named(login->endpoints, "chat " + options.node + " signals");
  signals.node = options.node;
  signals.incarnation = random_seed();
  signals.seed = random_seed();
  signals.lease = config.presence_lease;
  cluster->log_ =
      std::make_unique<rabbitmq::StreamLog>(home, *cluster->connector_, std::move(options));
  return cluster;
}

StreamCluster::StreamCluster(base::Executor& home)
    : home_(home), connector_(std::make_unique<rabbitmq::RabbitmqcConnector>()) {}

StreamCluster::~StreamCluster() = default;

std::unique_ptr<broker::Broker> StreamCluster::join(base::Executor& executor,
                                                    broker::LocalBroker& rooms,
                                                    history::Store& store,
                                                    rabbitmq::LogStates& states) {
  return std::make_unique<rabbitmq::StreamBroker>(executor, *log_, rooms, store, states);
}

void StreamCluster::start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes,
                          const LaneOf& lane_of) {
  signals_ = std::make_unique<rabbitmq::SignalExchange>(home_, *connector_, signal_options_, lanes,
                                                        lane_of);
  log_->set_lane_of(lane_of);
  log_->start();
  signals_->start();
}

void StreamCluster::leave(std::function<void()> done) {
  log_->save();
  signals_->stop(std::move(done));
}

void StreamCluster::tell(metrics::WorkerStats& all) const {
  metrics::BrokerStats& stats = all.broker.emplace();
  const auto status = log_->status();
  stats.publishing = status.publishing;
  stats.reading = status.reading;
  stats.blocked = status.blocked;
  stats.partitions = status.partitions;
  stats.partitions_behind = status.behind;
  stats.queued_messages = status.queued_messages;
  stats.queued_bytes = status.queued_bytes;
  stats.connections_lost = status.connections_lost;
  stats.records_published = status.records_published;
  stats.records_republished = status.records_republished;
  stats.records_read = status.records_read;
  stats.records_skipped = status.records_skipped;
  stats.refused = status.refused;
  stats.restarts = status.restarts;
  const auto& signals = signals_->counters();
  stats.signalling = signals.connected;
  stats.nodes = signals.nodes + 1;
  stats.signals_sent = signals.sent;
  stats.signals_received = signals.received;
  stats.signals_dropped = signals.dropped + signals.gaps;
}

}  // namespace chat::server
