#include "base/names.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

const std::vector<std::string> kModels = {"fcn32s", "fcn16s", "fcn8s", "deeplabv3plus", "segnet"};

TEST(NearestName, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(NearestName("segnet", kModels), "segnet");
  EXPECT_EQ(NearestName("SegNet", kModels), "segnet");
  EXPECT_EQ(NearestName("fcn8", kModels), "fcn8s");
  EXPECT_EQ(NearestName("fcn32", kModels), "fcn32s");
  EXPECT_EQ(NearestName("deeplab3plus", kModels), "deeplabv3plus");
  EXPECT_EQ(NearestName("dliate", {"dilate"}), "dilate");
  EXPECT_EQ(NearestName("abc", {"acb"}), "acb");  // one swap; two replacements would be too far
}

TEST(NearestName, StaysSilentBeyondAThird) {
  EXPECT_EQ(NearestName("unet", kModels), "");
  EXPECT_EQ(NearestName("", kModels), "");
  EXPECT_EQ(NearestName("a", {}), "");
  EXPECT_EQ(NearestName("abcdef", {"abcdxy"}), "abcdxy");  // 2 of 6
  EXPECT_EQ(NearestName("abcde", {"abcxy"}), "");          // 2 of 5
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(NearestName("fcn1s", {"fcn2s", "fcn8s"}), "fcn2s");
}

TEST(UnknownName, SuggestsAndLists) {
  EXPECT_EQ(UnknownName("model", "fcn8", {"fcn8s", "segnet"}),
            "unknown model \"fcn8\"; did you mean \"fcn8s\"? Known: fcn8s, segnet");
  EXPECT_EQ(UnknownName("model", "unet", {"fcn8s", "segnet"}),
            "unknown model \"unet\". Known: fcn8s, segnet");
  EXPECT_EQ(UnknownName("key", "x", {}), "unknown key \"x\". Known: none");
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(Join({}), "");
  EXPECT_EQ(Join({"a"}), "a");
  EXPECT_EQ(Join({"a", "b"}), "a, b");
  EXPECT_EQ(Join({"a", "b"}, "/"), "a/b");
}

}  // namespace
}  // namespace seglab
