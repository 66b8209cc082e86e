#include <fstream>
#include <sstream>

#include "bench.hpp"
#include "chat/base/text.hpp"
#include "chat/bench/report/report_json.hpp"
#include "regular_file.hpp"

namespace chat::tools {
namespace {

tl::unexpected<std::string> failure(const std::string& file, const std::string& what) {
  return tl::unexpected(base::escape_for_log(file) + " " + what);
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

}  // namespace chat::tools
