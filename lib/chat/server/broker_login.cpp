#include "chat/server/broker_login.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/rabbitmq/broker_url.hpp"

namespace chat::server {
namespace {

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

}  // namespace

wire::Result<BrokerLogin> read_broker_login(const config::ServeConfig& config) {
  const auto url = rabbitmq::parse_broker_url(config.broker);
  if (!url) return tl::unexpected(url.error());
  const auto password = password_of(config, url->user);
  if (!password) return tl::unexpected(password.error());
  BrokerLogin login;
  login.address = rabbitmq::describe(*url);
  for (const auto& host : url->hosts) {
    rabbitmq::Endpoint endpoint;
    endpoint.host = host.name;
    endpoint.port = host.port;
    endpoint.tls = url->tls;
    endpoint.ca_file = config.amqp_ca_file;
    endpoint.vhost = url->vhost;
    endpoint.user = url->user;
    endpoint.password = *password;
    login.endpoints.push_back(std::move(endpoint));
  }
  return login;
}

std::vector<rabbitmq::Endpoint> named(std::vector<rabbitmq::Endpoint> endpoints,
                                      const std::string& name) {
  for (auto& endpoint : endpoints) endpoint.name = name;
  return endpoints;
}

}  // namespace chat::server
