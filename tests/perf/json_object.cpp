#include "json_object.hpp"

#include <array>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace perf {
namespace {

/// printf's text, cut after 511 characters.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...) {
  std::array<char, 512> text;
  std::va_list values;
  va_start(values, format);
  std::vsnprintf(text.data(), text.size(), format, values);
  va_end(values);
  return text.data();
}

}  // namespace

Object& Object::number(std::string_view key, double value) {
  return json(key, formatted("%.9g", value));
}

Object& Object::count(std::string_view key, std::uint64_t value) {
  return json(key, formatted("%" PRIu64, value));
}

Object& Object::flag(std::string_view key, bool value) {
  return json(key, value ? "true" : "false");
}

Object& Object::json(std::string_view key, std::string_view value) {
  if (!members_.empty()) members_ += ',';
  members_.append("\"").append(key).append("\":").append(value);
  return *this;
}

double per(double amount, double count) noexcept { return count > 0 ? amount / count : 0; }

std::string quantiles_us(const chat::base::Histogram& nanos) {
  const auto us = [&nanos](double quantile) {
    return static_cast<double>(nanos.quantile(quantile)) / 1000;
  };
  return Object()
      .number("p50", us(0.5))
      .number("p90", us(0.9))
      .number("p99", us(0.99))
      .number("p99_9", us(0.999))
      .number("max", static_cast<double>(nanos.max()) / 1000)
      .text();
}

}  // namespace perf
