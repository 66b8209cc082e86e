#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/base/log.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/presence.hpp"
#include "chat/hub/hub.hpp"
#include "chat/server/worker.hpp"
#include "chat/session/session.hpp"
#include "chat/transport/connection.hpp"

namespace chat::server {

/// One WebSocket in one room: joins a session's rules to its connection, the room and the broker.
/// Owned by its connection. Thread: its worker's loop.
///
/// Joining: subscribe the room → enter under a name → (resume: page through what was missed, at the
/// reader's speed) → join the hub, from where on messages come by themselves. Answers may come
/// late: they find the client by its key, or find that it is gone.
class Client final : public transport::WsHandler, public hub::Member {
 public:
  Client(Worker& worker, transport::Connection& connection, base::RoomName room,
         wire::Dialect dialect);
  ~Client() override;

  base::MemberKey key() const noexcept { return worker_.key_of(connection_.id()); }

  /// The log of a room is another one: if it is this client's, it has to come back with its cursor.
  void on_restart(const base::RoomName& room);
  /// A room takes messages again that it was too busy for.
  void on_ready(const base::RoomName& room);
  /// The server drains: tells a chat.v1 client when to come back.
  void announce_drain(std::uint64_t reconnect_after_ms);
  /// Somebody on another node had its name first.
  void on_renamed(const std::string& name);
  /// Closes with `draining` once nothing of this client is unanswered.
  void finish_drain();

  // transport::WsHandler
  void on_open() override;
  void on_text(std::string_view text) override;
  void on_binary(std::string_view bytes) override;
  base::BlockRef farewell(const wire::Error& error) override;
  void on_drained() override;
  void on_tick(base::TimePoint now) override;
  void on_closed(const transport::CloseInfo& info) override;
  // hub::Member
  void deliver(const base::BlockRef& frames) override;

 private:
  struct CatchUp;

  void run(session::Actions& actions);
  void act(session::Join& join);
  void act(session::Publish& publish);
  void act(session::Rename& rename);
  void act(session::Typing& typing);
  void act(session::ReadHistory& read);
  void act(session::Reply& reply);
  void act(session::Close& close);

  void on_subscribed(const wire::Result<hub::Room*>& room);
  void on_entered(wire::Result<broker::Entered> entered);
  void begin_resume(broker::Entered entered);
  void read_missed();
  void on_missed(wire::Result<broker::ReadAnswer> answer);
  void take_missed(const broker::ReadAnswer& answer);
  void welcome(const broker::Entered& entered, std::optional<bool> recovered,
               std::optional<wire::Missing> missing);
  void send_messages(const std::vector<wire::MessagePtr>& messages);
  void read_on();
  void catch_up_or_read_on();
  std::size_t page_bytes(std::size_t most) const;
  void go_live();
  void stop_catching_up();
  void fail_join(const wire::Error& error);
  void close(wire::Code code);
  void log(std::string_view event, const std::vector<base::LogField>& fields) const;

  Worker& worker_;
  transport::Connection& connection_;
  base::RoomName room_name_;
  session::Session session_;
  hub::Room* room_ = nullptr;          // from on_subscribed on
  std::unique_ptr<CatchUp> catch_up_;  // while joining with a cursor
  base::TimePoint opened_;
  std::uint64_t frames_in_ = 0;
  bool entered_ = false;  // presence knows of it
  bool draining_ = false;
};

}  // namespace chat::server
