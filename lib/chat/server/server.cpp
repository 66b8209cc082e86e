#include "chat/server/server.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/base/log.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/broker/local_presence.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/broker/sharded_presence.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/history/sqlite_database.hpp"
#include "chat/history/sqlite_store.hpp"
#include "chat/server/cluster.hpp"
#include "chat/server/worker.hpp"
#include "chat/transport/asio_executor.hpp"
#include "chat/transport/listener.hpp"

namespace chat::server {
namespace {

constexpr int kInterrupted = 130;
constexpr auto kExpireInterval = std::chrono::seconds(5);
constexpr std::size_t kEpochCharacters = 11;
/// Messages of one room kept in memory beside SQLite, so that most resumes never leave the loop.
constexpr std::size_t kCachedMessages = 1000;
constexpr std::size_t kCachedBytes = 1U << 20;
constexpr std::size_t kCachedTotalBytes = 256U << 20;
/// Which --broker a data directory is of.
constexpr const char* kBrokerMark = "broker";
/// Messages on their way into the store, over all rooms.
constexpr std::size_t kQueuedBytes = 256U << 20;

base::Epoch make_epoch() { return base::Epoch(base::random_token(kEpochCharacters)); }

history::Retention retention_of(const config::ServeConfig& config, std::size_t shards) {
  history::Retention retention;
  retention.room_messages = config.history_max_messages;
  retention.room_bytes = config.history_max_bytes;
  retention.total_bytes = config.history_max_total_bytes / shards;
  retention.age_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(config.history_max_age).count());
  return retention;
}

history::Retention cache_of(const history::Retention& kept, std::size_t shards) {
  const auto smaller = [](std::size_t bound, std::size_t cached) {
    return bound == 0 ? cached : std::min(bound, cached);
  };
  history::Retention cache = kept;
  cache.room_messages = smaller(kept.room_messages, kCachedMessages);
  cache.room_bytes = smaller(kept.room_bytes, kCachedBytes);
  cache.total_bytes = kCachedTotalBytes / shards;
  return cache;
}

/// As many descriptors as the system lets us have: one per connection.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  base::secure_random(reinterpret_cast<std::uint8_t*>(&seed), sizeof seed);
  return seed;
}

/// One worker with everything that lives on its loop, in the order of dependence.
struct Lane {
  transport::AsioExecutor executor;
  std::unique_ptr<history::Store> store;
  std::unique_ptr<broker::LocalBroker> local_broker;
  rabbitmq::LogStates log_states;
  std::unique_ptr<broker::Broker> shared_broker;  // with other nodes
  std::unique_ptr<broker::LocalPresence> local_presence;
  std::unique_ptr<broker::Shard> shard;
  std::unique_ptr<broker::Broker> sharded_broker;      // with several workers
  std::unique_ptr<broker::Presence> sharded_presence;  // with several workers
  std::unique_ptr<Worker> worker;
  std::vector<std::unique_ptr<transport::Listener>> listeners;
  std::thread thread;

  broker::Broker& own_rooms() { return shared_broker ? *shared_broker : *local_broker; }
  broker::Broker& broker() { return sharded_broker ? *sharded_broker : own_rooms(); }
  broker::Presence& presence() { return sharded_presence ? *sharded_presence : *local_presence; }

  void expire_regularly() {
    local_broker->expire();
    executor.after(kExpireInterval, [this] { expire_regularly(); });
  }
};

}  // namespace

class Server::Impl {
 public:
  explicit Impl(config::ServeConfig config)
      : shared_(std::move(config)), signals_(main_loop_, SIGINT, SIGTERM, SIGHUP) {}

  ~Impl() {
    stop_threads();
    for (auto& lane : lanes_) lane->listeners.clear();
    for (auto& lane : lanes_) lane->worker.reset();
    database_.reset();  // its last answers are posted to loops that are still there
    cluster_.reset();   // its connections post to a loop that is still there
    for (auto& lane : lanes_) lane->executor.abandon();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  wire::Result<void> open() {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    const auto count = config::worker_count(shared_.config, std::thread::hardware_concurrency());
    if (auto opened = open_database(count); !opened) return opened;
    for (std::size_t i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>());
    if (auto made = make_cluster(); !made) return made;
    for (auto& lane : lanes_) furnish(*lane);
    if (count > 1) shard_lanes();
    for (std::size_t i = 0; i < count; ++i) {
      Lane& lane = *lanes_[i];
      lane.worker = std::make_unique<Worker>(i, lane.executor, lane.broker(), lane.presence(),
                                             shared_, random_seed());
    }
    shared_.collect_stats = [this](base::Executor& caller, Shared::StatsDone done) {
      collect_stats(caller, std::move(done));
    };
    return open_listeners();
  }

  std::vector<std::string> addresses() const {
    std::vector<std::string> texts;
    for (const auto& listener : lanes_.front()->listeners) {
      const auto& address = listener->address();
      texts.push_back((address.is_unix() ? "" : "http://") + address.text());
    }
    return texts;
  }

  int run() {
    wait_for_signal();
    if (cluster_) {
      std::vector<rabbitmq::SignalExchange::Lane> lanes;
      for (auto& lane : lanes_) lanes.push_back({lane->executor, *lane->local_presence});
      cluster_->start(lanes, [count = lanes_.size()](const base::RoomName& room) {
        return broker::shard_of(room, count);
      });
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) start_lane(i);
    main_loop_.run();
    stop_threads();
    return 0;
  }

 private:
  wire::Result<void> open_database(std::size_t shards) {
    if (shared_.config.data_directory.empty()) return {};
    history::SqliteDatabase::Options options;
    options.directory = shared_.config.data_directory;
    options.retention = retention_of(shared_.config, shards);
    auto opened = history::SqliteDatabase::open(options, make_epoch);
    if (!opened) return tl::unexpected(opened.error());
    database_ = std::move(*opened);
    return claim_database();
  }

  /// What --broker local keeps and what a log of RabbitMQ's says cannot go on in each other's
  /// place.
  wire::Result<void> claim_database() {
    const bool is_local =
        shared_.config.broker == "local" || shared_.config.layer == config::Layer::channels;
    const std::string broker = is_local ? "local" : "amqp";
    const auto found = database_->marks().find(kBrokerMark);
    const bool is_marked = found != database_->marks().end();
    const std::string former = is_marked                ? found->second
                               : database_->had_rooms() ? "local"
                                                        : broker;
    if (former != broker) {
      return wire::fail(wire::Code::unavailable, "--data " + shared_.config.data_directory +
                                                     " holds the history of --broker " + former +
                                                     "; give another directory");
    }
    if (!is_marked) database_->submit({nullptr, history::MarkJob{{{kBrokerMark, broker}}}});
    return {};
  }

  wire::Result<void> make_cluster() {
    if (shared_.config.broker == "local") return {};
    auto made = server::make_cluster(shared_.config, lanes_.front()->executor, database_.get());
    if (!made) return tl::unexpected(made.error());
    cluster_ = std::move(*made);
    shared_.broker_ready = [this] { return cluster_->ready(); };
    return {};
  }

  bool has_shared_log() const noexcept { return cluster_ && cluster_->has_shared_log(); }

  static std::function<history::Birth(const base::RoomName&)> births_of(Lane& lane) {
    return [&lane](const base::RoomName& room) { return lane.log_states.birth(room); };
  }

  void furnish(Lane& lane) {
    const auto shards = std::max<std::size_t>(
        1, config::worker_count(shared_.config, std::thread::hardware_concurrency()));
    const auto retention = retention_of(shared_.config, shards);
    if (database_) {
      lane.store = std::make_unique<history::SqliteStore>(
          lane.executor, *database_, cache_of(retention, shards),
          has_shared_log() ? births_of(lane) : history::SqliteStore::Births());
    } else if (has_shared_log()) {
      lane.store = std::make_unique<history::MemoryStore>(retention, births_of(lane));
    } else {
      lane.store = std::make_unique<history::MemoryStore>(retention, make_epoch);
    }
    broker::LocalBroker::Options options;
    options.max_rooms = std::max<std::size_t>(1, shared_.config.max_rooms / shards);
    options.queue_bytes_total = kQueuedBytes / shards;
    lane.local_broker = std::make_unique<broker::LocalBroker>(lane.executor, *lane.store, options);
    if (cluster_) {
      lane.shared_broker =
          cluster_->join(lane.executor, *lane.local_broker, *lane.store, lane.log_states);
    }
    broker::LocalPresence::Options presence;
    presence.members_limit = shared_.config.limits.members;
    lane.local_presence = std::make_unique<broker::LocalPresence>(lane.executor, presence);
  }

  void shard_lanes() {
    std::vector<broker::Shard*> shards;
    std::vector<broker::PresenceShard> presence_shards;
    for (auto& lane : lanes_) {
      lane->shard = std::make_unique<broker::Shard>(lane->executor, lane->own_rooms());
      shards.push_back(lane->shard.get());
      presence_shards.push_back({lane->executor, *lane->local_presence});
    }
    broker::ShardedBroker::Options options;
    options.shared_store = database_ != nullptr;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i]->sharded_broker = std::make_unique<broker::ShardedBroker>(i, shards, options);
      lanes_[i]->sharded_presence = std::make_unique<broker::ShardedPresence>(i, presence_shards);
    }
  }

  wire::Result<void> open_listeners() {
    const bool several = lanes_.size() > 1;
    for (const auto& text : shared_.config.listen) {
      auto address = transport::parse_listen_address(text);
      if (!address) return tl::unexpected(address.error());
      if (several && !address->is_unix()) {
        if (auto free = transport::Listener::check_free(*address); !free) return free;
      }
      for (auto& lane : lanes_) {
        // A unix path has one listener; TCP ports are shared, the others take the port of the
        // first.
        if (address->is_unix() && lane != lanes_.front()) break;
        auto opened = transport::Listener::open(lane->executor, *address, several);
        if (!opened) return tl::unexpected(opened.error());
        *address = (*opened)->address();
        lane->listeners.push_back(std::move(*opened));
      }
    }
    return {};
  }

  void start_lane(std::size_t index) {
    Lane& lane = *lanes_[index];
    const bool expires = index == 0 || !database_;  // one database is shared by all
    if (expires) lane.expire_regularly();
    for (auto& listener : lane.listeners) {
      listener->start([&lane](std::unique_ptr<transport::Stream> stream) {
        lane.worker->accept(std::move(stream));
      });
    }
    lane.thread = std::thread([&lane] { lane.executor.run(); });
    pthread_setname_np(lane.thread.native_handle(), ("worker-" + std::to_string(index)).c_str());
  }

  void wait_for_signal() {
    signals_.async_wait([this](const std::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        base::Log::info("SIGHUP: nothing to reload");
      } else if (!shared_.draining.exchange(true)) {
        drain();
      } else {
        // Whatever was acknowledged is stored: nothing needs to be put in order.
        base::Log::warn("second signal: ending at once");
        std::_Exit(kInterrupted);
      }
      wait_for_signal();
    });
  }

  void drain() {
    base::Log::info("draining");
    lanes_left_ = lanes_.size();
    for (auto& owned : lanes_) {
      Lane& lane = *owned;
      lane.executor.post([this, &lane] {
        // Until nobody is left newcomers are heard: they are told that it is not ready any more.
        lane.worker->drain([this, &lane] {
          for (auto& listener : lane.listeners) listener->close();
          if (--lanes_left_ == 0) end();
        });
      });
    }
  }

  /// Nobody is left.
  void end() {
    if (!cluster_) return main_loop_.stop();
    lanes_.front()->executor.post([this] { cluster_->leave([this] { main_loop_.stop(); }); });
  }

  void collect_stats(base::Executor& caller, Shared::StatsDone done) {
    struct Gathering {
      metrics::WorkerStats sum;
      std::size_t left = 0;
      Shared::StatsDone done;
    };
    auto gathering = std::make_shared<Gathering>();
    gathering->left = lanes_.size();
    gathering->done = std::move(done);
    for (auto& owned : lanes_) {
      Lane& lane = *owned;
      lane.executor.post([this, &lane, &caller, gathering] {
        std::uint64_t exhausted = 0;
        for (const auto& listener : lane.listeners) exhausted += listener->exhausted();
        lane.worker->note_exhausted(exhausted);
        auto stats = std::make_shared<metrics::WorkerStats>(lane.worker->stats());
        if (cluster_ && &lane == lanes_.front().get()) cluster_->tell(*stats);
        caller.post([gathering, stats] {
          gathering->sum.add(*stats);
          if (--gathering->left == 0) gathering->done(gathering->sum);
        });
      });
    }
  }

  void stop_threads() {
    for (auto& lane : lanes_) lane->executor.stop();
    for (auto& lane : lanes_) {
      if (lane->thread.joinable()) lane->thread.join();
    }
  }

  Shared shared_;
  std::unique_ptr<history::SqliteDatabase> database_;
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  asio::io_context main_loop_{1};
  asio::signal_set signals_;
  std::atomic<std::size_t> lanes_left_{0};
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

wire::Result<std::unique_ptr<Server>> Server::open(config::ServeConfig config) {
  config.limits.resume_within_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(config.history_max_age).count());
  auto impl = std::make_unique<Impl>(std::move(config));
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::vector<std::string> Server::addresses() const { return impl_->addresses(); }

int Server::run() { return impl_->run(); }

}  // namespace chat::server
