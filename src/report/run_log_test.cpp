#include "report/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::ElementsAre;

TEST(RunLog, KeepsWhatCanBeRead) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("metrics.jsonl"),
                      std::string_view("{\"iteration\":1,\"loss\":2.5,\"images_per_second\":3}\n"
                                       "not json\n[1]\n"
                                       "{\"iteration\":2,\"loss\":null,\"images_per_second\":5}\n"
                                       "{\"iteration\":2,\"mean_iou\":0.25}\n"
                                       "{\"iteration\":3,\"lo"));
  const RunLog log = ReadRunLog(folder.path(), "mean_iou");
  EXPECT_THAT(log.iterations, ElementsAre(1, 2));
  EXPECT_EQ(log.losses[0], 2.5);
  EXPECT_TRUE(std::isnan(log.losses[1]));
  EXPECT_THAT(log.eval_iterations, ElementsAre(2));
  EXPECT_THAT(log.eval_scores, ElementsAre(25));
  EXPECT_EQ(log.images_per_second, 5);
}

}  // namespace
}  // namespace seglab
