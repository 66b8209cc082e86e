#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/histogram.hpp"

namespace perf {

/// The members of one JSON object.
class Object {
 public:
  Object& number(std::string_view key, double value);
  Object& count(std::string_view key, std::uint64_t value);
  Object& flag(std::string_view key, bool value);
  Object& json(std::string_view key, std::string_view value);
  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

/// `amount / count`; 0 when there is no count.
double per(double amount, double count) noexcept;

/// A JSON object of quantiles in µs.
std::string quantiles_us(const chat::base::Histogram& nanos);

}  // namespace perf
