#include "train/log_forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "train/event_file.h"
#include "train/metrics_log.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The examples of RFC 3720, B.4.
TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
}

TEST(LogForms, GrowWithTheLog) {
  const TestFolder folder;
  MetricsLog log(folder.path(), 0, false, {.tensorboard = true, .csv = true});
  log.Write({{"iteration", 10}, {"loss", 0.5}, {"lr", 0.001}});
  log.Write({{"iteration", 10}, {"pixel_acc", 0.75}, {"mean_iou", 0.25}});
  EXPECT_EQ(ReadFile(folder.File("metrics.csv")),
            "iteration,loss,lr,images_per_second,wait,seconds,pixel_acc,mean_acc,mean_iou,fw_iou\n"
            "10,0.5,0.001,,,,,,,\n10,,,,,,0.75,,0.25,\n");
  const std::string events = ReadFile(folder.File("events.out.tfevents.seglab"));
  for (const char* text : {"brain.Event:2", "train/loss", "train/lr", "val/mean_iou"})
    EXPECT_THAT(events, HasSubstr(text));
}

TEST(LogForms, HoldWhatIsKeptWhenATrainingGoesOn) {
  const TestFolder folder;
  {
    MetricsLog log(folder.path(), 0, false, {.csv = true});
    for (int i : {1, 2, 3}) log.Write({{"iteration", i}, {"loss", i}});
  }
  MetricsLog log(folder.path(), 2, false, {.tensorboard = true, .csv = true});
  log.Write({{"iteration", 3}, {"loss", 7}});
  EXPECT_THAT(ReadFile(folder.File("metrics.csv")),
              testing::EndsWith("fw_iou\n1,1,,,,,,,,\n2,2,,,,,,,,\n3,7,,,,,,,,\n"));
  const std::string grown = ReadFile(folder.File("metrics.csv"));
  EXPECT_EQ(WriteLogForms(folder.path(), {.csv = true}), 3);
  EXPECT_EQ(ReadFile(folder.File("metrics.csv")), grown);
  EXPECT_EQ(WriteLogForms(folder.File("none"), {.csv = true}), 0);
}

}  // namespace
}  // namespace seglab
