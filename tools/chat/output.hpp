#pragma once

#include <string>

namespace chat::tools {

/// Writes data to stdout, all of it; waits where stdout cannot take it now. kExitGeneral after it
/// was said on stderr, behind `command` ("chat rooms"), that stdout takes nothing more; else
/// kExitOk.
int print(const std::string& command, const std::string& text);

}  // namespace chat::tools
