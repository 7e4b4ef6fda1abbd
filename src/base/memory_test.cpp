#include "base/memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace seglab {
namespace {

TEST(AvailableMemory, IsMoreThanThisTestTakes) { EXPECT_GT(AvailableMemory(), 1e6); }

TEST(PeakMemory, IsInBytes) {
  const int64_t before = PeakMemory(), taken = int64_t{256} << 20;
  const std::vector<char> memory(static_cast<size_t>(taken), 'x');
  EXPECT_GT(PeakMemory(), taken);
  EXPECT_LT(PeakMemory(), before + 2 * taken + memory[0]);
}

}  // namespace
}  // namespace seglab
