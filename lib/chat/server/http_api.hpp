#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chat/transport/connection.hpp"
#include "chat/transport/http_router.hpp"

namespace chat::server {

class Worker;

/// Answers every HTTP request of a worker: the page and its files, the API, health and metrics, and
/// the handshakes of WebSockets. Thread: the worker's loop.
class HttpApi final : public transport::HttpHandler {
 public:
  explicit HttpApi(Worker& worker) : worker_(worker) {}

  void on_request(transport::Connection& connection, transport::HttpRequest request) override;
  /// Counts the error, too: every one that is told over HTTP comes by here, once.
  transport::HttpResponse error_response(const wire::Error& error,
                                         std::string_view target) override;
  void on_answered(const transport::Connection& connection, std::string_view request,
                   int status) override;
  void on_gone(const transport::Connection& connection) override;

 private:
  using Request = transport::HttpRequest;
  using Response = transport::HttpResponse;

  void answer(transport::Connection& connection, const Request& request,
              const transport::Route& route);
  void respond(transport::ConnectionId id, const Response& response);
  void refuse(transport::Connection& connection, const Request& request, const wire::Error& error);
  Response error_response_for(const Request& request, const wire::Error& error);

  void open_socket(transport::Connection& connection, const Request& request,
                   const transport::Route& route);
  Response asset(const Request& request, const std::string& path);
  void list_rooms(transport::ConnectionId id);
  void read_messages(transport::Connection& connection, const Request& request,
                     const base::RoomName& room);
  void post_message(transport::Connection& connection, const Request& request,
                    const base::RoomName& room);
  void list_members(transport::ConnectionId id, const base::RoomName& room);
  void show_metrics(transport::ConnectionId id);

  Worker& worker_;
};

}  // namespace chat::server
