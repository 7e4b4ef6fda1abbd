#include "report/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "report/report.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ResultJson, RoundTrip) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.description = "Two lines\nof \"text\" ±";
  result.runs[0].paper = {89.1, kNan};
  result.runs[0].task = Task::kClassification;
  result.runs[1].seed = std::numeric_limits<uint64_t>::max();
  result.runs[2].config = nullptr;
  result.runs[1].total_seconds = 1234.5;
  result.runs[2].total_seconds = kNan;
  result.compare = {{"parameters", "total_seconds"}};
  result.runs[1].macs = 123'456'789'012;
  result.runs[1].receptive_field = 404;
  result.runs[2].receptive_field = std::numeric_limits<double>::infinity();
  WriteReports(result);
  const ExperimentResult read = ReadExperimentResult(folder.path());
  EXPECT_EQ(ResultToJson(read), ResultToJson(result));
  EXPECT_EQ(read.folder, folder.path());
  EXPECT_EQ(read.description, result.description);
  EXPECT_EQ(read.columns, result.columns);
  EXPECT_EQ(read.compare, result.compare);
  EXPECT_EQ(read.environment, result.environment);
  EXPECT_EQ(read.labels.names, result.labels.names);
  EXPECT_EQ(read.labels.palette, result.labels.palette);
  ASSERT_EQ(read.runs.size(), result.runs.size());
  for (size_t i = 0; i < read.runs.size(); ++i) {
    EXPECT_EQ(read.runs[i].name, result.runs[i].name);
    EXPECT_EQ(read.runs[i].group, result.runs[i].group);
    EXPECT_EQ(read.runs[i].folder, result.runs[i].folder);
    EXPECT_EQ(read.runs[i].task, result.runs[i].task);
    EXPECT_EQ(read.runs[i].seed, result.runs[i].seed);
    EXPECT_EQ(read.runs[i].config, result.runs[i].config);
    EXPECT_EQ(read.runs[i].metrics, result.runs[i].metrics);
    EXPECT_EQ(read.runs[i].parameters, result.runs[i].parameters);
    EXPECT_EQ(read.runs[i].iterations, result.runs[i].iterations);
    EXPECT_EQ(read.runs[i].train_seconds, result.runs[i].train_seconds);
    EXPECT_EQ(read.runs[i].eval_seconds, result.runs[i].eval_seconds);
  }
  EXPECT_EQ(read.runs[0].macs, 0);
  EXPECT_EQ(read.runs[1].macs, 123'456'789'012);
  EXPECT_TRUE(std::isnan(read.runs[0].receptive_field));
  EXPECT_EQ(read.runs[1].receptive_field, 404);
  EXPECT_TRUE(std::isinf(read.runs[2].receptive_field));
  EXPECT_EQ(read.runs[1].total_seconds, 1234.5);
  EXPECT_TRUE(std::isnan(read.runs[2].total_seconds));
  EXPECT_EQ(read.runs[0].paper[0], 89.1);
  EXPECT_TRUE(std::isnan(read.runs[0].paper[1]));
}

TEST(ResultJson, OfOlderVersionsCountsTheRunsOwnTime) {
  const TestFolder folder;
  WriteReports(FakeResult(folder.path()));
  Json json = ParseJson(ReadFile(folder.File("result.json")), "result.json");
  EXPECT_FALSE(json.contains("compare"));
  for (Json& run : json["runs"]) run.erase("total_seconds");
  WriteFileAtomically(folder.File("result.json"), std::string_view(json.dump()));
  const ExperimentResult read = ReadExperimentResult(folder.path());
  EXPECT_EQ(read.runs[0].total_seconds, read.runs[0].train_seconds);
  EXPECT_FALSE(read.compare.has_value());
}

TEST(ResultJson, BrokenFilesAreNamed) {
  const TestFolder folder;
  EXPECT_THROW(ReadExperimentResult(folder.path()), Error);
  WriteFileAtomically(folder.File("result.json"),
                      std::string_view("{\"name\": \"a\", \"columns\": 3}"));
  try {
    ReadExperimentResult(folder.path());
    FAIL() << "columns must be a list";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("result.json"));
    EXPECT_THAT(error.what(), HasSubstr("columns"));
  }
}

TEST(ResultJson, WithoutSegmentationThereAreNoClasses) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.labels = {};
  WriteReports(result);
  EXPECT_EQ(ReadExperimentResult(folder.path()).labels.size(), 0);
}

}  // namespace
}  // namespace seglab
