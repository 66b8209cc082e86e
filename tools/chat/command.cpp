#include "command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace chat::tools {
namespace {

/// Linux takes 128 KiB for one variable (MAX_ARG_STRLEN).
constexpr std::size_t kMostValue = 100U << 10;

/// Ours without those of the same names.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all = variables;
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const std::string one = *inherited;
    const auto name = one.substr(0, one.find('=') + 1);
    bool is_set = false;
    for (const auto& variable : variables) is_set = is_set || variable.rfind(name, 0) == 0;
    if (!is_set) all.push_back(one);
  }
  return all;
}

/// stdin from `input`, no signal blocked, none ignored that we ignore.
class Spawning {
 public:
  explicit Spawning(int input) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t usual;
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawning() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

void write_all(int descriptor, const std::string& text) {
  for (std::size_t written = 0; written < text.size();) {
    const auto size = ::write(descriptor, text.data() + written, text.size() - written);
    if (size < 0 && errno != EINTR) return;
    if (size > 0) written += static_cast<std::size_t>(size);
  }
}

std::string ending_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::string("it cannot be waited for: ") + std::strerror(errno);
  }
  if (WIFSIGNALED(status))
    return "the command was ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  return code == 0 ? std::string() : "the command failed with exit code " + std::to_string(code);
}

}  // namespace

Command::Command(std::string text) : text_(std::move(text)) {}

void Command::set(const std::string& name, const std::string& value) {
  std::size_t size = std::min(value.find('\0'), value.size());
  if (size > kMostValue) {
    size = kMostValue;
    while (size > 0 && (static_cast<unsigned char>(value[size]) & 0xC0U) == 0x80U) --size;
  }
  variables_.push_back(name + "=" + value.substr(0, size));
}

std::string Command::run(const std::string& input) {
  auto variables = environment_with(variables_);
  std::vector<char*> environment;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::string("no pipe: ") + std::strerror(errno);
  std::string shell = "sh";
  std::string option = "-c";
  std::array<char*, 4> words{shell.data(), option.data(), text_.data(), nullptr};
  const Spawning how(ends[0]);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, "/bin/sh", &how.actions, &how.attributes, words.data(),
                                    environment.data());
  ::close(ends[0]);
  if (failure == 0) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    write_all(ends[1], input);
    std::signal(SIGPIPE, before);
  }
  ::close(ends[1]);
  if (failure != 0) return std::string("the shell cannot be started: ") + std::strerror(failure);
  return ending_of(child);
}

}  // namespace chat::tools
