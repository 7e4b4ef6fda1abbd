#include "bench/machine.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

// Whatever can run this: between a slow core and a thousand fast ones.
TEST(Machine, PeaksAreThoseOfAMachine) {
  const double flops = PeakFlops(c10::Device("cpu"), Precision::kFloat32);
  EXPECT_GT(flops, 1e7);
  EXPECT_LT(flops, 1e16);
  const double bandwidth = PeakBandwidth();
  EXPECT_GT(bandwidth, 1e7);
  EXPECT_LT(bandwidth, 1e14);
}

}  // namespace
}  // namespace seglab
