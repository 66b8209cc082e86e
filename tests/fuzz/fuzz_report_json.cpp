// Whatever text is in a file of a saved load test: it is refused with words, or it is a report that
// is saved and read again as the same, and can be drawn.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/base/text.hpp"
#include "chat/bench/report/comparison_html.hpp"
#include "chat/bench/report/comparison_text.hpp"
#include "chat/bench/report/report_csv.hpp"
#include "chat/bench/report/report_html.hpp"
#include "chat/bench/report/report_json.hpp"
#include "chat/bench/report/report_text.hpp"

namespace {

namespace bench = chat::bench;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken law: %s\n", what);
  std::abort();
}

/// A terminal obeys no part of it.
void check_lines(const std::string& text) {
  require(chat::base::is_utf8(text), "lines are UTF-8");
  for (const char c : text) {
    require(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "lines have no control character");
  }
}

constexpr std::array<std::string_view, 41> kTags{
    "!DOCTYPE", "html",   "head",    "meta",    "title",     "style", "body", "main",  "header",
    "section",  "h1",     "h2",      "h3",      "p",         "ul",    "li",   "dl",    "dt",
    "dd",       "table",  "thead",   "tbody",   "tr",        "th",    "td",   "small", "span",
    "bdi",      "div",    "svg",     "caption", "figure",    "desc",  "g",    "line",  "text",
    "path",     "circle", "details", "summary", "figcaption"};

/// It has no element but those that a page is made of.
void check_page(std::string_view page) {
  for (auto at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    auto tag = page.substr(at + 1, page.find_first_of(" >", at) - at - 1);
    if (tag.substr(0, 1) == "/") tag.remove_prefix(1);
    require(std::find(kTags.begin(), kTags.end(), tag) != kTags.end(),
            "a page has no markup of a stranger");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto report = bench::report_from_json(text);
  if (!report) {
    require(!report.error().empty(), "a refusal has words");
    check_lines(report.error());
    return 0;
  }
  const std::string saved = bench::to_json(*report);
  const auto again = bench::report_from_json(saved);
  require(again.has_value(), "what was saved can be read");
  require(bench::to_json(*again) == saved, "what was read is what was saved");
  check_lines(bench::to_text(*report));
  check_lines(bench::to_csv(*report));
  check_page(bench::to_html(*report));
  const std::vector<bench::ComparedRun> runs{{"a", *again}, {"b", std::move(*report)}};
  const auto comparison = bench::compare(runs);
  require(comparison.workload.empty(), "a run is like itself");
  check_lines(bench::comparison_text(comparison));
  check_page(bench::comparison_html(runs, comparison));
  return 0;
}
