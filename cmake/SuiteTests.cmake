# Read by ctest, not by CMake: one entry for each suite of a GoogleTest program, so that LibTorch is
# started as often as there are suites and not as there are tests.
# seglab_add_test writes a file that sets suites_name, suites_program, suites_folder and
# suites_properties and includes this one.
if(NOT EXISTS "${suites_program}")
  add_test("${suites_name}_NOT_BUILT" "${suites_program}")
  return()
endif()
execute_process(COMMAND "${suites_program}" --gtest_list_tests
                WORKING_DIRECTORY "${suites_folder}"
                OUTPUT_VARIABLE suites_listing RESULT_VARIABLE suites_status)
if(NOT suites_status EQUAL 0)
  message(FATAL_ERROR "${suites_program} --gtest_list_tests: ${suites_status}")
endif()
string(REGEX MATCHALL "\n[A-Za-z0-9_/]+\\." suites_lines "\n${suites_listing}")
foreach(suite IN LISTS suites_lines)
  string(REGEX REPLACE "\n(.*)\\." "\\1" suite "${suite}")
  add_test("${suites_name}/${suite}" "${suites_program}" "--gtest_filter=${suite}.*")
  # Skipped: where all of its tests are, and none failed, which would stand behind them.
  set_tests_properties("${suites_name}/${suite}" PROPERTIES
    WORKING_DIRECTORY "${suites_folder}"
    SKIP_REGULAR_EXPRESSION
    "PASSED  . 0 tests[.]\n(.  SKIPPED . [^\n]*\n?)+$"
    ${suites_properties})
endforeach()
