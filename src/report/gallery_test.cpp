#include "report/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/test_folder.h"
#include "report/headline.h"
#include "report/image_scores.h"
#include "report/pictures_section.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Numbered(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("image " + std::to_string(i));
  return names;
}

/// Two runs on 30 images: of image i the first has i + 10 percent right, the second as many but for
/// images 10 to 15, of which it has 90.
ExperimentResult TwoRuns(const std::string& folder) {
  ExperimentResult result = FakeResult(folder);
  result.runs.resize(2);
  result.runs[1].group = "FCN-8s";
  const std::vector<std::string> names = Numbered(30);
  for (int r = 0; r < 2; ++r) {
    std::vector<int> right;
    for (int i = 0; i < 30; ++i) right.push_back(r == 1 && i >= 10 && i < 16 ? 90 : i + 10);
    KeepFakePictures(result, result.runs[r], r, names);
    KeepFakeCounts(result.runs[r], names, right);
  }
  return result;
}

std::vector<std::string> NamesOf(const GalleryPart& part) {
  std::vector<std::string> names;
  for (const GalleryImage& image : part.images) names.push_back(image.name);
  return names;
}

TEST(Gallery, ShowsTheWorstTheMostDisputedAndTheBest) {
  const TestFolder folder;
  const ExperimentResult result = TwoRuns(folder.path());
  const std::vector<Gallery> galleries = MakeGalleries(result);
  ASSERT_EQ(galleries.size(), 1u);
  const Gallery& gallery = galleries.front();
  EXPECT_EQ(gallery.kept, 30u);
  ASSERT_EQ(gallery.parts.size(), 3u);
  EXPECT_EQ(gallery.parts[0].title, "Worst");
  EXPECT_THAT(NamesOf(gallery.parts[0]),
              ElementsAre("image 0", "image 1", "image 2", "image 3", "image 4", "image 5"));
  EXPECT_EQ(gallery.parts[1].title, "Most disputed");
  EXPECT_THAT(NamesOf(gallery.parts[1]),
              ElementsAre("image 10", "image 11", "image 12", "image 13", "image 14", "image 15"));
  EXPECT_EQ(gallery.parts[2].title, "Best");
  EXPECT_THAT(NamesOf(gallery.parts[2]),
              ElementsAre("image 29", "image 28", "image 27", "image 26", "image 25", "image 24"));
  // Class 1 is true everywhere: 0.1 right is an IU of 0.1, and 0 of class 0, which is said.
  EXPECT_NEAR(gallery.parts[0].images[0].scores[0], 0.05, 1e-9);
  EXPECT_EQ(gallery.typical[0].name, "image 15");
}

TEST(Gallery, OfFewImagesShowsAll) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.runs.resize(1);
  KeepFakePictures(result, result.runs[0], 0, {"a", "b"});
  const std::vector<Gallery> galleries = MakeGalleries(result);
  ASSERT_EQ(galleries.size(), 1u);
  ASSERT_EQ(galleries[0].parts.size(), 1u);
  EXPECT_EQ(galleries[0].parts[0].title, "");
  EXPECT_THAT(NamesOf(galleries[0].parts[0]), ElementsAre("a", "b"));
}

TEST(Gallery, OfManyRunsShowsTheBestRowsAndTheBaseline) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.runs.clear();
  for (int i = 0; i < 15; ++i) {
    const std::string name = "run " + std::to_string(i);
    result.runs.push_back(FakeRun(name, name, 1, 0.3 + 0.01 * i));
    result.runs.back().folder = folder.File(name);
    KeepFakePictures(result, result.runs.back(), 0, {"a"});
  }
  result.baseline = "run 0";
  const std::vector<Gallery> galleries = MakeGalleries(result);
  ASSERT_EQ(galleries.size(), 1u);
  std::vector<std::string> names;
  for (const RunResult* run : galleries[0].runs) names.push_back(run->name);
  EXPECT_EQ(names.size(), 12u);
  EXPECT_EQ(names.front(), "run 0");
  EXPECT_EQ(names[1], "run 4");
  EXPECT_EQ(names.back(), "run 14");
  EXPECT_EQ(galleries[0].left_out, 3u);
}

TEST(Gallery, DoesWithoutWhatIsDamaged) {
  const TestFolder folder;
  const ExperimentResult result = TwoRuns(folder.path());
  const std::string own = JoinPath(result.runs[0].folder, "pictures");
  WriteFileAtomically(JoinPath(own, "kept.json"), std::string_view("[{\"index\": -1}, 3, {}]"));
  ASSERT_EQ(MakeGalleries(result).size(), 1u);
  EXPECT_EQ(MakeGalleries(result)[0].runs.size(), 1u);
  WriteFileAtomically(JoinPath(result.runs[1].folder, "images.jsonl"), std::string_view("{"));
  EXPECT_EQ(MakeGalleries(result)[0].parts.size(), 1u) << "without scores nothing is worst";
  // Nothing outside the folders is read.
  WriteFileAtomically(
      JoinPath(own, "kept.json"),
      std::string_view(
          R"([{"index": 0, "name": "a", "image": "../x.jpg", "truth": "t0.png", "prediction": "0.png"}])"));
  for (const Gallery& gallery : MakeGalleries(result)) {
    for (const GalleryImage& image : gallery.parts[0].images)
      EXPECT_THAT(image.image, Not(HasSubstr("..")));
  }
}

TEST(Headline, ShowsTheImageOfTheBestRow) {
  const TestFolder folder;
  ExperimentResult result = TwoRuns(folder.path());
  // The best single run is of a row that is not the best.
  result.runs[0].metrics["mean_iou"] = 0.9;
  result.runs.push_back(FakeRun("FCN-32s [seed=2]", "FCN-32s", 2, 0.1));
  result.runs.back().folder = folder.File("seed 2");
  const std::string html = HeadlineHtml(result, {}, MakeGalleries(result));
  EXPECT_THAT(html, HasSubstr("<b>61.0 mean IU</b> at best, by FCN-8s, of 2 rows."));
  EXPECT_THAT(html, HasSubstr("prediction of FCN-8s"));
  EXPECT_THAT(html, HasSubstr("for image 21"));
}

TEST(ImageScores, AreWrittenForEachRunAndImage) {
  const TestFolder folder;
  const ExperimentResult result = TwoRuns(folder.path());
  const std::string path = folder.File("images.csv");
  ASSERT_TRUE(WriteImageScores(result, path));
  const std::vector<std::string> lines = ReadLines(path);
  ASSERT_EQ(lines.size(), 1 + 2 * 30u);
  EXPECT_EQ(lines[0], "run,group,seed,image,pixel_acc,mean_iou");
  EXPECT_EQ(lines[1], "FCN-32s,FCN-32s,1,image 0,10,5");
  EXPECT_EQ(lines[1 + 30 + 10], "FCN-8s [seed=1],FCN-8s,1,image 10,90,45");
  EXPECT_THAT(ImageScoresPlot(result), HasSubstr("mean IU of each image"));
  EXPECT_FALSE(WriteImageScores(FakeResult(folder.File("none")), folder.File("none.csv")));
  EXPECT_FALSE(FileExists(folder.File("none.csv")));
}

}  // namespace
}  // namespace seglab
