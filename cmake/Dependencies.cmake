# Everything comes from Debian's packages; scripts/deps installs them.
macro(chat_find package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} is missing: install Debian's ${debian}, or run scripts/deps")
  endif()
endmacro()

find_package(Threads REQUIRED)
chat_find(CLI11 libcli11-dev)
chat_find(websocketpp libwebsocketpp-dev)
chat_find(nlohmann_json nlohmann-json3-dev)
chat_find(fmt libfmt-dev)
chat_find(spdlog libspdlog-dev)
chat_find(tl-expected libexpected-dev)
chat_find(SQLiteCpp libsqlitecpp-dev)
chat_find(prometheus-cpp prometheus-cpp-dev)
chat_find(OpenSSL libssl-dev)
chat_find(rabbitmq-c librabbitmq-dev)
chat_find(mimalloc libmimalloc-dev)

# Libraries without a CMake package of their own.
find_path(CHAT_ASIO_INCLUDE asio.hpp)
find_path(CHAT_UTF8PROC_INCLUDE utf8proc.h)
find_library(CHAT_UTF8PROC_LIBRARY utf8proc)
foreach(needed CHAT_ASIO_INCLUDE:libasio-dev CHAT_UTF8PROC_INCLUDE:libutf8proc-dev
               CHAT_UTF8PROC_LIBRARY:libutf8proc-dev)
  string(REPLACE ":" ";" pair "${needed}")
  list(GET pair 0 variable)
  list(GET pair 1 package)
  if(NOT ${variable})
    message(FATAL_ERROR "${package} is missing: install it, or run scripts/deps")
  endif()
endforeach()

add_library(chat_dep_asio INTERFACE)
add_library(chat_dep::asio ALIAS chat_dep_asio)
target_include_directories(chat_dep_asio SYSTEM INTERFACE "${CHAT_ASIO_INCLUDE}")
# Whether Asio 1.22 sees aligned_alloc depends on what was included before it: memory would be taken one
# way in one file and given back the other way in another.
target_compile_definitions(chat_dep_asio INTERFACE ASIO_STANDALONE ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(chat_dep_asio INTERFACE Threads::Threads)

add_library(chat_dep_websocketpp INTERFACE)
add_library(chat_dep::websocketpp ALIAS chat_dep_websocketpp)
target_compile_definitions(chat_dep_websocketpp INTERFACE _WEBSOCKETPP_CPP11_STL_)

add_library(chat_dep_utf8proc INTERFACE)
add_library(chat_dep::utf8proc ALIAS chat_dep_utf8proc)
target_include_directories(chat_dep_utf8proc SYSTEM INTERFACE "${CHAT_UTF8PROC_INCLUDE}")
target_link_libraries(chat_dep_utf8proc INTERFACE "${CHAT_UTF8PROC_LIBRARY}")

find_path(CHAT_CURSES_INCLUDE curses.h)
find_library(CHAT_CURSES_LIBRARY ncursesw)
find_library(CHAT_TINFO_LIBRARY tinfo)
if(NOT CHAT_CURSES_INCLUDE OR NOT CHAT_CURSES_LIBRARY OR NOT CHAT_TINFO_LIBRARY)
  message(FATAL_ERROR "libncurses-dev is missing: install it, or run scripts/deps")
endif()
add_library(chat_dep_curses INTERFACE)
add_library(chat_dep::curses ALIAS chat_dep_curses)
target_include_directories(chat_dep_curses SYSTEM INTERFACE "${CHAT_CURSES_INCLUDE}")
target_link_libraries(chat_dep_curses INTERFACE "${CHAT_CURSES_LIBRARY}" "${CHAT_TINFO_LIBRARY}")

# Debian's is compiled, with TLS by OpenSSL.
find_path(CHAT_HTTPLIB_INCLUDE httplib.h)
find_library(CHAT_HTTPLIB_LIBRARY cpp-httplib)
if(NOT CHAT_HTTPLIB_INCLUDE OR NOT CHAT_HTTPLIB_LIBRARY)
  message(FATAL_ERROR "libcpp-httplib-dev is missing: install it, or run scripts/deps")
endif()
add_library(chat_dep_httplib INTERFACE)
add_library(chat_dep::httplib ALIAS chat_dep_httplib)
target_include_directories(chat_dep_httplib SYSTEM INTERFACE "${CHAT_HTTPLIB_INCLUDE}")
# As the library was compiled: its classes look different without them.
target_compile_definitions(chat_dep_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT
  CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)
target_link_libraries(chat_dep_httplib INTERFACE "${CHAT_HTTPLIB_LIBRARY}" OpenSSL::SSL OpenSSL::Crypto
  Threads::Threads)

# Debian's is compiled, with exceptions. Its own package tells no SYSTEM include.
find_path(CHAT_TOML_INCLUDE toml++/toml.h)
find_library(CHAT_TOML_LIBRARY tomlplusplus)
if(NOT CHAT_TOML_INCLUDE OR NOT CHAT_TOML_LIBRARY)
  message(FATAL_ERROR "libtomlplusplus-dev is missing: install it, or run scripts/deps")
endif()
add_library(chat_dep_toml INTERFACE)
add_library(chat_dep::toml ALIAS chat_dep_toml)
target_include_directories(chat_dep_toml SYSTEM INTERFACE "${CHAT_TOML_INCLUDE}")
target_compile_definitions(chat_dep_toml INTERFACE TOML_HEADER_ONLY=0 TOML_SHARED_LIB=1)
target_link_libraries(chat_dep_toml INTERFACE "${CHAT_TOML_LIBRARY}")

find_library(CHAT_SQLITE3_LIBRARY sqlite3 REQUIRED)

if(CHAT_TESTS)
  chat_find(Catch2 catch2 2)
  chat_find(rapidcheck librapidcheck-dev)
endif()
