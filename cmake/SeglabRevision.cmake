# Writes the definition of seglab::kRevision into FILE, and only when it changes.
# cmake -DFILE=... -DSOURCE=... -P SeglabRevision.cmake
find_package(Git QUIET)
set(revision "unknown")
if(Git_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} -c safe.directory=* describe --always --dirty --abbrev=12
      --exclude=* WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE found ERROR_QUIET
      OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(NOT failed)
    set(revision "${found}")
  endif()
endif()
file(CONFIGURE OUTPUT ${FILE} CONTENT
"#include \"experiment/revision.h\"

const char* const seglab::kRevision = \"@revision@\";
" @ONLY)
