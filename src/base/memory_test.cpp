#include "base/memory.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

TEST(AvailableMemory, IsMoreThanThisTestTakes) { EXPECT_GT(AvailableMemory(), 1e6); }

}  // namespace
}  // namespace seglab
