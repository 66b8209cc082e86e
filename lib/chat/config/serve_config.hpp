#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/log.hpp"
#include "chat/wire/limits.hpp"

namespace chat::config {

/// How nodes share rooms over RabbitMQ.
enum class Layer {
  stream,   ///< one order and one history, in streams
  channels  ///< with nodes of Django Channels, by their exchange; at most once
};

/// Everything `chat serve` can be told; the values are the defaults. Plain data: filled by the
/// verb, checked by `problem_of`, read by the server.
struct ServeConfig {
  std::vector<std::string> listen{"127.0.0.1:8000"};
  std::string data_directory;                        ///< empty: history in memory
  std::string broker = "local";                      ///< or amqp[s]://USER@HOST[:PORT][,…]/VHOST
  Layer layer = Layer::stream;                       ///< with amqp
  std::string amqp_password_file;                    ///< empty: guest's
  std::chrono::milliseconds presence_lease{10'000};  ///< of a node, to the others
  std::string amqp_ca_file;                          ///< PEM; empty: the system's
  std::size_t workers = 0;                ///< 0: one less than the machine has cores, 1 to 4
  std::vector<std::string> allow_origin;  ///< "https://chat.example", or "*"
  bool debug_echo = false;

  wire::Limits limits;

  // History. 0 = that bound does not hold.
  std::size_t history_max_messages = 10'000;         ///< per room
  std::size_t history_max_bytes = 8U << 20;          ///< per room
  std::size_t history_max_total_bytes = 512U << 20;  ///< over all rooms in memory
  std::chrono::milliseconds history_max_age = std::chrono::hours(24 * 7);

  // Protection. 0 = unlimited where it says so.
  std::size_t max_connections = 20'000;             ///< 0 = unlimited
  std::size_t max_connections_per_address = 1'000;  ///< 0 = unlimited
  std::size_t max_rooms = 10'000;                   ///< with members, on this node
  std::size_t max_outbox_bytes = 4U << 20;          ///< waiting for one slow reader
  std::size_t max_head_bytes = 8192;                ///< of an HTTP request's head
  double max_control_frames_per_second = 20;        ///< pings and pongs; 0 = unlimited
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds hello_timeout{10'000};
  std::chrono::milliseconds ping_interval{20'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds stall_timeout{30'000};

  std::chrono::milliseconds drain_timeout{10'000};
  std::chrono::milliseconds drain_spread{5'000};  ///< clients are told to come back within it

  base::LogFormat log_format = base::LogFormat::text;
  base::LogLevel log_level = base::LogLevel::info;
};

/// What is wrong with a configuration and what to do, in one line; empty when nothing is.
std::string problem_of(const ServeConfig& config);

/// The number of workers that a configuration means on a machine with `cores`.
std::size_t worker_count(const ServeConfig& config, unsigned cores) noexcept;

}  // namespace chat::config
