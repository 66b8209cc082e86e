# cmake -DINPUT=web/emoji_table.js -DOUTPUT=… -P emoji_table.cmake: the page's table as a C++ string.
file(READ "${INPUT}" script)
if(NOT script MATCHES "export const TABLE = `([^`]+)`")
  message(FATAL_ERROR "${INPUT} has no TABLE")
endif()
file(WRITE "${OUTPUT}" "R\"emoji(${CMAKE_MATCH_1})emoji\"\n")
