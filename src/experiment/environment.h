#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// Where a result was made: LibTorch, device, CPU, threads, compiler, revision, date.
Json Environment(const c10::Device& device);

/// What of two environments changes the bits of results: "threads 2, now 1"; "" where nothing does.
std::string BitsDiffer(const Json& before, const Json& now);

/// One for several runs: where they differ, "a, b" in the order of the runs.
Json MergedEnvironment(const std::vector<Json>& environments);

}  // namespace seglab
