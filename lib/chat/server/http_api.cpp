#include "chat/server/http_api.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/metrics/exposition.hpp"
#include "chat/server/client.hpp"
#include "chat/server/echo.hpp"
#include "chat/server/origin.hpp"
#include "chat/server/worker.hpp"
#include "chat/web_assets/web_assets.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/names.hpp"

namespace chat::server {
namespace {

using transport::HttpRequest;
using transport::HttpResponse;
using transport::Target;
using wire::Code;

constexpr std::string_view kSubprotocol = "chat.v1";
constexpr std::string_view kRoomsPath = "/api/rooms";

/// What every answer says to browsers.
void add_security_headers(HttpResponse& response) {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
}

HttpResponse make_response(int status, std::string content_type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  add_security_headers(response);
  return response;
}

HttpResponse json_response(int status, std::string body) {
  auto response = make_response(status, "application/json", std::move(body) + "\n");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse text_response(int status, std::string body) {
  auto response = make_response(status, "text/plain; charset=utf-8", std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

/// A whole decimal number; nullopt for anything else.
std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

/// What GET …/messages asks for.
struct MessagesQuery {
  base::Epoch epoch;
  history::Range range;
  bool resumes = false;
};

wire::Result<MessagesQuery> messages_query(const HttpRequest& request, std::size_t page) {
  MessagesQuery query;
  query.range.limit = std::min<std::size_t>(query.range.limit, page);
  if (request.has_query("limit")) {
    const auto limit = number_of(request.query_value("limit"));
    if (!limit || *limit < 1) return wire::fail(Code::bad_frame, "limit must be a number from 1");
    query.range.limit = static_cast<std::size_t>(std::min<std::uint64_t>(*limit, page));
  }
  if (request.has_query("since") && request.has_query("before")) {
    return wire::fail(Code::bad_frame, "give since or before, not both");
  }
  if (request.has_query("since")) {
    const auto cursor = wire::parse_cursor(request.query_value("since"));
    if (!cursor) return tl::unexpected(cursor.error());
    query.range.kind = history::Range::Kind::after;
    query.range.seq = cursor->seq;
    query.epoch = cursor->epoch;
    query.resumes = !cursor->epoch.value().empty();
  }
  if (request.has_query("before")) {
    const auto seq = number_of(request.query_value("before"));
    if (!seq || *seq > wire::kMaxInteger) {
      return wire::fail(Code::bad_frame, "before must be a seq");
    }
    query.range.kind = history::Range::Kind::before;
    query.range.seq = base::Seq(*seq);
  }
  return query;
}

/// What the body is said to be, without parameters, in lower case (RFC 9110 section 8.3.1).
std::string media_type(const HttpRequest& request) {
  const auto type = request.header("content-type");
  return transport::lower(transport::trim(type.substr(0, type.find(';'))));
}

/// Probes ask every few seconds: they are not what a log is read for.
bool is_probe(std::string_view path) noexcept {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

}  // namespace

void HttpApi::on_request(transport::Connection& connection, HttpRequest request) {
  const auto route = transport::route(request);
  if (!route) return refuse(connection, request, route.error());
  answer(connection, request, *route);
}

void HttpApi::answer(transport::Connection& connection, const HttpRequest& request,
                     const transport::Route& route) {
  const auto id = connection.id();
  switch (route.target) {
    case Target::socket:
    case Target::echo: return open_socket(connection, request, route);
    case Target::home: return connection.respond(asset(request, "index.html"));
    case Target::room_page: return connection.respond(asset(request, "room.html"));
    case Target::asset: return connection.respond(asset(request, route.file));
    case Target::api_openapi: return connection.respond(asset(request, "openapi.json"));
    case Target::room_redirect: {
      auto response = text_response(301, {});
      response.headers.emplace_back("Location", route.location);
      return connection.respond(response);
    }
    case Target::api_rooms: return list_rooms(id);
    case Target::api_members: return list_members(id, route.room);
    case Target::api_messages:
      if (request.method == "POST") return post_message(connection, request, route.room);
      return read_messages(connection, request, route.room);
    case Target::healthz: return connection.respond(text_response(200, "ok\n"));
    case Target::readyz:
      if (worker_.shared().draining) {
        return connection.respond(text_response(503, "draining\n"));
      }
      if (!worker_.shared().broker_ready()) {
        return connection.respond(text_response(503, "not in step with RabbitMQ\n"));
      }
      return connection.respond(text_response(200, "ok\n"));
    case Target::metrics: return show_metrics(id);
  }
}

void HttpApi::respond(transport::ConnectionId id, const HttpResponse& response) {
  if (auto* connection = worker_.connections().find(id)) connection->respond(response);
}

HttpResponse HttpApi::error_response(const wire::Error& error, std::string_view target) {
  worker_.count_error(error.code);
  const auto& info = wire::info(error.code);
  const int status = info.http == 0 ? 400 : info.http;
  auto response = transport::is_api(target)
                      ? json_response(status, wire::encode_api_error(error))
                      : text_response(status, std::string(info.name) + ": " + error.text() + "\n");
  if (error.code == Code::upgrade_required) {
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    response.headers.emplace_back("Upgrade", "websocket");
  }
  if (response.status == 503 || response.status == 429) {
    response.headers.emplace_back("Retry-After", "5");
  }
  return response;
}

HttpResponse HttpApi::error_response_for(const HttpRequest& request, const wire::Error& error) {
  auto told = error;
  std::string allow;
  if (error.code == Code::method_not_allowed) {
    allow = error.detail;
    told.detail = request.method + " is not allowed here, only " + allow;
  }
  HttpResponse response = error_response(told, request.path);
  if (!allow.empty()) response.headers.emplace_back("Allow", allow);
  return response;
}

void HttpApi::refuse(transport::Connection& connection, const HttpRequest& request,
                     const wire::Error& error) {
  if (transport::wants_upgrade(request) && base::Log::enabled(base::LogLevel::info)) {
    base::Log::info("WebSocket REJECT " + request.path + " [" + connection.peer() + "]",
                    {{"code", std::string(wire::info(error.code).name)}});
  }
  connection.respond(error_response_for(request, error));
}

void HttpApi::on_answered(const transport::Connection& connection, std::string_view request,
                          int status) {
  const auto target = transport::target_of(request);
  const auto path = target.substr(0, target.find('?'));
  const auto level = is_probe(path) ? base::LogLevel::debug : base::LogLevel::info;
  if (!base::Log::enabled(level)) return;
  const auto method = path.empty() ? std::string_view("?") : request.substr(0, request.find(' '));
  std::string line = "HTTP ";
  line += method;
  line += ' ';
  line += path.empty() ? "?" : path;
  line += " " + std::to_string(status) + " [" + connection.peer() + "]";
  base::Log::write(level, line);
}

void HttpApi::on_gone(const transport::Connection& connection) {
  worker_.shared().admission.leave(connection.peer());
}

// ---- WebSockets

void HttpApi::open_socket(transport::Connection& connection, const HttpRequest& request,
                          const transport::Route& route) {
  const bool is_echo = route.target == Target::echo;
  if (!transport::wants_upgrade(request) || (is_echo && !worker_.config().debug_echo)) {
    return refuse(connection, request, wire::error_of(Code::not_found));
  }
  if (const auto checked = transport::check_upgrade(request); !checked) {
    return refuse(connection, request, checked.error());
  }
  if (!origin_allowed(request, worker_.config().allow_origin)) {
    return refuse(connection, request, wire::error_of(Code::forbidden_origin));
  }
  if (worker_.shared().draining) return refuse(connection, request, wire::error_of(Code::draining));
  if (is_echo) {
    connection.upgrade(
        {}, [](transport::Connection& upgraded) { return std::make_unique<Echo>(upgraded); });
    return;
  }
  const bool v1 = request.header_has_token("sec-websocket-protocol", kSubprotocol);
  const auto dialect = v1 ? wire::Dialect::v1 : wire::Dialect::plain;
  connection.upgrade(v1 ? std::string(kSubprotocol) : std::string(),
                     [&](transport::Connection& upgraded) {
                       return std::make_unique<Client>(worker_, upgraded, route.room, dialect);
                     });
}

// ---- files

HttpResponse HttpApi::asset(const HttpRequest& request, const std::string& path) {
  const auto* found = web_assets::find(path);
  if (found == nullptr) return error_response_for(request, wire::error_of(Code::not_found));
  HttpResponse response;
  response.content_type = std::string(found->content_type);
  add_security_headers(response);
  response.headers.emplace_back("ETag", std::string(found->etag));
  response.headers.emplace_back("Cache-Control", "no-cache");
  if (request.header_has_token("if-none-match", found->etag) ||
      request.header("if-none-match") == "*") {
    response.status = 304;
    return response;
  }
  response.body = std::string(found->body);
  return response;
}

// ---- the API

void HttpApi::list_rooms(transport::ConnectionId id) {
  using Listed = std::vector<history::Store::Listed>;
  worker_.broker().rooms([this, id](wire::Result<Listed> listed) {
    if (!listed) return respond(id, error_response(listed.error(), kRoomsPath));
    worker_.presence().counts([this, id, rooms = std::move(*listed)](
                                  wire::Result<std::vector<broker::RoomCount>> counts) {
      if (!counts) return respond(id, error_response(counts.error(), kRoomsPath));
      std::unordered_map<base::RoomName, wire::RoomSummary> by_name;
      for (const auto& room : rooms) by_name[room.room] = {room.room, room.epoch, room.head, 0};
      for (const auto& count : *counts) {
        auto& summary = by_name[count.room];
        summary.room = count.room;
        summary.members = count.count;
      }
      std::vector<wire::RoomSummary> all;
      all.reserve(by_name.size());
      for (auto& [name, summary] : by_name) all.push_back(std::move(summary));
      std::sort(all.begin(), all.end(),
                [](const auto& a, const auto& b) { return a.room < b.room; });
      respond(id, json_response(200, wire::encode_api_rooms(all)));
    });
  });
}

void HttpApi::read_messages(transport::Connection& connection, const HttpRequest& request,
                            const base::RoomName& room) {
  auto query = messages_query(request, worker_.config().limits.history_page);
  if (!query) return refuse(connection, request, query.error());
  worker_.broker().read(room, query->epoch, query->range,
                        [this, id = connection.id(), room,
                         resumes = query->resumes](const wire::Result<broker::ReadAnswer>& answer) {
                          if (!answer) {
                            return respond(id, error_response(answer.error(), kRoomsPath));
                          }
                          wire::ApiMessages page;
                          page.room = room;
                          page.epoch = answer->epoch;
                          page.head = answer->page.head;
                          page.messages = answer->page.messages;
                          page.more = answer->page.more;
                          if (resumes) {
                            page.recovered =
                                answer->continuity.kind == room::Continuity::Kind::whole;
                          }
                          if (answer->continuity.kind == room::Continuity::Kind::other_epoch) {
                            page.messages.clear();
                            page.more = false;
                          }
                          respond(id, json_response(200, wire::encode_api_messages(page)));
                        });
}

void HttpApi::post_message(transport::Connection& connection, const HttpRequest& request,
                           const base::RoomName& room) {
  if (!origin_allowed(request, worker_.config().allow_origin)) {
    return refuse(connection, request, wire::error_of(Code::forbidden_origin));
  }
  if (worker_.shared().draining) return refuse(connection, request, wire::error_of(Code::draining));
  // A form of another site cannot send this type without asking first.
  if (media_type(request) != "application/json") {
    return refuse(connection, request, wire::error_of(Code::bad_content_type));
  }
  auto posted = wire::decode_post(request.body, worker_.config().limits);
  if (!posted) return refuse(connection, request, posted.error());
  broker::Publish message;
  message.room = room;
  message.name = "api";
  message.body = std::move(posted->body);
  message.received = worker_.executor().now();
  if (!posted->name.empty()) {
    auto name = wire::parse_member_name(posted->name);
    if (!name) return refuse(connection, request, name.error());
    message.name = std::move(*name);
  }
  if (posted->n) {
    auto client = wire::derive_client_id(posted->client);
    if (!client) return refuse(connection, request, client.error());
    message.client = std::move(*client);
    message.n = *posted->n;
  }
  worker_.broker().publish(std::move(message), [this, id = connection.id(), room](
                                                   const wire::Result<broker::Published>& outcome) {
    if (!outcome) return respond(id, error_response(outcome.error(), kRoomsPath));
    worker_.count_published(outcome->repeat);
    respond(id, json_response(201, wire::encode_api_posted(room, outcome->epoch, outcome->seq,
                                                           outcome->repeat)));
  });
}

void HttpApi::list_members(transport::ConnectionId id, const base::RoomName& room) {
  worker_.presence().members(room, [this, id, room](const wire::Result<broker::Members>& members) {
    if (!members) return respond(id, error_response(members.error(), kRoomsPath));
    respond(id, json_response(200, wire::encode_api_members(room, members->count, members->names)));
  });
}

void HttpApi::show_metrics(transport::ConnectionId id) {
  worker_.shared().collect_stats(worker_.executor(), [this, id](const metrics::WorkerStats& stats) {
    auto response = text_response(
        200, metrics::to_prometheus(stats, metrics::own_process(), worker_.shared().ready()));
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    respond(id, response);
  });
}

}  // namespace chat::server
