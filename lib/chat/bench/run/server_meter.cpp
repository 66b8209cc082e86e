#include "chat/bench/run/server_meter.hpp"

#include <chrono>
#include <utility>

#include "chat/base/host_port.hpp"
#include "chat/base/text.hpp"
#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/process_meter.hpp"
#include "chat/http/http_client.hpp"

namespace chat::bench {
namespace {

using Failure = tl::unexpected<std::string>;

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kTlsPort = 443;
constexpr std::size_t kMostBytes = 16U << 20;
constexpr std::chrono::seconds kBound{10};
constexpr std::size_t kShownBytes = 80;

class ProcessesMeter final : public ServerMeter {
 public:
  explicit ProcessesMeter(std::vector<pid_t> pids) : pids_(std::move(pids)) {}

  tl::expected<ServerUse, std::string> read() override {
    const auto processes = read_use(pids_);
    if (!processes) return Failure(processes.error());
    const auto memory = read_memory(pids_);
    if (!memory) return Failure(memory.error());
    ServerUse use;
    use.cpu_s = static_cast<double>(processes->cpu_ns) / static_cast<double>(kNanosPerSecond);
    use.user_s = processes->user_s;
    use.system_s = processes->system_s;
    use.rss_bytes = memory->rss_bytes;
    use.voluntary_switches = processes->voluntary_switches;
    use.involuntary_switches = processes->involuntary_switches;
    return use;
  }

 private:
  std::vector<pid_t> pids_;
};

/// Where a server tells of itself.
struct Source {
  std::string path;
  std::string text;  ///< the whole address, for messages
  http::HttpClient client;
};

class UrlsMeter final : public ServerMeter {
 public:
  explicit UrlsMeter(std::vector<Source> sources) : sources_(std::move(sources)) {}

  tl::expected<ServerUse, std::string> read() override {
    auto sum = read_one(sources_.front());
    for (std::size_t i = 1; sum && i < sources_.size(); ++i) {
      auto next = read_one(sources_[i]);
      if (!next) return next;
      sum->add(*next);
    }
    return sum;
  }

 private:
  static tl::expected<ServerUse, std::string> read_one(Source& source) {
    const auto answer = source.client.call("GET", source.path);
    if (!answer) return Failure(answer.error().text);
    if (answer->status != 200) {
      return Failure(source.text + ": the answer is " + std::to_string(answer->status));
    }
    auto use = use_of_exposition(answer->body);
    if (!use) return Failure(source.text + ": " + use.error());
    return use;
  }

  std::vector<Source> sources_;
};

bool take(std::string_view& text, std::string_view start) {
  if (text.substr(0, start.size()) != start) return false;
  text.remove_prefix(start.size());
  return true;
}

tl::expected<Source, std::string> source_of(std::string_view url) {
  // An address may have a password in it, which is not repeated.
  const auto wrong = [](const std::string& what) {
    return Failure("an address of metrics: " + what);
  };
  http::HttpTarget target;
  target.expected = "a server that tells its metrics";
  target.url.tls = take(url, "https://");
  if (!target.url.tls && !take(url, "http://")) {
    return wrong("write http://HOST[:PORT][/PATH], or https:// for TLS");
  }
  const auto end = url.find_first_of("/?#");
  const auto authority = url.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return wrong("no user in it");
  const auto place = base::parse_host_port(authority, target.url.tls ? kTlsPort : kPort);
  if (!place) return wrong(place.error());
  std::string path(end == std::string_view::npos ? "/" : url.substr(end));
  if (path.front() != '/') path.insert(0, "/");
  if (path.find_first_of(" #") != std::string::npos || base::has_unprintable(path)) {
    return wrong("\"" + base::escape_for_log(path, kShownBytes) + "\" is not a path");
  }
  if (path == "/") path = "/metrics";
  target.url.host = place->name;
  target.url.port = place->port;
  target.whole_bound = kBound;
  target.most_bytes = kMostBytes;
  return Source{path, http::describe(target.url) + path, http::HttpClient(std::move(target))};
}

}  // namespace

std::unique_ptr<ServerMeter> meter_of_processes(std::vector<pid_t> pids) {
  return std::make_unique<ProcessesMeter>(std::move(pids));
}

tl::expected<std::unique_ptr<ServerMeter>, std::string> meter_of_urls(
    const std::vector<std::string>& urls) {
  if (urls.empty()) return Failure("no address of metrics");
  std::vector<Source> sources;
  for (const auto& each : urls) {
    auto source = source_of(each);
    if (!source) return Failure(std::move(source.error()));
    sources.push_back(std::move(*source));
  }
  return std::make_unique<UrlsMeter>(std::move(sources));
}

}  // namespace chat::bench
