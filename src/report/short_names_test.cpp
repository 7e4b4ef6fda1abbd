#include "report/short_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/format.h"

namespace seglab {
namespace {

using ::testing::ElementsAre;

TEST(ShortNames, LeaveOutWhatAllShare) {
  EXPECT_THAT(ShortNames({"FCN-8s [vgg16, lr=0.1]", "FCN-8s [alexnet, lr=0.1]"}, 18),
              ElementsAre("vgg16", "alexnet"));
  EXPECT_THAT(ShortNames({"A [lr=1], crf", "B [lr=1]"}, 18), ElementsAre("A, crf", "B"));
  EXPECT_THAT(ShortNames({"FCN-8s"}, 18), ElementsAre("FCN-8s"));
  EXPECT_THAT(ShortNames({"FCN-8s", "FCN-8s, crf"}, 18), ElementsAre("FCN-8s", "crf"));
  EXPECT_THAT(ShortNames({"A", "A", "B"}, 18), ElementsAre("A", "A", "B"));
}

TEST(ShortNames, LeaveOutKeysWhereTheyAreTooLong) {
  EXPECT_THAT(ShortNames({"A [lr=0.1, weight_decay=0.001]", "A [lr=0.2, weight_decay=0.002]"}, 18),
              ElementsAre("0.1 0.001", "0.2 0.002"));
  EXPECT_THAT(ShortNames({"A [lr=0.1, weight_decay=0.001]", "A [lr=0.2, weight_decay=0.002]"}, 40),
              ElementsAre("lr=0.1, weight_decay=0.001", "lr=0.2, weight_decay=0.002"));
}

TEST(ShortNames, KeepBothEnds) {
  EXPECT_THAT(ShortNames({"a very long name of a run", "b"}, 9), ElementsAre("a ve… run", "b"));
}

TEST(CutNames, NumberWhatBecomesOneWhereItIsCutForItsNumber) {
  const std::vector<std::string> cut =
      CutNames({"abcdefghiX-1-tail56789", "abcdefghiX-2-tail56789", "abcdefghiY-1-tail56789",
                "abcdefghiY-2-tail56789"},
               20);
  EXPECT_EQ(std::set<std::string>(cut.begin(), cut.end()).size(), 4u);
}

TEST(ShortNames, NeverMakeTwoNamesOne) {
  std::vector<std::string> names;
  for (int i = 10; i < 60; ++i)
    names.push_back("a long beginning " + std::to_string(i) + " and a long end of the name");
  names.push_back("Übergrößenträgeräöüß 1 ßüöäregärtneßörgrebÜ");
  names.push_back("Übergrößenträgeräöüß 2 ßüöäregärtneßörgrebÜ");
  const std::vector<std::string> shortened = ShortNames(names, 18);
  EXPECT_EQ(std::set<std::string>(shortened.begin(), shortened.end()).size(), names.size());
  for (const std::string& name : shortened) EXPECT_LE(TextWidth(name), 18u) << name;
}

}  // namespace
}  // namespace seglab
