#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "bench.hpp"
#include "chat/base/text.hpp"
#include "chat/bench/descriptor.hpp"
#include "chat/bench/report/report_json.hpp"
#include "regular_file.hpp"

namespace chat::tools {
namespace {

tl::unexpected<std::string> failure(const std::string& file, const std::string& what) {
  return tl::unexpected(base::escape_for_log(file) + " " + what);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

tl::expected<bench::Report, std::string> read_report(const std::string& file) {
  if (const auto problem = problem_of_file(file, bench::kMostReportBytes); !problem.empty()) {
    return failure(file, problem);
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return failure(file, "cannot be read");
  auto report = bench::report_from_json(text.str());
  if (!report) return failure(file, "is no saved run of chat bench: " + report.error());
  return report;
}

tl::expected<void, std::string> write_report(const std::string& file, const bench::Report& report) {
  const std::string scratch = file + ".new";
  constexpr mode_t kMode = 0666;  // less what umask takes
  const bench::Descriptor made(
      ::open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (made.get() < 0) return failure(file, std::string("cannot be made: ") + std::strerror(errno));
  const bool is_written = write_all(made.get(), bench::to_json(report) + "\n");
  if (is_written && std::rename(scratch.c_str(), file.c_str()) == 0) return {};
  const std::string why = std::strerror(errno);
  ::unlink(scratch.c_str());
  return failure(file, "cannot be written: " + why);
}

}  // namespace chat::tools
