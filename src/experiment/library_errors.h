#pragma once

#include <exception>

namespace seglab {

/// Says what an exception of a library means to the user. @return the exit status: 1, or 70 where
/// it can only be a bug of ours
int ComplainOf(const std::exception& error);

}  // namespace seglab
