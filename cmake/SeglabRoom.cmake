# seglab_add_library(NAME <room> SOURCES <cpp>... DEPENDS <room or dependency>... [TORCH])
#   One static library per room, `seglab_<room>`. TORCH: its files include LibTorch and share the
#   precompiled header.
# seglab_add_test(NAME <name> SOURCES <cpp>... DEPENDS <room>... LABELS <label>... [TORCH])
#   One GoogleTest program; every test of it becomes a ctest entry.

# The precompiled header is built once, in target seglab_pch, and reused by every TORCH target.
function(seglab_use_torch target)
  target_link_libraries(${target} PUBLIC seglab::torch)
  if(SEGLAB_PCH)
    if(NOT TARGET seglab_pch)
      file(WRITE ${CMAKE_BINARY_DIR}/seglab_pch.cpp "// Host of the shared precompiled header.\n")
      add_library(seglab_pch STATIC ${CMAKE_BINARY_DIR}/seglab_pch.cpp)
      target_link_libraries(seglab_pch PUBLIC seglab_flags seglab::torch)
      target_precompile_headers(seglab_pch PRIVATE <torch/torch.h>)
    endif()
    target_precompile_headers(${target} REUSE_FROM seglab_pch)
  endif()
endfunction()

function(seglab_link target)
  foreach(dependency IN LISTS ARGN)
    if(TARGET seglab_${dependency})
      target_link_libraries(${target} PUBLIC seglab_${dependency})
    else()
      target_link_libraries(${target} PUBLIC ${dependency})
    endif()
  endforeach()
endfunction()

function(seglab_add_library)
  cmake_parse_arguments(arg "TORCH" "NAME" "SOURCES;DEPENDS" ${ARGN})
  add_library(seglab_${arg_NAME} STATIC ${arg_SOURCES})
  target_link_libraries(seglab_${arg_NAME} PUBLIC seglab_flags)
  seglab_link(seglab_${arg_NAME} ${arg_DEPENDS})
  if(arg_TORCH)
    seglab_use_torch(seglab_${arg_NAME})
  endif()
endfunction()

function(seglab_add_test)
  cmake_parse_arguments(arg "TORCH" "NAME" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT SEGLAB_TESTS)
    return()
  endif()
  include(GoogleTest)
  add_executable(${arg_NAME}_test ${arg_SOURCES})
  target_link_libraries(${arg_NAME}_test PRIVATE GTest::gmock_main)
  seglab_link(${arg_NAME}_test ${arg_DEPENDS})
  if(arg_TORCH)
    seglab_use_torch(${arg_NAME}_test)
  endif()
  gtest_discover_tests(${arg_NAME}_test
    TEST_PREFIX ${arg_NAME}/ DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 900)
endfunction()
