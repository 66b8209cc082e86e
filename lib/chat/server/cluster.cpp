#include "chat/server/cluster.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"
#include "chat/rabbitmq/broker_url.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"

namespace chat::server {
namespace {

constexpr std::size_t kNodeCharacters = 12;
constexpr std::size_t kEpochCharacters = 11;
constexpr std::size_t kMostPasswordBytes = 1024;

wire::Result<std::string> read_password(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string password(kMostPasswordBytes + 3, '\0');  // its line's end, and one too many
  if (in.is_open()) in.read(password.data(), static_cast<std::streamsize>(password.size()));
  if (!in.is_open() || in.bad()) {
    return wire::fail(wire::Code::bad_request, "--amqp-password-file: cannot read " +
                                                   base::escape_for_log(file) + ": " +
                                                   std::strerror(errno));
  }
  password.resize(static_cast<std::size_t>(in.gcount()));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  if (password.empty() || password.size() > kMostPasswordBytes) {
    return wire::fail(wire::Code::bad_request,
                      "--amqp-password-file: the file holds the password alone, in one line");
  }
  return password;
}

/// RabbitMQ's user guest has that password as long as nobody changes it.
wire::Result<std::string> password_of(const config::ServeConfig& config, const std::string& user) {
  if (!config.amqp_password_file.empty()) return read_password(config.amqp_password_file);
  if (user == "guest") return std::string("guest");
  return wire::fail(wire::Code::bad_request,
                    "--amqp-password-file is missing: a file (mode 600) with the password of " +
                        base::escape_for_log(user));
}

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

wire::Result<std::unique_ptr<Cluster>> Cluster::make(const config::ServeConfig& config,
                                                     base::Executor& home,
                                                     history::SqliteDatabase* database) {
  const auto url = rabbitmq::parse_broker_url(config.broker);
  if (!url) return tl::unexpected(url.error());
  const auto password = password_of(config, url->user);
  if (!password) return tl::unexpected(password.error());
  rabbitmq::StreamLog::Options options;
  options.node = base::random_token(kNodeCharacters);
  options.random_seed = random_seed();
  options.make_epoch = [] { return base::Epoch(base::random_token(kEpochCharacters)); };
  if (database != nullptr) {
    options.marks = marks_of(*database);
    options.save = [database](const rabbitmq::StreamLog::Marks& marks) { save(*database, marks); };
  }
  for (const auto& host : url->hosts) {
    rabbitmq::Endpoint endpoint;
    endpoint.host = host.name;
    endpoint.port = host.port;
    endpoint.tls = url->tls;
    endpoint.ca_file = config.amqp_ca_file;
    endpoint.vhost = url->vhost;
    endpoint.user = url->user;
    endpoint.password = *password;
    endpoint.name = "chat " + options.node;
    options.endpoints.push_back(std::move(endpoint));
  }
  std::unique_ptr<Cluster> cluster(new Cluster());
  cluster->home_ = &home;
  auto& signals = cluster->signal_options_;
  signals.endpoints = options.endpoints;
  for (auto& endpoint : signals.endpoints) endpoint.name += " signals";
  signals.node = options.node;
  signals.incarnation = random_seed();
  signals.seed = random_seed();
  signals.lease = config.presence_lease;
  cluster->address_ = rabbitmq::describe(*url);
  cluster->connector_ = std::make_unique<rabbitmq::RabbitmqcConnector>();
  cluster->log_ =
      std::make_unique<rabbitmq::StreamLog>(home, *cluster->connector_, std::move(options));
  return cluster;
}

Cluster::~Cluster() = default;

std::unique_ptr<broker::Broker> Cluster::join(base::Executor& executor, broker::LocalBroker& rooms,
                                              history::Store& store, rabbitmq::LogStates& states) {
  return std::make_unique<rabbitmq::StreamBroker>(executor, *log_, rooms, store, states);
}

void Cluster::start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes,
                    const LaneOf& lane_of) {
  signals_ = std::make_unique<rabbitmq::SignalExchange>(*home_, *connector_, signal_options_, lanes,
                                                        lane_of);
  log_->set_lane_of(lane_of);
  log_->start();
  signals_->start();
}

void Cluster::leave(std::function<void()> done) {
  log_->save();
  signals_->stop(std::move(done));
}

metrics::BrokerStats Cluster::stats() const {
  const auto status = log_->status();
  metrics::BrokerStats stats;
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
  return stats;
}

}  // namespace chat::server
