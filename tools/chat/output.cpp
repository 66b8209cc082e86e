#include "output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "verb.hpp"

namespace chat::tools {

int print(const std::string& command, const std::string& text) {
  for (std::size_t written = 0; written < text.size();) {
    const auto size = ::write(STDOUT_FILENO, text.data() + written, text.size() - written);
    if (size >= 0) {
      written += static_cast<std::size_t>(size);
    } else if (errno == EAGAIN) {
      pollfd out{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&out, 1, -1);
    } else if (errno != EINTR) {
      std::fprintf(stderr, "%s: stdout takes nothing more\n", command.c_str());
      return kExitGeneral;
    }
  }
  return kExitOk;
}

}  // namespace chat::tools
