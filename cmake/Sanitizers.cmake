if(CHAT_SANITIZE STREQUAL "address+undefined")
  # vptr asks the kernel through a pipe whether memory can be read: out of descriptors, as one test wants
  # it, it takes every object that it meets for the first time for none.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(CHAT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  # g++ warns of fences, which TSan cannot see; our code uses none, and Asio's own are told by its annotations.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=thread)
elseif(NOT CHAT_SANITIZE STREQUAL "")
  message(FATAL_ERROR "CHAT_SANITIZE is \"${CHAT_SANITIZE}\"; write address+undefined or thread")
endif()
