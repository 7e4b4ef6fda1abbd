#pragma once

namespace seglab {

/// The commit that this program was built from, with "-dirty" where files had changed; "unknown"
/// without git. Written by the build (cmake/SeglabRevision.cmake).
extern const char* const kRevision;

}  // namespace seglab
