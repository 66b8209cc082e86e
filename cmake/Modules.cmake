# chat_module(NAME hub SOURCES hub.cpp PUBLIC chat::wire PRIVATE spdlog::spdlog)
#   One folder of lib/chat as a static library chat_hub, alias chat::hub. PUBLIC: what its headers
#   show; PRIVATE: what only its .cpp files see (scripts/check_layers.py holds them to it). COLD: no
#   test is long in it, so that a sanitizer's build, whose compiling takes longer, need not optimize it.
function(chat_module)
  cmake_parse_arguments(ARG "COLD" "NAME" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(chat_${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(chat::${ARG_NAME} ALIAS chat_${ARG_NAME})
  target_include_directories(chat_${ARG_NAME} PUBLIC "${CMAKE_SOURCE_DIR}/lib")
  target_link_libraries(chat_${ARG_NAME} PUBLIC ${ARG_PUBLIC} PRIVATE chat::warnings ${ARG_PRIVATE})
  if(ARG_COLD AND CHAT_SANITIZE AND NOT CHAT_FUZZ)
    target_compile_options(chat_${ARG_NAME} PRIVATE -O0)
  endif()
endfunction()

# chat_test(NAME unit_hub SOURCES hub_test.cpp LIBS chat::hub LABELS unit)
#   One Catch2 binary, one ctest. ARGS: further arguments; TIMEOUT in seconds (120). Those labelled
#   threads are run under ThreadSanitizer too; the target `threads` builds what that needs.
#   RABBITMQ: it needs the broker of chat_rabbitmq_test; in ./scripts/test it is run under ThreadSanitizer
#   only, so it is labelled threads. The target `system` builds what the tests of whole processes need.
add_custom_target(threads)
add_custom_target(system)
function(chat_test)
  cmake_parse_arguments(ARG "RABBITMQ" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS;ARGS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE "${CMAKE_SOURCE_DIR}/lib" "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${ARG_NAME} PRIVATE chat_test_main ${ARG_LIBS} chat::warnings)
  target_compile_definitions(${ARG_NAME} PRIVATE CHAT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(CHAT_PRECOMPILE)
    target_precompile_headers(${ARG_NAME} REUSE_FROM chat_test_headers)
  endif()
  if(ARG_RABBITMQ)
    chat_rabbitmq_test(NAME ${ARG_NAME} COMMAND $<TARGET_FILE:${ARG_NAME}> ${ARG_ARGS}
      LABELS ${ARG_LABELS} TIMEOUT ${ARG_TIMEOUT})
  else()
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} ${ARG_ARGS})
    set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(threads ${ARG_NAME})
  endif()
endfunction()

# chat_rabbitmq_test(NAME amqp_channel COMMAND $<TARGET_FILE:amqp_channel_test> LABELS threads)
#   A test that needs RabbitMQ: ctest starts a private one before the first of them and stops it after
#   the last (tests/rabbitmq). It finds CHAT_TEST_RABBITMQ_AMQP and CHAT_TEST_RABBITMQ_API in its
#   environment, makes a vhost of its own, and leaves the broker itself alone: others run beside it.
#   Labelled rabbitmq, and LABELS. TIMEOUT in seconds (180).
function(chat_rabbitmq_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "COMMAND;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 180)
  endif()
  find_program(CHAT_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
  add_test(NAME ${ARG_NAME} COMMAND "${CHAT_PYTHON}" -B
    "${CMAKE_SOURCE_DIR}/tests/rabbitmq/with_broker.py" "${CMAKE_BINARY_DIR}/rabbitmq" ${ARG_COMMAND})
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
    LABELS "rabbitmq;${ARG_LABELS}" FIXTURES_REQUIRED rabbitmq)
endfunction()
