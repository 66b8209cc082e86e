#include "color.hpp"

#include <unistd.h>

#include <cstdlib>

#include "checks.hpp"

namespace chat::tools {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

void add_color(CLI::App& verb, std::string& color) {
  verb.add_option("--color", color, "auto, always or never; NO_COLOR and CHAT_NO_COLOR are heeded")
      ->type_name("WHEN")
      ->check(one_of({"auto", "always", "never"}))
      ->capture_default_str();
}

bool wants_colors(const std::string& color) {
  if (color != "auto") return color == "always";
  return variable("NO_COLOR").empty() && variable("CHAT_NO_COLOR").empty();
}

bool wants_line_colors(const std::string& color) {
  const auto terminal = variable("TERM");
  const bool is_able = ::isatty(STDOUT_FILENO) == 1 && !terminal.empty() && terminal != "dumb";
  return wants_colors(color) && (is_able || color == "always");
}

}  // namespace chat::tools
