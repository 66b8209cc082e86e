#include "chat/bench/payload.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

using Unexpected = tl::unexpected<std::string>;

constexpr std::string_view kExponential = "exp:";
constexpr std::string_view kTo = "..";

Unexpected not_a_payload(std::string_view text) {
  return Unexpected("\"" + base::escape_for_log(text) +
                    "\" is no size of a text: 100, 100..1000, exp:200 and 100*9,4000*1 are");
}

/// False for what is no number of digits alone; one that is too large is the largest there is.
bool read_number(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec == std::errc::result_out_of_range) number = UINT64_MAX;
  return read.ec != std::errc::invalid_argument && read.ptr == end;
}

tl::expected<std::size_t, std::string> read_size(std::string_view text) {
  std::uint64_t size = 0;
  if (!read_number(text, size)) return not_a_payload(text);
  if (size >= Payload::kLeast && size <= Payload::kMost) return size;
  return Unexpected("a text has " + std::to_string(Payload::kLeast) + " to " +
                    std::to_string(Payload::kMost) + " bytes, not " +
                    base::escape_for_log(text, 32));
}

/// From 0 to 1, neither of them.
double uniform_of(std::uint64_t dice) {
  constexpr double kSteps = 9007199254740992.0;  // 2^53
  return (static_cast<double>(dice >> 11U) + 0.5) / kSteps;
}

}  // namespace

tl::expected<Payload, std::string> Payload::parse(std::string_view text) {
  if (text.substr(0, kExponential.size()) == kExponential) {
    return parse_exponential(text.substr(kExponential.size()));
  }
  if (text.find_first_of(",*") != text.npos) return parse_list(text);
  const std::size_t to = text.find(kTo);
  if (to == text.npos) return parse_range(text, text);
  return parse_range(text.substr(0, to), text.substr(to + kTo.size()));
}

tl::expected<Payload, std::string> Payload::parse_range(std::string_view least,
                                                        std::string_view most) {
  const auto from = read_size(least);
  if (!from) return Unexpected(from.error());
  const auto to = read_size(most);
  if (!to) return Unexpected(to.error());
  if (*from <= *to) return uniform(*from, *to);
  return Unexpected("sizes go up: " + std::to_string(*to) + ".." + std::to_string(*from));
}

tl::expected<Payload, std::string> Payload::parse_exponential(std::string_view mean) {
  const auto size = read_size(mean);
  if (!size) return Unexpected(size.error());
  Payload payload = uniform(kLeast, *size == kLeast ? kLeast : kMost);
  payload.kind_ = Kind::exponential;
  payload.behind_ = *size - kLeast;
  return payload;
}

tl::expected<Payload, std::string> Payload::parse_list(std::string_view text) {
  Payload payload = uniform(kMost, kLeast);
  payload.kind_ = Kind::list;
  for (bool is_last = false; !is_last;) {
    const std::size_t end = text.find(',');
    is_last = end == text.npos;
    const auto part = parse_part(text.substr(0, end));
    if (!part) return Unexpected(part.error());
    payload.parts_.push_back(*part);
    payload.weights_ += part->weight;
    payload.least_ = std::min(payload.least_, part->size);
    payload.most_ = std::max(payload.most_, part->size);
    text.remove_prefix(is_last ? text.size() : end + 1);
  }
  return payload.least_ == payload.most_ ? uniform(payload.least_, payload.most_) : payload;
}

tl::expected<Payload::Part, std::string> Payload::parse_part(std::string_view text) {
  const std::size_t times = text.find('*');
  const auto size = read_size(text.substr(0, times));
  if (!size) return Unexpected(size.error());
  if (times == text.npos) return Part{*size, 1};
  const auto written = text.substr(times + 1);
  std::uint64_t weight = 0;
  if (!read_number(written, weight)) return not_a_payload(text);
  if (weight >= 1 && weight <= kMaxWeight) return Part{*size, static_cast<std::uint32_t>(weight)};
  return Unexpected("a weight is from 1 to " + std::to_string(kMaxWeight) + ", not " +
                    base::escape_for_log(written, 32));
}

Payload Payload::uniform(std::size_t least, std::size_t most) {
  Payload payload;
  payload.least_ = least;
  payload.most_ = most;
  return payload;
}

/// By hand: the standard library's distributions differ between implementations.
std::size_t Payload::size(std::mt19937_64& random) const {
  if (kind_ == Kind::list) return of_list(random() % weights_);
  if (kind_ == Kind::uniform) return least_ + random() % (most_ - least_ + 1);
  const double behind = -std::log(uniform_of(random())) * static_cast<double>(behind_);
  return std::min(kLeast + static_cast<std::size_t>(std::llround(behind)), most_);
}

std::size_t Payload::of_list(std::uint64_t turn) const noexcept {
  for (const Part& part : parts_) {
    if (turn < part.weight) return part.size;
    turn -= part.weight;
  }
  return most_;
}

double Payload::mean() const noexcept {
  const auto least = static_cast<double>(least_);
  if (kind_ == Kind::uniform) return (least + static_cast<double>(most_)) / 2;
  if (kind_ == Kind::list) {
    double sum = 0;
    for (const Part& part : parts_) {
      sum += static_cast<double>(part.size) * static_cast<double>(part.weight);
    }
    return sum / static_cast<double>(weights_);
  }
  // The sum over k from 1 to `room` of how likely k bytes or more are, once rounded.
  if (behind_ == 0) return least;
  const auto behind = static_cast<double>(behind_);
  const auto room = static_cast<double>(most_ - least_);
  return least - std::expm1(-room / behind) / (2 * std::sinh(0.5 / behind));
}

std::string Payload::text() const {
  if (kind_ == Kind::exponential) {
    return std::string(kExponential).append(std::to_string(kLeast + behind_));
  }
  if (kind_ == Kind::uniform) {
    const std::string least = std::to_string(least_);
    return least_ == most_ ? least : least + std::string(kTo) + std::to_string(most_);
  }
  std::string text;
  for (const Part& part : parts_) {
    if (!text.empty()) text += ',';
    text += std::to_string(part.size) + "*" + std::to_string(part.weight);
  }
  return text;
}

}  // namespace chat::bench
