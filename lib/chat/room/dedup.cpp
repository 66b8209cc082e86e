#include "chat/room/dedup.hpp"

#include <algorithm>

namespace chat::room {
namespace {

constexpr char kFormat = 1;

void put(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

/// Reads what `put` wrote; `ok` turns false at the end of the bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  std::string_view text(std::uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

Dedup::Answer Dedup::judge(const base::ClientId& client, std::uint64_t n) const {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) return {};
  const auto& entries = found->second->entries;
  const auto at = std::lower_bound(entries.begin(), entries.end(), n,
                                   [](const Entry& entry, std::uint64_t x) { return entry.n < x; });
  if (at != entries.end() && at->n == n) return {Verdict::repeat, at->seq};
  const bool full = entries.size() == kDedupWindow;
  if (full && n < entries.front().n) return {Verdict::stale, {}};
  return {};
}

void Dedup::record(const base::ClientId& client, std::uint64_t n, base::Seq seq) {
  if (client.value().empty()) return;
  auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    windows_.push_front({client, {}});
    found = by_client_.emplace(client, windows_.begin()).first;
  } else {
    windows_.splice(windows_.begin(), windows_, found->second);
  }
  auto& entries = found->second->entries;
  const auto at = std::lower_bound(entries.begin(), entries.end(), n,
                                   [](const Entry& entry, std::uint64_t x) { return entry.n < x; });
  if (at != entries.end() && at->n == n) return;
  entries.insert(at, {n, seq});
  ++entries_;
  if (entries.size() > kDedupWindow) {
    entries.erase(entries.begin());
    --entries_;
  }
  while (entries_ > kDedupEntries && windows_.size() > 1) {
    entries_ -= windows_.back().entries.size();
    by_client_.erase(windows_.back().client);
    windows_.pop_back();
  }
}

std::string Dedup::snapshot() const {
  std::string out(1, kFormat);
  put(out, windows_.size());
  for (const auto& window : windows_) {
    put(out, window.client.value().size());
    out += window.client.value();
    put(out, window.entries.size());
    std::uint64_t last = 0;
    for (const auto& entry : window.entries) {
      put(out, entry.n - last);
      put(out, entry.seq.value());
      last = entry.n;
    }
  }
  return out;
}

bool Dedup::restore(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormat) return false;
  Reader in(bytes.substr(1));
  Dedup restored;
  const auto clients = in.number();
  for (std::uint64_t i = 0; i < clients && in.ok(); ++i) {
    Window window;
    window.client = base::ClientId(std::string(in.text(in.number())));
    const auto count = in.number();
    std::uint64_t last = 0;
    for (std::uint64_t k = 0; k < count && in.ok(); ++k) {
      const auto step = in.number();
      if (k > 0 && (step == 0 || last + step < last)) return false;
      last += step;
      window.entries.push_back({last, base::Seq(in.number())});
    }
    const bool known = restored.by_client_.count(window.client) > 0;
    if (known || window.client.value().empty() || window.entries.empty() ||
        window.entries.size() > kDedupWindow)
      return false;
    restored.entries_ += window.entries.size();
    restored.windows_.push_back(std::move(window));
    const auto place = std::prev(restored.windows_.end());
    restored.by_client_.emplace(place->client, place);
  }
  if (!in.ok() || !in.at_end() || restored.entries_ > kDedupEntries) return false;
  *this = std::move(restored);
  return true;
}

}  // namespace chat::room
