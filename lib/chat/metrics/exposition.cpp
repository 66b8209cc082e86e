#include "chat/metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <utility>
#include <vector>

namespace chat::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr double kNanosecondsPerSecond = 1e9;
constexpr std::array<double, 14> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                         0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};

using Labelled = std::vector<std::pair<std::string, std::uint64_t>>;

class Families {
 public:
  void gauge(std::string name, std::string help, std::uint64_t value) {
    ClientMetric metric;
    metric.gauge.value = static_cast<double>(value);
    add(std::move(name), std::move(help), MetricType::Gauge).metric.push_back(std::move(metric));
  }

  void counter(std::string name, std::string help, std::uint64_t value) {
    counter(std::move(name), std::move(help), static_cast<double>(value));
  }

  void counter(std::string name, std::string help, double value) {
    add(std::move(name), std::move(help), MetricType::Counter).metric.push_back(count(value, {}));
  }

  void gauges(std::string name, std::string help, const std::string& label,
              const Labelled& values) {
    auto& family = add(std::move(name), std::move(help), MetricType::Gauge);
    for (const auto& [key, value] : values) {
      ClientMetric metric;
      metric.gauge.value = static_cast<double>(value);
      metric.label = {{label, key}};
      family.metric.push_back(std::move(metric));
    }
  }

  void counters(std::string name, std::string help, const std::string& label,
                const Labelled& values) {
    auto& family = add(std::move(name), std::move(help), MetricType::Counter);
    for (const auto& [key, value] : values) {
      family.metric.push_back(count(static_cast<double>(value), {{label, key}}));
    }
  }

  void seconds(std::string name, std::string help, const base::Histogram& nanoseconds) {
    ClientMetric metric;
    metric.histogram.sample_count = nanoseconds.count();
    metric.histogram.sample_sum = static_cast<double>(nanoseconds.sum()) / kNanosecondsPerSecond;
    for (const double bound : kBounds) {
      ClientMetric::Bucket bucket;
      bucket.upper_bound = bound;
      bucket.cumulative_count =
          nanoseconds.count_at_or_below(static_cast<std::uint64_t>(bound * kNanosecondsPerSecond));
      metric.histogram.bucket.push_back(bucket);
    }
    add(std::move(name), std::move(help), MetricType::Histogram)
        .metric.push_back(std::move(metric));
  }

  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  MetricFamily& add(std::string name, std::string help, MetricType type) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    families_.push_back(std::move(family));
    return families_.back();
  }

  static ClientMetric count(double value, std::vector<ClientMetric::Label> labels) {
    ClientMetric metric;
    metric.counter.value = value;
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

Labelled pairs_of(const std::map<std::string, std::uint64_t>& values) {
  return {values.begin(), values.end()};
}

void add_broker(Families& out, const BrokerStats& stats) {
  out.gauges("chat_broker_connected", "1 while there is the connection to RabbitMQ", "for",
             {{"publishing", stats.publishing ? 1 : 0},
              {"reading", stats.reading ? 1 : 0},
              {"signals", stats.signalling ? 1 : 0}});
  out.gauge("chat_broker_nodes", "Nodes of the cluster that are known, this one included",
            stats.nodes);
  out.gauge("chat_broker_blocked", "1 while RabbitMQ takes no messages", stats.blocked ? 1 : 0);
  out.gauge("chat_broker_partitions", "Partitions of the log", stats.partitions);
  out.gauge("chat_broker_partitions_behind", "Partitions that this node has not caught up with",
            stats.partitions_behind);
  out.gauge("chat_broker_queued_messages", "Messages that have not come back from the log",
            stats.queued_messages);
  out.gauge("chat_broker_queued_bytes", "Their bytes", stats.queued_bytes);
  out.counter("chat_broker_connections_lost_total", "Connections to RabbitMQ that ended",
              stats.connections_lost);
  out.counter("chat_broker_records_published_total", "Records published into the log",
              stats.records_published);
  out.counter("chat_broker_records_republished_total", "Records published once more",
              stats.records_republished);
  out.counter("chat_broker_records_read_total", "Records read from the log", stats.records_read);
  out.counter("chat_broker_records_skipped_total", "Records that were passed over",
              stats.records_skipped);
  out.counter("chat_broker_refused_total", "Messages refused because too many waited",
              stats.refused);
  out.counter("chat_broker_restarts_total", "Partitions that began anew", stats.restarts);
  out.counter("chat_broker_signals_sent_total", "Signals of presence sent", stats.signals_sent);
  out.counter("chat_broker_signals_received_total", "Signals of other nodes",
              stats.signals_received);
  out.counter("chat_broker_signals_lost_total", "Signals that were not sent or did not arrive",
              stats.signals_dropped);
}

void add_channels(Families& out, const ChannelsStats& stats) {
  out.gauge("chat_channels_connected", "1 while all workers reach RabbitMQ",
            stats.connected ? 1 : 0);
  out.counter("chat_channels_connections_lost_total", "Connections to RabbitMQ that ended",
              stats.connections_lost);
  out.counter("chat_channels_published_total", "Messages given to the exchange", stats.published);
  out.counter("chat_channels_nacked_total", "Of these, not taken by every node: a queue was full",
              stats.nacked);
  out.counter("chat_channels_unsure_total",
              "Of these, not come back: whom they have reached is not known", stats.unsure);
  out.counter("chat_channels_received_total", "Messages of other nodes", stats.received);
  out.counter("chat_channels_skipped_total", "Received, and no message of a room", stats.skipped);
}

/// Names as Prometheus' client libraries have them, where they have them.
void add_process(Families& out, const ProcessStats& stats) {
  out.counter("process_cpu_seconds_total", "CPU time that the process has used",
              stats.user_s + stats.system_s);
  out.counter("process_cpu_user_seconds_total", "Of it, in its own code", stats.user_s);
  out.counter("process_cpu_system_seconds_total", "Of it, in the kernel", stats.system_s);
  if (stats.resident_bytes) {
    out.gauge("process_resident_memory_bytes", "Memory that the process has",
              *stats.resident_bytes);
  }
  out.counter("process_voluntary_context_switches_total", "Times that a thread had to wait",
              stats.voluntary_switches);
  out.counter("process_involuntary_context_switches_total",
              "Times that a thread had to make room for another", stats.involuntary_switches);
}

}  // namespace

std::string to_prometheus(const WorkerStats& stats, const ProcessStats& process, bool ready) {
  Families out;
  out.gauge("chat_ready", "1 while new connections are welcome", ready ? 1 : 0);
  out.gauge("chat_connections", "Open connections of every kind", stats.connections);
  out.gauges("chat_members", "Members of rooms by the dialect they speak", "dialect",
             {{"plain", stats.members_plain}, {"v1", stats.members_v1}});
  out.gauge("chat_rooms", "Rooms with members, summed over the workers", stats.rooms);
  out.gauge("chat_queue_bytes", "Bytes waiting for slow readers", stats.queue_bytes);
  out.counter("chat_accepted_total", "Connections accepted", stats.accepted);
  out.counter("chat_handshakes_total", "WebSocket handshakes completed", stats.handshakes);
  out.counter("chat_http_requests_total", "HTTP requests", stats.http_requests);
  out.counter("chat_messages_total", "Messages accepted into a room", stats.published);
  out.counter("chat_repeats_total", "Messages sent again and recognised", stats.repeats);
  out.counter("chat_deliveries_total", "Frames handed to members", stats.deliveries);
  out.counter("chat_sent_bytes_total", "Bytes given to the kernel", stats.bytes_sent);
  out.counter("chat_writes_total", "System calls that wrote them", stats.writes);
  out.counter("chat_slow_closes_total", "Readers closed as too slow", stats.slow_closes);
  out.counter("chat_descriptors_exhausted_total", "Times no file descriptor was left",
              stats.descriptors_exhausted);
  out.counters("chat_resumes_total", "Resumes by outcome", "outcome",
               {{"recovered", stats.resumes_recovered},
                {"trimmed", stats.resumes_trimmed},
                {"other_epoch", stats.resumes_other_epoch}});
  out.counters("chat_errors_total", "Errors told to clients", "code",
               pairs_of(stats.errors_by_code));
  out.counters("chat_closes_total", "WebSockets ended", "code", pairs_of(stats.closes_by_code));
  out.seconds("chat_delivery_seconds",
              "From reading a message off its socket to the end of its fan-out", stats.delivery_ns);
  out.seconds("chat_loop_lag_seconds", "How late a worker's timer ran", stats.loop_lag_ns);
  add_process(out, process);
  if (stats.broker) add_broker(out, *stats.broker);
  if (stats.channels) add_channels(out, *stats.channels);
  return out.text();
}

}  // namespace chat::metrics
