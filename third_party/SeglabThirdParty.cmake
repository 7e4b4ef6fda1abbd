# Every dependency, found and wrapped. Nothing is copied in. Included, so that what is found is seen by
# every room.
#
#   SeglabDependencies.cmake   what the rooms need, and whoever links them
#   seglab::options  Boost.Program_options   >= 1.71   the command line
#   GTest            GoogleTest, GoogleMock  >= 1.11   tests only

include(${CMAKE_CURRENT_LIST_DIR}/SeglabDependencies.cmake)

if(SEGLAB_TESTS)
  seglab_require("GoogleTest and GoogleMock" GTest 1.11 "libgtest-dev libgmock-dev")
endif()
if(NOT SEGLAB_BASE_ONLY)
  seglab_require("Boost.Program_options" Boost 1.71 libboost-program-options-dev
                 COMPONENTS program_options)
  seglab_wrap(options LIBRARIES Boost::program_options)
endif()

seglab_complain(complaint)
if(complaint)
  message(FATAL_ERROR "${complaint}")
endif()
