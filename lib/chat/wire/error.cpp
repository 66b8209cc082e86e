#include "chat/wire/error.hpp"

namespace chat::wire {

std::string Error::text() const { return detail.empty() ? std::string(info(code).text) : detail; }

}  // namespace chat::wire
