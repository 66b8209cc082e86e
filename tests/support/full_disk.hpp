#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>

namespace chat::tests {

/// While it lives, files of this process cannot grow, as on a full disk.
class FullDisk {
 public:
  FullDisk() {
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &limit_) == 0);
    rlimit full = limit_;
    full.rlim_cur = 1;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &full) == 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace chat::tests
