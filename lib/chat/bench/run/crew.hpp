#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/run/channel.hpp"

namespace chat::bench {

/// The workers of a load test: processes of this one, or of agents on other machines. They end with
/// it. Thread: one; a process that has no other thread when `gather` is called.
class Crew {
 public:
  struct Worker {
    Channel channel;
    std::size_t machine = 0;  ///< those with the same number have one clock
    bool is_local = true;     ///< … and 0 is this one
    std::string name;         ///< for people: "worker 2", "10.0.0.7:7000"
  };

  /// `processes` (≥ 1) of this machine or, where there are agents ("host:port"), of each of them.
  /// What went wrong, for people.
  static tl::expected<Crew, std::string> gather(std::size_t processes,
                                                const std::vector<std::string>& agents,
                                                const std::string& token);
  Crew(Crew&&) = default;
  Crew& operator=(Crew&&) = delete;
  ~Crew();

  std::vector<Worker>& workers() noexcept { return workers_; }
  std::size_t size() const noexcept { return workers_.size(); }
  /// Of each worker.
  std::vector<std::size_t> machines() const;

 private:
  Crew() = default;
  tl::expected<void, std::string> hire(std::size_t number);

  std::vector<Worker> workers_;
  std::vector<pid_t> children_;
};

}  // namespace chat::bench
