#pragma once

#include <string>
#include <vector>

namespace chat::tools {

/// A shell command that is given a text on stdin, and waited for.
class Command {
 public:
  /// Its environment is ours and what is `set`.
  explicit Command(std::string text);

  /// What is behind a NUL, or over 100 KiB, is left out: the environment cannot hold it.
  void set(const std::string& name, const std::string& value);
  /// Empty when it ended with 0; else how it ended, for people. It need not read its stdin.
  std::string run(const std::string& input);

 private:
  std::string text_;
  std::vector<std::string> variables_;
};

}  // namespace chat::tools
