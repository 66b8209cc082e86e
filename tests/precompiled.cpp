// What CMake compiles beside the headers that tests/CMakeLists.txt has precompiled.
