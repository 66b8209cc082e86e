#include "chat/bench/foreign_json.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace chat::bench {
namespace {

using Json = nlohmann::json;

const Json* child(const Json& parent, std::string_view step) {
  if (parent.is_object()) {
    const auto found = parent.find(std::string(step));
    return found == parent.end() ? nullptr : &*found;
  }
  if (!parent.is_array()) return nullptr;
  std::size_t index = 0;
  const char* const end = step.data() + step.size();
  const auto read = std::from_chars(step.data(), end, index);
  const bool is_there = read.ec == std::errc() && read.ptr == end && index < parent.size();
  return is_there ? &parent[index] : nullptr;
}

const Json* find(const Json& root, ForeignJson::Path path) {
  const Json* at = &root;
  for (const auto step : path) {
    at = child(*at, step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

/// What is deeper is left out: nlohmann copies and writes by recursion.
constexpr int kMaxDepth = 32;

Json parse(std::string_view text) {
  // nlohmann takes a NUL for the end of a text.
  if (text.find('\0') != std::string_view::npos) return Json(Json::value_t::discarded);
  const auto is_shallow = [](int depth, Json::parse_event_t, const Json&) {
    return depth < kMaxDepth;
  };
  return Json::parse(text, is_shallow, false);
}

}  // namespace

struct ForeignJson::Value {
  Json json;
};

ForeignJson::ForeignJson(std::shared_ptr<const Value> value) : value_(std::move(value)) {}

ForeignJson::ForeignJson(std::string_view text)
    : ForeignJson(std::make_shared<const Value>(Value{parse(text)})) {}

bool ForeignJson::is_object(Path path) const {
  const Json* at = find(value_->json, path);
  return at != nullptr && at->is_object();
}

bool ForeignJson::is_array(Path path) const {
  const Json* at = find(value_->json, path);
  return at != nullptr && at->is_array();
}

bool ForeignJson::is_empty_object() const {
  return value_->json.is_object() && value_->json.empty();
}

std::string ForeignJson::text(Path path) const {
  const Json* at = find(value_->json, path);
  return at != nullptr && at->is_string() ? at->get<std::string>() : std::string();
}

std::uint64_t ForeignJson::natural(Path path) const {
  const Json* at = find(value_->json, path);
  return at != nullptr && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

std::string ForeignJson::shown(Path path) const {
  const Json* at = find(value_->json, path);
  if (at == nullptr || at->is_discarded()) return {};
  if (at->is_string()) return at->get<std::string>();
  return at->dump(-1, ' ', false, Json::error_handler_t::replace);
}

ForeignJson ForeignJson::within(Path path) const {
  const Json* at = find(value_->json, path);
  if (at == nullptr) return ForeignJson(std::string_view());
  if (at->is_string()) return ForeignJson(std::string_view(at->get_ref<const std::string&>()));
  return ForeignJson(std::make_shared<const Value>(Value{*at}));
}

}  // namespace chat::bench
