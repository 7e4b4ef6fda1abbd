#pragma once

#include <cstdint>

namespace seglab {

/// Bytes of memory that this process may still take: what the system has available, and no more
/// than its cgroup leaves; where the system does not say, all of its memory. Infinity where nothing
/// is known.
double AvailableMemory();

/// Bytes that this process took at its worst.
int64_t PeakMemory();

}  // namespace seglab
