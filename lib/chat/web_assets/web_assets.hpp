#pragma once

#include <string_view>

namespace chat::web_assets {

/// A file of web/, built into the binary.
struct Asset {
  std::string_view path;  ///< below web/, "app.js"
  std::string_view content_type;
  std::string_view etag;  ///< quoted, as the header has it; changes with the bytes
  std::string_view body;
};

/// nullptr when there is none of that path. Thread: any.
const Asset* find(std::string_view path) noexcept;

}  // namespace chat::web_assets
