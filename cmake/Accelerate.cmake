# ccache and mold make builds quicker where they are found; nothing depends on them.
find_program(CHAT_CCACHE ccache)
if(CHAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # DEPEND: what is new is not preprocessed twice. SLOPPINESS: or it would pass by what has a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_DEPEND=1
    CCACHE_SLOPPINESS=pch_defines,time_macros "${CHAT_CCACHE}")
endif()

find_program(CHAT_MOLD mold)
if(CHAT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Precompiled in the sanitizers' builds only: the debug build finds the include that is missing.
if(CHAT_SANITIZE)
  set(CHAT_PRECOMPILE ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()
