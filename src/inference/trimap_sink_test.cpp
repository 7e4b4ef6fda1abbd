#include "inference/trimap_sink.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "base/test_error.h"

namespace seglab {
namespace {

TEST(TrimapSink, CountsWhatIsNearABoundary) {
  // Class 1 begins at column 5 of the truth, the network says at column 4.
  const at::Tensor columns = at::arange(12, at::kLong).expand({3, 12});
  const at::Tensor truth = columns.ge(5).to(at::kByte);
  const at::Tensor labels = columns.ge(4).to(at::kByte);
  const at::Tensor image = at::zeros({3, 12, 3}, at::kByte);
  TrimapSink sink(2, {3, 1});
  const std::string name = "a";
  sink.Add({0, name, image, truth, labels});
  const Json json = sink.ToJson(AbsentPolicy::kUnion);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["width"], 1);
  // Columns 4 and 5: one wrong, one right. Columns 2 to 7: one of six wrong.
  EXPECT_DOUBLE_EQ(json[0]["pixel_acc"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(json[1]["pixel_acc"].get<double>(), 5.0 / 6);
  EXPECT_DOUBLE_EQ(json[1]["mean_iou"].get<double>(), (2.0 / 3 + 3.0 / 4) / 2);
  EXPECT_THAT(sink.ToText(AbsentPolicy::kUnion), ::testing::HasSubstr("within 1 pixels"));
}

TEST(TrimapSink, WidthsAreChecked) {
  EXPECT_THAT(ErrorOf([] {
                CheckTrimapWidths({4, 0.5}, "eval.trimap");
              }),
              ::testing::HasSubstr("eval.trimap: has a width of 0.5"));
}

}  // namespace
}  // namespace seglab
