#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

namespace chat::tests {

/// What goes to stderr while it lives.
class StderrCapture {
 public:
  StderrCapture() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    REQUIRE(saved_ >= 0);
    REQUIRE(::dup2(::fileno(file_), STDERR_FILENO) >= 0);
  }
  ~StderrCapture() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    std::fclose(file_);
  }
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  std::string text() const {
    std::string all;
    char buffer[4096];
    off_t at = 0;
    for (;;) {
      const ssize_t got = ::pread(::fileno(file_), buffer, sizeof buffer, at);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
      at += got;
    }
  }

 private:
  std::FILE* file_;
  int saved_;
};

}  // namespace chat::tests
