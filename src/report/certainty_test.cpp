#include "report/certainty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "base/test_folder.h"
#include "report/certainty_section.h"
#include "report/report.h"
#include "report/result_json.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Counts of 20 images of two classes, of which a run finds `found` of 100 pixels, more or less.
void WriteCounts(const std::string& folder, int found, const std::string& evaluation = "") {
  MakeFolders(folder);
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    const int hit = found + (i * 7) % 11 - 5, missed = 100 - hit;
    lines += "{\"name\": \"" + std::to_string(i) + "\", \"truth\": [100, 100], \"predicted\": [" +
             std::to_string(100 + missed) + ", " + std::to_string(hit) + "], \"hit\": [100, " +
             std::to_string(hit) + "]}\n";
  }
  WriteFileAtomically(JoinPath(folder, ImageCountsFile(evaluation)), std::string_view(lines));
}

/// "FCN-32s", and "FCN-8s" of three seeds.
ExperimentResult Counted(const TestFolder& folder, int of_32s, int of_8s) {
  ExperimentResult result = FakeResult(folder.path());
  for (const RunResult& run : result.runs)
    WriteCounts(run.folder, run.group == "FCN-8s" ? of_8s : of_32s);
  return result;
}

TEST(CertaintyTest, ADifferenceBeyondNoise) {
  const TestFolder folder;
  const Certainty certainty = MakeCertainty(Counted(folder, 60, 70));
  ASSERT_THAT(certainty.rows, SizeIs(2));
  ASSERT_THAT(certainty.rows[0].columns, SizeIs(2)) << "pixel_acc and mean_iou";
  EXPECT_NEAR(certainty.rows[0].columns[0].value, 80, 0.5);
  EXPECT_LT(certainty.rows[0].columns[1].low, certainty.rows[0].columns[1].value);
  ASSERT_THAT(certainty.pairs, SizeIs(1));
  EXPECT_TRUE(certainty.pairs[0].IsBeyondNoise());
  EXPECT_TRUE(std::isnan(certainty.pairs[0].seeds.p)) << "FCN-32s has one seed";
  EXPECT_THAT(PairSentence(certainty.pairs[0]),
              AllOf(HasSubstr("FCN-8s beats FCN-32s by "), HasSubstr("(p < 0.001).")));
  EXPECT_THAT(CertaintyText(certainty, {"pixel_acc", "mean_iou"}),
              AllOf(HasSubstr("95 % interval"), HasSubstr("  FCN-32s: "), HasSubstr("beats")));
  EXPECT_THAT(CertaintyText(certainty, {"pixel_acc"}), Not(HasSubstr("interval over images")));
}

TEST(CertaintyTest, Noise) {
  const TestFolder folder;
  ExperimentResult result = Counted(folder, 60, 60);
  result.runs[0].group = "FCN-8s again";  // of two seeds
  result.runs.push_back(result.runs[0]);
  result.runs.back().metrics["mean_iou"] = 0.64;
  const Certainty certainty = MakeCertainty(result);
  ASSERT_THAT(certainty.pairs, SizeIs(1));
  EXPECT_FALSE(certainty.pairs[0].IsBeyondNoise());
  EXPECT_THAT(PairSentence(certainty.pairs[0]),
              AllOf(HasSubstr("noise (p = 1.00 over images, p = "), HasSubstr(" over seeds)"),
                    HasSubstr(" seeds of each would tell.")));
  const std::string html = CertaintySection(certainty, {"mean_iou"});
  EXPECT_THAT(
      html, AllOf(HasSubstr("Not told apart"), Not(HasSubstr("Beyond noise")), HasSubstr("<svg")));
}

TEST(CertaintyTest, EachWithTheBaselineOrTheBest) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.runs.clear();
  for (int i = 0; i < 7; ++i) {
    const std::string name = "run " + std::to_string(i);
    result.runs.push_back(FakeRun(name, name, 1, 0.3 + 0.05 * (i == 4 ? 9 : i)));
    result.runs.back().folder = folder.File(name);
    WriteCounts(result.runs.back().folder, 50 + i);
  }
  Certainty certainty = MakeCertainty(result);
  EXPECT_THAT(certainty.pairs, SizeIs(6)) << "with run 4";
  for (const PairCertainty& pair : certainty.pairs)
    EXPECT_TRUE(pair.first == "run 4" || pair.second == "run 4");
  result.baseline = "run 1";
  certainty = MakeCertainty(result);
  EXPECT_THAT(certainty.pairs, SizeIs(6));
  for (const PairCertainty& pair : certainty.pairs) EXPECT_EQ(pair.first, "run 1");
}

TEST(CertaintyTest, WhatCannotBeSaidIsNoted) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  EXPECT_THAT(MakeCertainty(result).rows, IsEmpty()) << "no counts";
  EXPECT_EQ(CertaintySection(MakeCertainty(result), {"mean_iou"}), "");
  WriteCounts(result.runs[0].folder, 60);
  const Certainty one = MakeCertainty(result);
  EXPECT_THAT(one.rows, SizeIs(1));
  EXPECT_THAT(one.pairs, IsEmpty());
  ASSERT_THAT(one.notes, SizeIs(1));
  EXPECT_THAT(one.notes[0], HasSubstr("FCN-8s [seed=1]"));

  for (size_t i = 1; i < result.runs.size(); ++i) WriteCounts(result.runs[i].folder, 60);
  result.runs[0].metrics["absent_policy"] = "zero";
  const Certainty policies = MakeCertainty(result);
  EXPECT_THAT(policies.pairs, IsEmpty());
  ASSERT_THAT(policies.notes, SizeIs(1));
  EXPECT_THAT(policies.notes[0], HasSubstr("another policy"));
}

TEST(CertaintyTest, ScoresThatAreNoCountsHaveNoInterval) {
  const TestFolder folder;
  ExperimentResult result = Counted(folder, 60, 70);
  result.columns = {"pixel_acc", "boundary_f1", "mean_iou"};
  for (RunResult& run : result.runs)
    run.metrics["boundary_f1"] = {{"tolerance", 0.0075}, {"mean", 0.5}};
  const Certainty certainty = MakeCertainty(result);
  ASSERT_THAT(certainty.rows, SizeIs(2));
  ASSERT_THAT(certainty.rows[0].columns, SizeIs(3));
  EXPECT_TRUE(std::isfinite(certainty.rows[0].columns[0].low));
  EXPECT_TRUE(std::isnan(certainty.rows[0].columns[1].value));
  EXPECT_TRUE(std::isfinite(certainty.rows[0].columns[2].low));
  ASSERT_THAT(certainty.pairs, SizeIs(1));
  EXPECT_TRUE(certainty.pairs[0].IsBeyondNoise());
  const Json json = CertaintyJson(certainty, result.columns);
  EXPECT_TRUE(json["rows"][0].contains("mean_iou"));
  EXPECT_FALSE(json["rows"][0].contains("boundary_f1"));
  EXPECT_THAT(CertaintyText(certainty, result.columns), HasSubstr("mean IU, 95 % interval"));
  EXPECT_THAT(CertaintySection(certainty, result.columns), HasSubstr("<svg"));
}

TEST(CertaintyTest, IsAPartOfResultAndPage) {
  const TestFolder folder;
  const ExperimentResult result = Counted(folder, 60, 70);
  WriteReports(result, MakeCertainty(result));
  const Json json = ReadJsonFile(folder.File("result.json"));
  EXPECT_TRUE(json["certainty"]["pairs"][0]["beyond_noise"].get<bool>());
  EXPECT_EQ(json["certainty"]["rows"][1]["group"], "FCN-8s");
  EXPECT_THAT(ReadFile(folder.File("report.html")), HasSubstr("id=\"certainty\""));
  EXPECT_EQ(ReadExperimentResult(folder.path()).runs.size(), result.runs.size());
}

}  // namespace
}  // namespace seglab
