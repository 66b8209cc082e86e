#include "chat/broker/local_presence.hpp"
#include "presence_contract.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

class LocalWorld final : public PresenceWorld {
 public:
  broker::Presence& presence() override { return presence_; }
  void advance(base::Duration time) override { executor_.advance(time); }

 private:
  ManualExecutor executor_;
  broker::LocalPresence presence_{executor_, {std::chrono::milliseconds(200), 5}};
};

}  // namespace

std::unique_ptr<PresenceWorld> make_presence_world() { return std::make_unique<LocalWorld>(); }

}  // namespace chat::tests
