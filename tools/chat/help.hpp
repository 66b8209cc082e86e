#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chat::tools {

/// What an option's value is called ("WHEN"), without what its checks add of their own
/// ("WHEN:{auto,…}"): the description names the values. Empty for a switch; "[WHAT]" where the
/// option may stand without one.
std::string value_name(const CLI::Option& option);

/// Help in the order in which it is read: what it is, how it is called, examples, the options with
/// their defaults, the verbs, the rest (the footer).
class HelpFormatter final : public CLI::Formatter {
 public:
  /// `examples`: whole lines, indented by two.
  explicit HelpFormatter(std::string examples);

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_usage(const CLI::Option* option) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;

 private:
  std::string examples_;
};

}  // namespace chat::tools
