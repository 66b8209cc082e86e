#include "regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "chat/base/text.hpp"

namespace chat::tools {

std::string problem_of_file(int descriptor, std::size_t most_bytes) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return std::string("cannot be read: ") + std::strerror(errno);
  }
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  if (static_cast<std::size_t>(status.st_size) <= most_bytes) return {};
  return "is larger than " + std::to_string(most_bytes >> 20U) + " MiB";
}

std::string problem_of_file(const std::string& path, std::size_t most_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return std::string("cannot be read: ") + std::strerror(errno);
  auto problem = problem_of_file(descriptor, most_bytes);
  ::close(descriptor);
  return problem;
}

std::string problem_of_ca_file(const std::string& path) {
  constexpr std::size_t kMostBytes = 16U << 20;  // a system's own has some hundred KiB
  const auto problem = path.empty() ? path : problem_of_file(path, kMostBytes);
  return problem.empty() ? problem : "--ca-file " + base::escape_for_log(path) + " " + problem;
}

}  // namespace chat::tools
