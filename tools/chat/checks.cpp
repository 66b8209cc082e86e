#include "checks.hpp"

#include <string>

namespace chat::tools {

CLI::Validator from_zero() {
  return CLI::Validator(
      [](const std::string& word) {
        return word.rfind('-', 0) == 0 ? word + " is less than 0" : std::string();
      },
      "");
}

}  // namespace chat::tools
