#include "chat/metrics/stats.hpp"

namespace chat::metrics {

void WorkerStats::add(const WorkerStats& other) {
  connections += other.connections;
  members_plain += other.members_plain;
  members_v1 += other.members_v1;
  rooms += other.rooms;
  queue_bytes += other.queue_bytes;
  accepted += other.accepted;
  handshakes += other.handshakes;
  http_requests += other.http_requests;
  published += other.published;
  repeats += other.repeats;
  deliveries += other.deliveries;
  bytes_sent += other.bytes_sent;
  writes += other.writes;
  slow_closes += other.slow_closes;
  descriptors_exhausted += other.descriptors_exhausted;
  resumes_recovered += other.resumes_recovered;
  resumes_trimmed += other.resumes_trimmed;
  resumes_other_epoch += other.resumes_other_epoch;
  for (const auto& [code, count] : other.errors_by_code) errors_by_code[code] += count;
  for (const auto& [code, count] : other.closes_by_code) closes_by_code[code] += count;
  delivery_ns.merge(other.delivery_ns);
  loop_lag_ns.merge(other.loop_lag_ns);
  if (other.broker) broker = other.broker;
  if (other.channels) channels = other.channels;
}

}  // namespace chat::metrics
