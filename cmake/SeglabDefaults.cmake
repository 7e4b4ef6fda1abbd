# Build type, language level, warnings and sanitizers: what every target of the project shares.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(SEGLAB_CCACHE ccache)
if(SEGLAB_CCACHE)
  # ccache can serve files that use a precompiled header only with this sloppiness (and -fpch-preprocess below);
  # with paths relative to the source folder, every checkout shares one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${SEGLAB_CCACHE})
endif()

# How we build, which is nobody else's business: rooms link it as BUILD_INTERFACE, so that it is
# no part of what they export.
add_library(seglab_flags INTERFACE)
target_include_directories(seglab_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(seglab_flags INTERFACE -Wall -Wextra -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns falsely of "text" + std::string (its bug 105651).
  target_compile_options(seglab_flags INTERFACE -Wno-restrict -Wno-stringop-overflow)
endif()
if(SEGLAB_PCH AND SEGLAB_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(seglab_flags INTERFACE -fpch-preprocess)
endif()
if(SEGLAB_WERROR)
  target_compile_options(seglab_flags INTERFACE -Werror)
endif()
if(SEGLAB_SANITIZE)
  target_compile_options(seglab_flags INTERFACE
    -fsanitize=${SEGLAB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(seglab_flags INTERFACE -fsanitize=${SEGLAB_SANITIZE})
endif()
