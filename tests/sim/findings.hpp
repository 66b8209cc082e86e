#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chat::tests {

/// What was found to be wrong in a run.
class Findings {
 public:
  void add(const std::string& finding) { all_.push_back(finding.substr(0, kTold)); }
  bool empty() const noexcept { return all_.empty(); }
  /// The first one; later ones often follow from it.
  const std::string& first() const { return all_.front(); }

 private:
  static constexpr std::size_t kTold = 400;  // of a finding: bodies are long

  std::vector<std::string> all_;
};

}  // namespace chat::tests
