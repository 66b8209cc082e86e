// Writes what is drawn from some load tests into a folder, a file for each: for bench.py.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "chat/bench/report/comparison_html.hpp"
#include "chat/bench/report/comparison_json.hpp"
#include "chat/bench/report/comparison_text.hpp"
#include "chat/bench/report/report_csv.hpp"
#include "chat/bench/report/report_html.hpp"
#include "chat/bench/report/report_json.hpp"
#include "chat/bench/report/report_text.hpp"
#include "support/bench_reports.hpp"

using namespace chat;

namespace {

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  void write(const std::string& name, const std::string& text) {
    std::ofstream file(path_ / name, std::ios::binary);
    file << text;
    if (!file.flush()) is_good_ = false;
  }
  void write_all(const std::string& name, const bench::Report& report) {
    write(name + ".txt", bench::to_text(report));
    write(name + ".csv", bench::to_csv(report));
    write(name + ".json", bench::to_json(report));
    write(name + ".html", bench::to_html(report));
  }
  void write_all(const std::string& name, const std::vector<bench::ComparedRun>& runs) {
    const auto comparison = bench::compare(runs);
    write(name + ".txt", bench::comparison_text(comparison));
    write(name + ".json", bench::comparison_json(comparison));
    write(name + ".html", bench::comparison_html(runs, comparison));
  }
  bool is_good() const noexcept { return is_good_; }

 private:
  std::filesystem::path path_;
  bool is_good_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: golden_bench FOLDER\n", stderr), 2;
  Folder folder(argv[1]);
  const auto calm = tests::calm_report();
  const auto slower = tests::calm_report(1.3, "badc0de");
  folder.write_all("calm", calm);
  folder.write_all("troubled", tests::troubled_report());
  folder.write_all("idle", tests::idle_report());
  folder.write_all("short", tests::short_report());
  folder.write_all("two_runs", {{"before.json", calm}, {"after.json", slower}});
  folder.write_all("five_runs",
                   {{"results/2026-11-30/on a machine with two cores/before the change.json", calm},
                    {"results/2026-11-30/on a machine with two cores/after the change, which made "
                     "it slower.json",
                     slower},
                    {"c.json", tests::calm_report(0.5, "cafe123")},
                    {"troubled.json", tests::troubled_report()},
                    {"idle.json", tests::idle_report()}});
  return folder.is_good() ? 0 : 1;
}
