#pragma once

#include <c10/core/Device.h>

#include <vector>

#include "base/json.h"

namespace seglab {

/// Where a result was made: LibTorch, device, CPU, threads, compiler, revision, date.
Json Environment(const c10::Device& device);

/// One for several runs: where they differ, "a, b" in the order of the runs.
Json MergedEnvironment(const std::vector<Json>& environments);

}  // namespace seglab
