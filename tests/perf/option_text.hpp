#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace perf {

/// What is wrong with the command line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a server listens.
struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// The value of an option, or UsageError. A number is finite and not negative; a count whole.
double number_of(const std::string& option, const std::string& text);
std::size_t count_of(const std::string& option, const std::string& text);
Address address_of(const std::string& option, const std::string& text);

}  // namespace perf
