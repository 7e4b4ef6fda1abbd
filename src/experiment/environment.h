#pragma once

#include <c10/core/Device.h>

#include "base/json.h"

namespace seglab {

/// Where a result was made: LibTorch, device, CPU, threads, compiler, revision, date.
Json Environment(const c10::Device& device);

}  // namespace seglab
