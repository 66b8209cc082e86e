#include "chat/broker/local_presence.hpp"
#include "presence_contract.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

/// A node of a cluster, before it has heard of another.
class ClusterWorld final : public PresenceWorld, private broker::PresenceFeed {
 public:
  ClusterWorld() { presence_.join_cluster("a", *this); }
  broker::Presence& presence() override { return presence_; }
  void advance(base::Duration time) override { executor_.advance(time); }

 private:
  void on_change(broker::MemberChange) override {}
  void on_typing(broker::MemberTyping) override {}

  ManualExecutor executor_;
  broker::LocalPresence presence_{executor_, {std::chrono::milliseconds(200), 5}};
};

}  // namespace

std::unique_ptr<PresenceWorld> make_presence_world() { return std::make_unique<ClusterWorld>(); }

}  // namespace chat::tests
