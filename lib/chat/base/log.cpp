#include "chat/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <memory>

#include "chat/base/text.hpp"

namespace chat::base {
namespace {

constexpr std::size_t kMaxMessageBytes = 1024;
constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "off"};

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<LogFormat> chosen_format{LogFormat::text};

std::string_view name_of(LogLevel level) noexcept {
  return kLevelNames[static_cast<std::size_t>(level)];
}

const char* pattern_of(LogFormat format) noexcept {
  return format == LogFormat::json ? R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                   : "%Y-%m-%d %H:%M:%S.%e %v";
}

std::unique_ptr<spdlog::formatter> formatter_of(LogFormat format) {
  return std::make_unique<spdlog::pattern_formatter>(pattern_of(format),
                                                     spdlog::pattern_time_type::utc);
}

spdlog::logger& logger() {
  static const std::unique_ptr<spdlog::logger> only = [] {
    auto made =
        std::make_unique<spdlog::logger>("chat", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(formatter_of(chosen_format));
    return made;
  }();
  return *only;
}

/// As a JSON string; `text` is the output of escape_for_log, so it has no control characters.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

bool needs_quotes(std::string_view value) noexcept {
  return value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
}

std::string as_text(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  std::string line(name_of(level));
  line.resize(6, ' ');
  line += escape_for_log(message, kMaxMessageBytes);
  for (const LogField& field : fields) {
    const std::string value = escape_for_log(field.value);
    line += ' ';
    line += escape_for_log(field.key);
    line += '=';
    if (needs_quotes(value)) {
      append_quoted(line, value);
    } else {
      line += value;
    }
  }
  return line;
}

std::string as_json(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  std::string line = R"("level":)";
  append_quoted(line, name_of(level));
  line += R"(,"message":)";
  append_quoted(line, escape_for_log(message, kMaxMessageBytes));
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, escape_for_log(field.key));
    line += ':';
    append_quoted(line, escape_for_log(field.value));
  }
  return line;
}

}  // namespace

void Log::configure(LogFormat format, LogLevel level) {
  chosen_format = format;
  threshold = level;
  logger().set_formatter(formatter_of(format));
}

bool Log::parse_level(std::string_view text, LogLevel& level) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (text != kLevelNames[i]) continue;
    level = static_cast<LogLevel>(i);
    return true;
  }
  return false;
}

bool Log::enabled(LogLevel level) noexcept {
  return level != LogLevel::off && level >= threshold.load(std::memory_order_relaxed);
}

void Log::write(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  if (!enabled(level)) return;
  const std::string line = chosen_format.load(std::memory_order_relaxed) == LogFormat::json
                               ? as_json(level, message, fields)
                               : as_text(level, message, fields);
  logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace chat::base
