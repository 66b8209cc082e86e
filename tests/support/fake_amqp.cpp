#include "support/fake_amqp.hpp"

#include "support/fake_amqp_server.hpp"

namespace chat::tests {

using amqp_server::Link;
using amqp_server::LinkPtr;
using amqp_server::Server;

FakeAmqp::FakeAmqp(base::Executor& executor, std::uint64_t seed)
    : server_(std::make_shared<Server>(executor, seed)) {}
FakeAmqp::~FakeAmqp() = default;

rabbitmq::AmqpConnector& FakeAmqp::connector() { return *server_; }
void FakeAmqp::set_plan(const Plan& plan) { server_->plan = plan; }
FakeAmqp::Plan FakeAmqp::plan() const { return server_->plan; }

void FakeAmqp::create_vhost(const std::string& vhost) { server_->create_vhost(vhost); }
void FakeAmqp::delete_vhost(const std::string& vhost) { server_->delete_vhost(vhost); }
void FakeAmqp::add_user(const std::string& user, const std::string& password) {
  server_->users[user] = password;
}
void FakeAmqp::delete_queue(const std::string& vhost, const std::string& queue) {
  if (const auto found = server_->find(vhost, queue)) server_->delete_queue(found);
}
void FakeAmqp::delete_exchange(const std::string& vhost, const std::string& exchange) {
  server_->delete_exchange(vhost, exchange);
}
void FakeAmqp::trim(const std::string& vhost, const std::string& stream,
                    std::int64_t first_offset) {
  if (const auto found = server_->find(vhost, stream)) server_->trim(*found, first_offset);
}

std::vector<FakeAmqp::Record> FakeAmqp::stream(const std::string& vhost,
                                               const std::string& name) const {
  std::vector<Record> records;
  if (const auto found = server_->find(vhost, name)) {
    for (const auto& entry : found->log) records.push_back({entry.offset, entry.body});
  }
  return records;
}
bool FakeAmqp::has_queue(const std::string& vhost, const std::string& name) const {
  return server_->find(vhost, name) != nullptr;
}
std::set<std::pair<std::string, std::string>> FakeAmqp::bindings(
    const std::string& vhost, const std::string& exchange) const {
  return server_->bindings(vhost, exchange);
}
std::size_t FakeAmqp::waiting(const std::string& vhost, const std::string& queue) const {
  const auto found = server_->find(vhost, queue);
  return found ? found->ready.size() : 0;
}
std::vector<FakeAmqp::Connection> FakeAmqp::connections() const {
  std::vector<Connection> open;
  for (const auto& [id, link] : server_->all_links) {
    if (link->state != Link::State::open) continue;
    open.push_back({id, link->endpoint.name, link->vhost->name, link->consumers.size(),
                    link->confirms.size(), link->unacked.size(), link->acks});
  }
  return open;
}
std::uint64_t FakeAmqp::opened() const { return server_->opened; }
std::size_t FakeAmqp::late_copies() const { return server_->late; }

void FakeAmqp::cut(ConnectionId connection) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->cut(LinkPtr(found->second));
}
void FakeAmqp::cut(const std::string& name) {
  for (const auto& link : server_->links(name)) server_->cut(link);
}
void FakeAmqp::stall(ConnectionId connection, bool stalled) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->stall(LinkPtr(found->second), stalled);
}
void FakeAmqp::stall(const std::string& name, bool stalled) {
  for (const auto& link : server_->links(name)) server_->stall(link, stalled);
}
void FakeAmqp::stall_all(bool stalled) { server_->stall_all(stalled); }
void FakeAmqp::close(ConnectionId connection, std::uint16_t code, const std::string& text) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->close(LinkPtr(found->second), code, text);
}
void FakeAmqp::kill() { server_->kill(); }
void FakeAmqp::start() { server_->start(); }
bool FakeAmqp::running() const { return server_->running; }
void FakeAmqp::block(bool blocked) { server_->block(blocked); }
void FakeAmqp::refuse_credentials(bool refused) { server_->refuses_credentials = refused; }
void FakeAmqp::forbid_configure(bool forbidden) { server_->forbids_configure = forbidden; }
void FakeAmqp::lead(const std::string& vhost, const std::string& stream, bool led) {
  if (const auto found = server_->find(vhost, stream)) server_->lead(found, led);
}

}  // namespace chat::tests
