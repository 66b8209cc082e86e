# Warnings for our own targets only: chat::warnings.
add_library(chat_warnings INTERFACE)
add_library(chat::warnings ALIAS chat_warnings)

target_compile_options(chat_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

if(CHAT_WERROR)
  target_compile_options(chat_warnings INTERFACE -Werror)
endif()

if(CHAT_TIDY)
  find_program(CHAT_CLANG_TIDY NAMES clang-tidy-14 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${CHAT_CLANG_TIDY}")
endif()
