#pragma once

// The engine of a Group, seen by this room alone.

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "parallel/group.h"

namespace seglab {

struct Group::State {
  c10::intrusive_ptr<c10d::ProcessGroup> processes, statistics;
};

}  // namespace seglab
