#pragma once
#include "chat/bench/report/comparison.hpp"
namespace chat::bench {
inline std::string to_html(const Report&) { return {}; }
inline std::string comparison_html(const std::vector<ComparedRun>&, const Comparison&) {
  return {};
}
}  // namespace chat::bench
