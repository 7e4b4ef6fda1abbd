#include "data/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/test_folder.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DatasetRegistry, RowsAreDistinctAndDescribed) {
  std::set<std::string> names;
  for (const DatasetRow& row : DatasetRows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.summary.empty()) << row.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"voc", "camvid", "cityscapes", "ade20k", "pascal_context",
                                          "nyudv2", "sift_flow", "coco", "coco_stuff",
                                          "oxford_pets", "folder", "shapes", "shapes_classes"}));
}

TEST(DatasetRegistry, EveryRowAcceptsItsNameAndRefusesAnUnknownKey) {
  TestFolder empty;
  for (const DatasetRow& row : DatasetRows()) {
    Json json = {{"name", row.name}};
    if (row.needs_root) {
      EXPECT_THAT(ErrorOf([&] { MakeDataset(json); }), HasSubstr("data.root")) << row.name;
      json["root"] = empty.path();
      EXPECT_THAT(ErrorOf([&] { MakeDataset(json); }), HasSubstr(empty.path())) << row.name;
    } else {
      for (const std::string& split : row.splits) {
        json["split"] = split;
        EXPECT_GT(MakeDataset(json)->Size(), 0) << row.name;
      }
    }
    json["nonsense"] = 1;
    EXPECT_THAT(ErrorOf([&] { MakeDataset(json, "runs[2].data"); }),
                AllOf(HasSubstr("runs[2].data"), HasSubstr("nonsense")))
        << row.name;
  }
}

TEST(DatasetRegistry, UnknownNameSuggestsTheNearest) {
  EXPECT_THAT(ErrorOf([] {
                MakeDataset({{"name", "canvid"}});
              }),
              AllOf(HasSubstr("data.name"), HasSubstr("did you mean \"camvid\""),
                    HasSubstr("shapes_classes")));
  EXPECT_THAT(ErrorOf([] { MakeDataset(Json::object()); }), HasSubstr("data.name"));
  EXPECT_NE(ErrorOf([] { MakeDataset("voc"); }), "");
}

}  // namespace
}  // namespace seglab
