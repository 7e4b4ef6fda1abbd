# seglab_add_library(NAME <room> SOURCES <cpp>... [PLAIN <cpp>...] DEPENDS <room or dependency>... [TORCH])
#   One static library per room, `seglab_<room>`; to others, installed or not, it is
#   `seglab::<room>`. TORCH: its SOURCES share the precompiled header of LibTorch and are compiled
#   SEGLAB_TOGETHER at a time; PLAIN sources include none of it and compile quicker without.
# seglab_add_test(NAME <name> SOURCES <cpp>... [PLAIN <cpp>...] DEPENDS <room>... LABELS <label>... [TORCH])
#   One GoogleTest program; every suite of it becomes a ctest entry.

# The precompiled header is built once, in target seglab_pch, and reused by every TORCH target. Even
# so a file that is empty behind it takes 16 s (g++ 12, -O3): what LibTorch's headers leave to be
# instantiated is done again in each. So files are compiled together; their names in unnamed
# namespaces must differ within a room.
function(seglab_use_torch target)
  target_link_libraries(${target} PUBLIC seglab::torch)
  if(SEGLAB_PCH)
    if(NOT TARGET seglab_pch)
      # CONFIGURE leaves an unchanged file alone: configuring again must not compile all again.
      file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/seglab_pch.cpp
           CONTENT "// Host of the shared precompiled header.\n")
      add_library(seglab_pch STATIC ${PROJECT_BINARY_DIR}/seglab_pch.cpp)
      target_link_libraries(seglab_pch PUBLIC seglab_flags seglab::torch)
      target_precompile_headers(seglab_pch PRIVATE <torch/torch.h>)
    endif()
    target_precompile_headers(${target} REUSE_FROM seglab_pch)
  endif()
  if(SEGLAB_TOGETHER GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON
                          UNITY_BUILD_BATCH_SIZE ${SEGLAB_TOGETHER})
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
  cmake_parse_arguments(arg "TORCH" "NAME" "SOURCES;PLAIN;DEPENDS" ${ARGN})
  add_library(seglab_${arg_NAME} STATIC ${arg_SOURCES} ${arg_PLAIN})
  set_source_files_properties(${arg_PLAIN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
                              SKIP_UNITY_BUILD_INCLUSION ON)
  add_library(seglab::${arg_NAME} ALIAS seglab_${arg_NAME})
  target_link_libraries(seglab_${arg_NAME} PUBLIC $<BUILD_INTERFACE:seglab_flags>)
  target_compile_features(seglab_${arg_NAME} PUBLIC cxx_std_20)
  seglab_link(seglab_${arg_NAME} ${arg_DEPENDS})
  if(arg_TORCH)
    seglab_use_torch(seglab_${arg_NAME})
  endif()
  seglab_install_room(${arg_NAME})
endfunction()

# The room's library and its headers, under include/seglab as they stand under src/; those of its
# tests stay at home.
function(seglab_install_room name)
  set_target_properties(seglab_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS seglab_${name} EXPORT seglabTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/seglab)
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/seglab/${name}
    FILES_MATCHING PATTERN "*.h" PATTERN "test_*.h" EXCLUDE)
endfunction()

function(seglab_add_test)
  cmake_parse_arguments(arg "TORCH" "NAME" "SOURCES;PLAIN;DEPENDS;LABELS" ${ARGN})
  if(NOT SEGLAB_TESTS)
    return()
  endif()
  add_executable(${arg_NAME}_test ${arg_SOURCES} ${arg_PLAIN})
  set_source_files_properties(${arg_PLAIN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
                              SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(${arg_NAME}_test PRIVATE GTest::gmock_main)
  seglab_link(${arg_NAME}_test ${arg_DEPENDS})
  if(arg_TORCH)
    seglab_use_torch(${arg_NAME}_test)
  endif()
  # Tests share the cores: a thread that waits must not spin (LibTorch's OpenMP does by default).
  set(suites ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}_suites.cmake)
  file(GENERATE OUTPUT ${suites} CONTENT "set(suites_name \"${arg_NAME}\")
set(suites_program \"$<TARGET_FILE:${arg_NAME}_test>\")
set(suites_folder \"${PROJECT_SOURCE_DIR}\")
set(suites_properties LABELS \"${arg_LABELS}\" TIMEOUT 1800 ENVIRONMENT OMP_WAIT_POLICY=passive)
include(\"${PROJECT_SOURCE_DIR}/cmake/SuiteTests.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${suites})
endfunction()
