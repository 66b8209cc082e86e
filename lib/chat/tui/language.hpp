#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chat::tui {

/// What the terminal client can speak.
enum class Language : std::uint8_t { english, traditional_chinese };

/// The language of a name, in any case: "en", "zh-TW", "zh-HK" or "zh-Hant", with what may follow
/// them in an environment ("en_US.UTF-8", "zh_TW.UTF-8@cjk"). nullopt: it is neither. Pure.
std::optional<Language> parse_language(std::string_view name);

/// What the environment wants: of LC_ALL, LC_MESSAGES and LANG the first that is not empty decides
/// (POSIX); whatever is not Traditional Chinese is English. `variable`: the value of a name, empty
/// when it has none. Pure.
Language language_of_environment(const std::function<std::string(const char* name)>& variable);

}  // namespace chat::tui
