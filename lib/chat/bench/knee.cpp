#include "chat/bench/knee.hpp"

#include <algorithm>
#include <cmath>

namespace chat::bench {

Knee::Knee(const Options& options)
    : options_(options), level_(std::clamp(options.first, options.least, options.most)) {}

void Knee::on_run(bool held) {
  ++(held ? held_ : failed_);
  if (held_ > options_.repeats / 2) {
    judge(true);
  } else if (failed_ > options_.repeats / 2) {
    judge(false);
  }
}

void Knee::judge(bool held) {
  held_ = failed_ = 0;
  (held ? found_.held : found_.failed) = level_;
  level_ = choose();
}

std::optional<double> Knee::choose() const {
  if (!found_.failed) {
    if (*found_.held >= options_.most) return std::nullopt;
    return std::min(*found_.held * 2, options_.most);
  }
  if (!found_.held) {
    if (*found_.failed <= options_.least) return std::nullopt;
    return std::max(*found_.failed / 2, options_.least);
  }
  if (*found_.failed <= *found_.held * (1 + options_.precision)) return std::nullopt;
  return std::sqrt(*found_.held * *found_.failed);
}

}  // namespace chat::bench
