# ccache and mold make builds quicker where they are found; nothing depends on them.
find_program(CHAT_CCACHE ccache)
if(CHAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CHAT_CCACHE}")
endif()

find_program(CHAT_MOLD mold)
if(CHAT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
