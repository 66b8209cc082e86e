#include "chat/rabbitmq/arguments.hpp"

#include "chat/base/text.hpp"

namespace chat::rabbitmq {

const Argument* find_argument(const Arguments& arguments, std::string_view name) {
  for (const auto& [key, value] : arguments) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string text_of(const Argument& argument) {
  if (const auto* number = std::get_if<std::int64_t>(&argument)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&argument)) return *flag ? "true" : "false";
  return base::escape_for_log(std::get<std::string>(argument));
}

}  // namespace chat::rabbitmq
