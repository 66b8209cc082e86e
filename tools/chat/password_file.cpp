#include "password_file.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "chat/base/text.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kMostBytes = 1024;

class File {
 public:
  explicit File(int fd) noexcept : fd_(fd) {}
  ~File() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// A terminal that shows nothing of what is typed, as long as it lives.
class NoEcho {
 public:
  NoEcho(int fd, const std::string& secret)
      : fd_(fd), is_on_(::isatty(fd) == 1 && ::tcgetattr(fd, &before_) == 0) {
    if (!is_on_) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
    std::fprintf(stderr, "%s: ", secret.c_str());
  }
  ~NoEcho() {
    if (!is_on_) return;
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    std::fputs("\n", stderr);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
  bool is_on_;
};

/// `secret`: what it is, "password".
tl::unexpected<std::string> wrong(const std::string& secret, const std::string& file,
                                  const std::string& what) {
  const std::string which =
      file == "-" ? " from stdin " : " file " + base::escape_for_log(file) + " ";
  return tl::unexpected<std::string>("the " + secret + which + what);
}

}  // namespace

tl::expected<std::string, std::string> read_password(const std::string& file,
                                                     const std::string& secret) {
  const File opened(file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.fd() < 0)
    return wrong(secret, file, std::string("cannot be read: ") + std::strerror(errno));
  const NoEcho no_echo(opened.fd(), secret);
  std::string line;
  for (char c = 0; line.size() <= kMostBytes;) {
    const auto got = ::read(opened.fd(), &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong(secret, file, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0 || c == '\n') break;
    line += c;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) return wrong(secret, file, "is empty");
  if (line.size() > kMostBytes) return wrong(secret, file, "is too long for one");
  if (line.find('\0') != std::string::npos) return wrong(secret, file, "has a NUL in it");
  return line;
}

tl::expected<void, std::string> write_password(const std::string& file,
                                               const std::string& password) {
  const File made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (made.fd() < 0) {
    const std::string what = errno == EEXIST
                                 ? "is there already; move it away, or name another one with "
                                   "--user-password-file"
                                 : std::string("cannot be made: ") + std::strerror(errno);
    return wrong("password", file, what);
  }
  const auto line = password + "\n";
  const bool is_written =
      ::write(made.fd(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(made.fd()) == 0;
  if (!is_written)
    return wrong("password", file, std::string("cannot be written: ") + std::strerror(errno));
  return {};
}

}  // namespace chat::tools
