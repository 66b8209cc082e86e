#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "sim/invariants.hpp"
#include "sim/link.hpp"
#include "sim/world.hpp"
#include "sim/ws_bytes.hpp"

namespace chat::tests {

/// Someone outside: keeps a connection to its room, comes back when it ends, reads as fast as it
/// is let. What the frames mean is the derived class's. Thread: the world's outside loop.
class SimClient : private Link::Listener {
 public:
  SimClient(World& world, Findings& findings, std::string name, base::RoomName room,
            std::uint64_t seed);
  ~SimClient() override;
  SimClient(const SimClient&) = delete;
  SimClient& operator=(const SimClient&) = delete;

  const std::string& name() const noexcept { return name_; }
  /// How often it was told that it reads too slowly.
  std::size_t slow_closes() const noexcept { return slow_closes_; }
  const base::RoomName& room() const noexcept { return room_; }
  /// The link as long as there is one.
  Link* link() noexcept { return link_.get(); }

  /// Wants to be connected from now on.
  void come();
  /// Leaves without a close frame or with one, and stays away.
  void leave(bool politely);
  bool wants_in() const noexcept { return wants_in_; }
  /// Stops reading for a while.
  void stall(base::Duration duration);
  bool is_stalled() const noexcept { return stalled_; }
  void set_conditions(LinkConditions conditions);

  /// Says something new.
  virtual void say(std::size_t bytes) = 0;
  /// Connected, and nothing is left to be sent or read.
  virtual bool is_settled() const = 0;
  virtual std::size_t messages() const noexcept = 0;

 protected:
  /// The handshake is done.
  virtual void on_open() = 0;
  virtual void on_text(const std::string& text) = 0;
  virtual void on_lost() = 0;

  bool is_open() const noexcept { return open_; }
  /// Of the store, when this connection began.
  std::size_t generation() const noexcept { return generation_; }
  void send_text(std::string_view text);
  /// Comes back no earlier than then, once the connection ends.
  void come_back_after(base::Duration delay) { told_to_wait_ = delay; }
  void wrong(const std::string& what) { findings_.add(name_ + ": " + what); }
  /// A JSON text of about that many bytes that nobody else sends.
  std::string make_body(std::uint64_t n, std::size_t bytes);
  std::uint64_t random() { return random_(); }
  SimExecutor& loop() noexcept { return world_.outside(); }
  World& world() noexcept { return world_; }
  Findings& findings() noexcept { return findings_; }
  /// The task is forgotten when this client is gone.
  void later(base::Duration delay, base::Task task);

 private:
  void on_bytes(std::string_view bytes) override;
  void on_end() override;
  void on_frame(const WsFrame& frame);
  void on_close_frame(std::uint16_t code);
  void connect();
  void lose();
  void watch();
  void reconnect_after(base::Duration delay);
  virtual const char* subprotocol() const noexcept = 0;

  World& world_;
  Findings& findings_;
  const std::string name_;
  const base::RoomName room_;
  std::mt19937_64 random_;
  LinkConditions conditions_;
  std::shared_ptr<Link> link_;
  std::unique_ptr<WsReader> reader_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::optional<base::Duration> told_to_wait_;
  base::TimePoint heard_{};
  base::TimerId reconnect_ = 0;
  base::TimerId watch_ = 0;
  std::uint64_t stalls_ = 0;
  std::size_t slow_closes_ = 0;
  std::size_t generation_ = 0;
  bool wants_in_ = false;
  bool open_ = false;
  bool stalled_ = false;
  bool was_slow_ = false;  // on this connection
};

/// A member that speaks chat.v1: resumes where it stood, sends again what was not acknowledged.
class V1Client final : public SimClient {
 public:
  V1Client(World& world, Findings& findings, std::string name, base::RoomName room,
           std::uint64_t seed);

  void say(std::size_t bytes) override;
  bool is_settled() const override;
  std::size_t messages() const noexcept override { return reading_.messages(); }
  /// Sends something once more that was sent or acknowledged lately.
  void repeat();
  void ask_history();
  void type();
  /// Reads the whole history from its begin; `is_settled` once it has come.
  void read_all();
  std::size_t read_count() const noexcept { return read_; }
  /// For a failure's text.
  std::string state() const;

  std::size_t acked() const noexcept { return acked_.size(); }
  std::size_t gaps() const noexcept { return reading_.gaps(); }

 private:
  struct Pending {
    std::string body;
    bool sent = false;  // on this connection
  };
  struct Acked {
    std::string body;
    base::Epoch epoch;
    base::Seq seq;
  };

  void on_open() override;
  void on_text(const std::string& text) override;
  void on_lost() override;
  const char* subprotocol() const noexcept override { return "chat.v1"; }

  void on_welcome(const Json& frame);
  void on_ack(const Json& frame);
  void on_error(const Json& frame);
  void on_history(const Json& frame);
  void pump();
  void send(std::uint64_t n, const std::string& body);

  Reading reading_;
  const std::string secret_;
  std::string public_id_;
  std::optional<wire::Cursor> said_;  // in this connection's hello
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::uint64_t, Acked> acked_;
  std::uint64_t last_n_;
  std::size_t inflight_limit_ = 1;
  std::size_t inflight_ = 0;
  std::size_t pages_ = 0;  // asked for
  bool welcomed_ = false;
  bool reading_all_ = false;
  std::size_t read_ = 0;
};

/// A member of the plain dialect: sends and forgets.
class PlainClient final : public SimClient {
 public:
  PlainClient(World& world, Findings& findings, std::string name, base::RoomName room,
              std::uint64_t seed);

  void say(std::size_t bytes) override;
  bool is_settled() const override { return is_open(); }
  std::size_t messages() const noexcept override { return reading_.messages(); }

 private:
  void on_open() override { reading_.begin(generation()); }
  void on_text(const std::string& text) override;
  void on_lost() override {}
  const char* subprotocol() const noexcept override { return ""; }

  PlainReading reading_;
  std::uint64_t last_n_ = 0;
};

}  // namespace chat::tests
