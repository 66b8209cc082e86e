#include "chat/web_assets/web_assets.hpp"

namespace chat::web_assets {
namespace {

Asset asset(std::string_view path, std::string_view type, const char* etag,
            const unsigned char* bytes, unsigned long size) {
  return {path, type, etag, {reinterpret_cast<const char*>(bytes), size}};
}

}  // namespace
}  // namespace chat::web_assets

using chat::web_assets::Asset;
using chat::web_assets::asset;
#include "table.inc"

namespace chat::web_assets {

const Asset* find(std::string_view path) noexcept {
  unsigned long count = 0;
  const Asset* assets = all_assets(count);
  for (unsigned long i = 0; i < count; ++i) {
    if (assets[i].path == path) return assets + i;
  }
  return nullptr;
}

}  // namespace chat::web_assets
