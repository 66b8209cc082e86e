#include "chat/server/cluster.hpp"

#include "chat/server/channels_cluster.hpp"
#include "chat/server/stream_cluster.hpp"

namespace chat::server {

wire::Result<std::unique_ptr<Cluster>> make_cluster(const config::ServeConfig& config,
                                                    base::Executor& home,
                                                    history::SqliteDatabase* database) {
  if (config.layer == config::Layer::channels) return ChannelsCluster::make(config);
  return StreamCluster::make(config, home, database);
}

}  // namespace chat::server
