#include "inference/rand_sink.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

namespace seglab {
namespace {

TEST(RandSink, ScoresObjectsOfOneClass) {
  // Two cells of 3 x 4 pixels with a column of membrane between them, which the network misses.
  const at::Tensor truth = at::arange(9, at::kLong).expand({3, 9}).ne(4).to(at::kByte);
  const at::Tensor labels = at::ones({3, 9}, at::kByte);
  const at::Tensor image = at::zeros({3, 9, 3}, at::kByte);
  const std::string name = "a";
  RandSink sink(1, "cell");
  sink.Add({0, name, image, truth, labels});
  const Json json = sink.ToJson();
  EXPECT_EQ(json["object_class"], "cell");
  EXPECT_EQ(json["images"], 1);
  EXPECT_DOUBLE_EQ(json["pixel_error"].get<double>(), 1 / 9.0);
  EXPECT_DOUBLE_EQ(json["merge_thin"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(json["split"].get<double>(), 1);
  EXPECT_DOUBLE_EQ(json["rand_error"].get<double>(), 1 - 1 / 1.5);
  EXPECT_EQ(sink.ToText(),
            "Rand error of cell 33.3, with thin boundaries 33.3 (split 100.0, merge 50.0); pixel "
            "error 11.1\n");
}

TEST(RandSink, OfNoImageIsNothing) {
  const RandSink sink(0, "cell");
  EXPECT_TRUE(sink.ToJson()["rand_error"].is_null());
  EXPECT_TRUE(sink.ToJson()["pixel_error"].is_null());
  EXPECT_THAT(sink.ToText(), ::testing::HasSubstr("Rand error of cell -"));
}

}  // namespace
}  // namespace seglab
