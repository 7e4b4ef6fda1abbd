#pragma once

namespace seglab {

/// Bytes of memory that this process may still take: what the system has available, and no more
/// than its cgroup leaves. Infinity where neither says.
double AvailableMemory();

}  // namespace seglab
