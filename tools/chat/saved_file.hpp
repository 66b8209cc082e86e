#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace chat::tools {

/// A file that is written once, when there is something to write. A regular one is written whole or
/// not at all: until then what is there stays, and so do its links, mode and owner. What is no
/// regular file (a device, a FIFO), and what stands in a folder in which nothing can be made, is
/// written as it is. Errors are words that go behind its name: "is a folder".
class SavedFile {
 public:
  /// Looks whether it can be written, as far as that can be told before, and writes nothing.
  static tl::expected<SavedFile, std::string> at(const std::string& path);

  tl::expected<void, std::string> write(std::string_view bytes) const;

 private:
  tl::expected<void, std::string> write_in_place(std::string_view bytes) const;
  tl::expected<void, std::string> replace(std::string_view bytes) const;

  std::string path_;  // behind all links
  bool is_in_place_ = false;
};

}  // namespace chat::tools
