#include "chat/rabbitmq/rabbitmqc_login.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <string>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#include "chat/rabbitmq/amqp_failure.hpp"

namespace chat::rabbitmq {
namespace {

constexpr timeval kConnectTimeout{3, 0};
constexpr timeval kHandshakeTimeout{3, 0};
constexpr int kTakesNothingMs = 10'000;
constexpr int kFrameBytes = 131'072;
/// rabbitmq-c 0.11 does not look for the system's certificates by itself.
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

tl::unexpected<Failure> fail(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}

amqp_socket_t* new_tls_socket(amqp_connection_state_t connection, const Endpoint& endpoint) {
  amqp_socket_t* socket = amqp_ssl_socket_new(connection);
  if (socket == nullptr) return nullptr;
  const auto* ca = endpoint.ca_file.empty() ? kSystemCertificates : endpoint.ca_file.c_str();
  if (amqp_ssl_socket_set_cacert(socket, ca) != AMQP_STATUS_OK) return nullptr;
  if (amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK) {
    return nullptr;
  }
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 1);
  return socket;
}

Failure connect_failure(int status, const Endpoint& endpoint) {
  auto text = "connect to " + endpoint.host + ":" + std::to_string(endpoint.port) + ": " +
              amqp_error_string2(status);
  if (status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED) {
    text += "; the certificate must name the host, and an address is not looked for in it";
  }
  if (status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED) {
    text += "; the certificate is not signed by an authority of the CA file";
  }
  return failure_of(
      status == AMQP_STATUS_TIMEOUT ? Failure::Kind::timed_out : Failure::Kind::refused, text);
}

void set_options(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kTakesNothingMs, sizeof kTakesNothingMs);
}

amqp_table_entry_t entry(const char* key, amqp_field_value_t value) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(key);
  entry.value = value;
  return entry;
}
amqp_field_value_t yes() {
  amqp_field_value_t value{};
  value.kind = AMQP_FIELD_KIND_BOOLEAN;
  value.value.boolean = 1;
  return value;
}
amqp_field_value_t text(const char* text) {
  amqp_field_value_t value{};
  value.kind = AMQP_FIELD_KIND_UTF8;
  value.value.bytes = amqp_cstring_bytes(text);
  return value;
}

amqp_rpc_reply_t say_hello(amqp_connection_state_t connection, const Endpoint& endpoint) {
  std::array<amqp_table_entry_t, 4> able{
      entry("connection.blocked", yes()), entry("consumer_cancel_notify", yes()),
      entry("basic.nack", yes()), entry("publisher_confirms", yes())};
  amqp_field_value_t capabilities{};
  capabilities.kind = AMQP_FIELD_KIND_TABLE;
  capabilities.value.table.num_entries = static_cast<int>(able.size());
  capabilities.value.table.entries = able.data();
  std::array<amqp_table_entry_t, 3> properties{
      entry("product", text("chat")), entry("connection_name", text(endpoint.name.c_str())),
      entry("capabilities", capabilities)};
  amqp_table_t table{};
  table.num_entries = static_cast<int>(properties.size());
  table.entries = properties.data();
  return amqp_login_with_properties(connection, endpoint.vhost.c_str(), 0, kFrameBytes,
                                    kHeartbeatSeconds, &table, AMQP_SASL_METHOD_PLAIN,
                                    endpoint.user.c_str(), endpoint.password.c_str());
}

Failure login_failure(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) {
    return failure_of_status(reply.library_error, "login");
  }
  if (reply.reply.id != AMQP_CONNECTION_CLOSE_METHOD) {
    return failure_of(Failure::Kind::other, "login: unexpected answer");
  }
  const auto* close = static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
  return failure_of_close(
      Refused::connection, close->reply_code,
      {static_cast<const char*>(close->reply_text.bytes), close->reply_text.len});
}

}  // namespace

void CloseConnection::operator()(amqp_connection_state_t_* connection) const noexcept {
  amqp_destroy_connection(connection);
}

Failure failure_of_status(int status, const char* doing) {
  const auto text = std::string(doing) + ": " + amqp_error_string2(status);
  switch (status) {
    case AMQP_STATUS_TIMEOUT:
    case AMQP_STATUS_HEARTBEAT_TIMEOUT: return failure_of(Failure::Kind::timed_out, text);
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_TCP_ERROR:
    case AMQP_STATUS_SSL_ERROR: return failure_of(Failure::Kind::closed, text);
    default: return failure_of(Failure::Kind::other, text);
  }
}

AmqpResult<RabbitmqcConnection> log_in(const Endpoint& endpoint,
                                       const std::function<void(int)>& on_socket) {
  RabbitmqcConnection connection(amqp_new_connection());
  if (!connection) return fail(failure_of(Failure::Kind::other, "out of memory"));
  auto* state = connection.get();
  amqp_set_handshake_timeout(state, &kHandshakeTimeout);
  amqp_socket_t* socket =
      endpoint.tls ? new_tls_socket(state, endpoint) : amqp_tcp_socket_new(state);
  if (socket == nullptr) {
    return fail(failure_of(Failure::Kind::refused,
                           endpoint.tls ? "TLS: the CA file cannot be used" : "no socket"));
  }
  const int status =
      amqp_socket_open_noblock(socket, endpoint.host.c_str(), endpoint.port, &kConnectTimeout);
  if (status != AMQP_STATUS_OK) return fail(connect_failure(status, endpoint));
  const int fd = amqp_get_sockfd(state);
  set_options(fd);
  on_socket(fd);
  const auto reply = say_hello(state, endpoint);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) return fail(login_failure(reply));
  amqp_tune_connection(state, amqp_get_channel_max(state), amqp_get_frame_max(state), 0);
  return connection;
}

}  // namespace chat::rabbitmq
