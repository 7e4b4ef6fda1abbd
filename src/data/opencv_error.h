#pragma once

#include <exception>
#include <string>

namespace seglab {

/// What an exception of OpenCV's tells a user who can mend it: that memory does not suffice. "" for
/// any other exception.
std::string OpenCvUserError(const std::exception& error);

}  // namespace seglab
