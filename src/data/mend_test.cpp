#include "data/mend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Mends : public testing::Test {
 protected:
  Mends() { options_.root = folder_.path(); }
  void Write(const cv::Mat& mask, const std::string& ending = ".png") {
    MakeFolders(folder_.File("images"));
    MakeFolders(folder_.File("masks"));
    WriteImage(folder_.File("images/x.png"), PatternImage(mask.rows, mask.cols));
    cv::imwrite(folder_.File("masks/x" + ending), mask);
  }
  std::vector<std::string> Proposed(int classes, const Json& more = Json::object()) {
    options_.classes = {{"names", NumberedLabels(classes).names}};
    options_.classes.update(more);
    const auto data = MakeFolder(options_);
    return ProposeMends(*data, AuditDataset(*data, 0, 0));
  }
  /// Values of a pattern in place of 0, 1, ...
  static cv::Mat Values(const std::vector<int>& values) {
    cv::Mat mask = PatternMask(20, 30, static_cast<int>(values.size()));
    for (int y = 0; y < mask.rows; ++y) {
      for (int x = 0; x < mask.cols; ++x)
        mask.at<uint8_t>(y, x) = static_cast<uint8_t>(values[mask.at<uint8_t>(y, x)]);
    }
    return mask;
  }
  TestFolder folder_;
  FolderOptions options_;
};

TEST_F(Mends, ProposeWhatThenReads) {
  struct Case {
    std::vector<int> values;
    int classes;
    const char* line;
  };
  for (const Case& c :
       std::vector<Case>{{{0, 255}, 2, "\"values\": {\"255\":1}"},
                         {{0, 128, 254}, 3, "\"values\": {\"128\":1,\"254\":2}"},
                         {{1, 2, 3}, 3, "\"values\": {\"1\":0,\"2\":1,\"3\":2}"},
                         {{0, 1, 2}, 2, "\"values\": {\"1\":0,\"2\":1}, \"ignore\": [0]"},
                         {{1, 2, 255}, 2, "\"values\": {\"1\":0,\"2\":1}"},
                         {{0, 20, 90, 160, 255}, 2, "\"threshold\": 128"}}) {
    Write(Values(c.values));
    ASSERT_THAT(Proposed(c.classes), ElementsAre(c.line));
    EXPECT_THAT(Proposed(c.classes, ParseJson("{" + std::string(c.line) + "}", "line")), IsEmpty())
        << c.line;
  }
}

TEST_F(Mends, NothingIsWrong) {
  Write(Values({0, 1, 2}));
  EXPECT_THAT(Proposed(3), IsEmpty());
  EXPECT_THAT(Proposed(4), IsEmpty());  // a class that never occurs is no fault of masks
}

TEST_F(Mends, ColorsAndWideValues) {
  cv::Mat image(4, 6, CV_8UC3, cv::Scalar(3, 2, 1));
  image.at<cv::Vec3b>(0, 0) = {0, 0, 200};
  Write(image);
  EXPECT_THAT(Proposed(2), ElementsAre(HasSubstr("\"palette\": [[1,2,3],[200,0,0]]")));
  cv::Mat wide(4, 6, CV_16UC1, cv::Scalar(300));
  wide.at<uint16_t>(0, 0) = 1;
  Write(wide);
  EXPECT_THAT(Proposed(2), ElementsAre("\"values\": {\"1\":0,\"300\":1}"));
}

TEST_F(Mends, JpegMasks) {
  Write(Values({0, 255}), ".jpg");
  EXPECT_THAT(Proposed(2), ElementsAre("\"threshold\": 128"));
}

TEST_F(Mends, HopelessData) {
  const auto why = [this](int classes) {
    options_.classes = {{"names", NumberedLabels(classes).names}};
    const auto data = MakeFolder(options_);
    return WhyHopeless(AuditDataset(*data, 0, 0), data->Labels());
  };
  Write(Values({0, 255}));
  EXPECT_THAT(why(2), HasSubstr("\"class 0\" is the only class"));
  Write(Values({255}));
  EXPECT_THAT(why(2), HasSubstr("not one pixel"));
  Write(Values({0, 1}));
  EXPECT_EQ(why(2), "");
}

TEST_F(Mends, SharedPictures) {
  for (const char* name : {"train/images/a.png", "train/images/b.png", "val/images/c.png"}) {
    MakeFolders(folder_.File(std::string(name).substr(0, std::string(name).rfind('/'))));
    WriteImage(folder_.File(name), PatternImage(9, 12 + (name[13] == 'b' ? 1 : 0)));
  }
  MakeFolders(folder_.File("train/masks"));
  MakeFolders(folder_.File("val/masks"));
  options_.classes = {{"names", {"a", "b"}}};
  options_.split = "train";
  const auto train = MakeFolder(options_);
  options_.split = "val";
  const SharedPictures shared = FindSharedPictures(*train, *MakeFolder(options_));
  EXPECT_EQ(shared.count, 1);
  EXPECT_THAT(shared.names, ElementsAre("a = c"));
  EXPECT_EQ(FindSharedPictures(*train, *train).count, 2);
}

}  // namespace
}  // namespace seglab
