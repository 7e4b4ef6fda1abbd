#include "data/drawn_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/test_error.h"
#include "data/registry.h"
#include "data/test_dataset.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::set<std::string> NamesOf(const Json& split, const Json& more = Json::object()) {
  Json json = {{"name", "shapes"}, {"size", 50}, {"height", 32}, {"width", 32}, {"split", split}};
  json.update(more);
  const auto data = MakeDataset(json);
  std::set<std::string> names;
  for (int64_t i = 0; i < data->Size(); ++i) names.insert(data->Name(i));
  return names;
}

TEST(DrawnSplit, PartsAreDisjointAndTogetherEverything) {
  for (double fraction : {0.01, 0.5, 0.8, 0.999}) {
    const auto train = NamesOf({{"fraction", fraction}, {"part", "train"}});
    const auto val = NamesOf({{"fraction", fraction}, {"part", "val"}});
    std::set<std::string> both = train;
    both.insert(val.begin(), val.end());
    EXPECT_EQ(train.size() + val.size(), 50u);
    EXPECT_EQ(both.size(), 50u);
    EXPECT_FALSE(train.empty() || val.empty());
  }
  EXPECT_EQ(NamesOf({{"fraction", 0.8}}).size(), 40u);
}

TEST(DrawnSplit, IsAFunctionOfTheSeed) {
  EXPECT_EQ(NamesOf({{"seed", 3}}), NamesOf({{"seed", 3}}));
  EXPECT_NE(NamesOf({{"seed", 3}}), NamesOf({{"seed", 4}}));
}

TEST(DrawnSplit, LimitCountsBehindIt) {
  EXPECT_EQ(NamesOf({{"part", "val"}}).size(), 10u);
  const auto all = NamesOf({{"part", "val"}});
  std::vector<Sample> samples(9);
  for (int i = 0; i < 9; ++i) samples[i] = {cv::Mat(), Category{0}, std::to_string(i)};
  const auto first = FirstSamples(std::make_shared<MemoryDataset>(samples, 2), 4);
  EXPECT_EQ(first->Size(), 4);
  EXPECT_EQ(first->Name(3), "3");
}

TEST(DrawnSplit, WrongOnesAreErrors) {
  const auto error = [](const Json& split) { return ErrorOf([&] { NamesOf(split); }); };
  EXPECT_THAT(error({{"fraction", 1.0}}), HasSubstr("data.split.fraction"));
  EXPECT_THAT(error({{"fraction", 0}}), HasSubstr("between 0 and 1"));
  EXPECT_THAT(error({{"part", "vall"}}), AllOf(HasSubstr("data.split.part"), HasSubstr("val")));
  EXPECT_THAT(error({{"fractoin", 0.5}}), HasSubstr("fraction"));
  EXPECT_THAT(error({{"of", "tarin"}}), HasSubstr("train"));
  EXPECT_THAT(ErrorOf([] {
                DrawPart(std::make_shared<MemoryDataset>(std::vector<Sample>(1), 2), {}, "data");
              }),
              HasSubstr("at least two"));
}

}  // namespace
}  // namespace seglab
