#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::base {

enum class LogLevel { debug, info, warn, error, off };
enum class LogFormat { text, json };

/// A named value of a log line. Values of strangers may be given as they are: the logger escapes.
struct LogField {
  std::string_view key;
  std::string value;
};

/// The process's log on stderr. Thread: any, after `configure`.
///
/// Text: `2026-11-23 08:18:05.123 info  <message> key=value …`; json: one object per line with
/// `at`, `level`, `message` and the fields. Message text never goes in. Strangers' bytes are
/// escaped (base::escape_for_log), so that one call is always one line.
class Log {
 public:
  /// Call once, before other threads start.
  static void configure(LogFormat format, LogLevel level);
  /// Parses "debug" … "off"; false when it is none of them.
  static bool parse_level(std::string_view text, LogLevel& level);

  static bool enabled(LogLevel level) noexcept;
  static void write(LogLevel level, std::string_view message,
                    const std::vector<LogField>& fields = {});

  static void debug(std::string_view message, const std::vector<LogField>& fields = {}) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, message, fields);
  }
  static void info(std::string_view message, const std::vector<LogField>& fields = {}) {
    if (enabled(LogLevel::info)) write(LogLevel::info, message, fields);
  }
  static void warn(std::string_view message, const std::vector<LogField>& fields = {}) {
    if (enabled(LogLevel::warn)) write(LogLevel::warn, message, fields);
  }
  static void error(std::string_view message, const std::vector<LogField>& fields = {}) {
    if (enabled(LogLevel::error)) write(LogLevel::error, message, fields);
  }
};

}  // namespace chat::base
