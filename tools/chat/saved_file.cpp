#include "saved_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace chat::tools {
namespace {

tl::unexpected<std::string> because(const char* what) {
  return tl::unexpected(std::string(what) + ": " + std::strerror(errno));
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool can_make_files_in(const std::string& folder) {
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// As the file that it takes the place of; else as any new one.
void take_on_mode(int descriptor, const std::string& path) {
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0) {
    // A stranger's file becomes one's own where this is not allowed.
    [[maybe_unused]] const int given = ::fchown(descriptor, before.st_uid, before.st_gid);
    ::fchmod(descriptor, before.st_mode & 07777U);
    return;
  }
  const mode_t masked = ::umask(0);
  ::umask(masked);
  ::fchmod(descriptor, 0666U & ~masked);
}

}  // namespace

tl::expected<SavedFile, std::string> SavedFile::at(const std::string& path) {
  SavedFile file;
  file.path_ = path;
  if (path.empty()) return tl::unexpected(std::string("is no name of a file"));
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return because("cannot be written");
    if (::lstat(path.c_str(), &status) == 0) {
      return tl::unexpected(std::string("is a link to what is not there"));
    }
    errno = ENOENT;
    if (!can_make_files_in(folder_of(path))) return because("cannot be made");
    return file;
  }
  if (S_ISDIR(status.st_mode)) return tl::unexpected(std::string("is a folder"));
  if (::access(path.c_str(), W_OK) != 0) return because("cannot be written");
  if (S_ISREG(status.st_mode)) {
    std::error_code error;
    file.path_ = std::filesystem::canonical(path, error).string();
    if (error) return tl::unexpected("cannot be written: " + error.message());
  }
  file.is_in_place_ = !S_ISREG(status.st_mode) || !can_make_files_in(folder_of(file.path_));
  return file;
}

tl::expected<void, std::string> SavedFile::write(std::string_view bytes) const {
  return is_in_place_ ? write_in_place(bytes) : replace(bytes);
}

tl::expected<void, std::string> SavedFile::write_in_place(std::string_view bytes) const {
  const int descriptor = ::open(path_.c_str(), O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
  const bool is_written = descriptor >= 0 && write_all(descriptor, bytes);
  const int why = errno;
  if (descriptor >= 0) ::close(descriptor);
  errno = why;
  if (!is_written) return because("cannot be written");
  return {};
}

tl::expected<void, std::string> SavedFile::replace(std::string_view bytes) const {
  std::string scratch = path_ + ".XXXXXX";
  const int descriptor = ::mkostemp(scratch.data(), O_CLOEXEC);
  if (descriptor < 0) return because("cannot be made");
  take_on_mode(descriptor, path_);
  const bool is_written =
      write_all(descriptor, bytes) && std::rename(scratch.c_str(), path_.c_str()) == 0;
  const int why = errno;
  ::close(descriptor);
  if (is_written) return {};
  ::unlink(scratch.c_str());
  errno = why;
  return because("cannot be written");
}

}  // namespace chat::tools
