#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::bench {

/// A number for people: three significant digits, commas between thousands: "12,300", "1.05",
/// "0.00123"; an exponent where it would be long, "∞" and "?" where it is no number.
std::string amount(double value);

/// With its unit: "12.3 ms", "99.9%", "12,300/s". What has no unit is counted: a whole number keeps
/// all its digits. A percentage near 100 shows how near it is: "99.9987%".
std::string amount(double value, std::string_view unit);

/// With all its digits: "99.95%". `value` is one that a person wrote.
std::string exact_amount(double value, std::string_view unit);

/// All digits, with commas: "1,234,567".
std::string count_text(std::uint64_t count);

/// "12.3–15.1"; one number where both are shown alike.
std::string range_text(double least, double most, std::string_view unit);

/// What stands behind a number: " ms", "%", "/s", "".
std::string unit_behind(std::string_view unit);

}  // namespace chat::bench
