#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cctype>
#include <ostream>
#include <string>

#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "models/test_models.h"
#include "tensor/state.h"

// Parameters and state entries that torchvision has and papers print. VGG's are in vgg_test.cpp.
namespace seglab {
namespace {

struct CountRow {
  std::string spec;
  int classes;
  int64_t parameters;
  size_t entries;  ///< of the state, or 0 where no source states them
};

void PrintTo(const CountRow& row, std::ostream* out) { *out << row.spec; }

std::string CountName(const testing::TestParamInfo<CountRow>& info) {
  std::string name = std::to_string(info.index) + info.param.spec;
  std::string letters;
  for (char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) letters += c;
  }
  return letters;
}

class Classifier : public testing::TestWithParam<CountRow> {};
INSTANTIATE_TEST_SUITE_P(
    Counts, Classifier,
    testing::Values(CountRow{R"({"name": "alexnet"})", 1000, 61100840, 16},
                    CountRow{R"({"name": "googlenet"})", 1000, 6624904, 0},
                    CountRow{R"({"name": "googlenet", "aux_loss": true})", 1000, 13004888, 364},
                    // BVLC's convolutions and its last layer.
                    CountRow{R"({"name": "googlenet", "caffe": true})", 1000, 5973552 + 1025000,
                             116},
                    CountRow{R"({"name": "resnet18"})", 1000, 11689512, 122},
                    CountRow{R"({"name": "resnet34"})", 1000, 21797672, 218},
                    CountRow{R"({"name": "resnet50"})", 1000, 25557032, 320},
                    CountRow{R"({"name": "resnet50", "caffe": true})", 1000, 25557032, 320},
                    CountRow{R"({"name": "resnet101"})", 1000, 44549160, 626},
                    CountRow{R"({"name": "resnet152"})", 1000, 60192808, 932},
                    CountRow{R"({"name": "squeezenet1_0"})", 1000, 1248424, 52},
                    CountRow{R"({"name": "squeezenet1_1"})", 1000, 1235496, 52},
                    CountRow{R"({"name": "mobilenet_v1"})", 1000, 4231976, 0},
                    CountRow{R"({"name": "mobilenet_v2"})", 1000, 3504872, 314}),
    CountName);

TEST_P(Classifier, HasItsParameters) {
  const CountRow& row = GetParam();
  const auto model = MakeClassifier(ParseJson(row.spec, "spec"), row.classes, "backbone");
  EXPECT_EQ(CountParameters(*model), row.parameters);
  if (row.entries > 0) {
    EXPECT_EQ(ModuleState(*model).size(), row.entries);
  }
}

class Segmenter : public testing::TestWithParam<CountRow> {};
INSTANTIATE_TEST_SUITE_P(
    Counts, Segmenter,
    testing::Values(
        // FCN, table 1: 57M, 134M (in fcn_test.cpp), 6M.
        CountRow{R"({"name": "fcn32s", "backbone": {"name": "alexnet", "caffe": true}})", 21,
                 56954261, 0},
        CountRow{R"({"name": "fcn32s", "backbone": {"name": "googlenet", "caffe": true}})", 21,
                 5973552 + 21525, 0},
        CountRow{R"({"name": "fcn32s", "backbone": "googlenet"})", 21, 5621429, 0},
        // DeepLab: v1, table 2 ("20.5M", "65.1M", "134.3M"); v2 layer by layer.
        CountRow{R"({"name": "deeplab_v1"})", 21, 20505429, 32},
        CountRow{R"({"name": "deeplab_v1", "fc6": "7x7_r4"})", 21, 134346581, 32},
        CountRow{R"({"name": "deeplab_v1", "fc6": "4x4_r4"})", 21, 65140565, 32},
        CountRow{R"({"name": "deeplab_v1", "fc6": "4x4_r8"})", 21, 65140565, 32},
        CountRow{R"({"name": "deeplab_v2"})", 21, 44048532, 0},
        CountRow{R"({"name": "deeplab_v2", "backbone": "resnet101"})", 21, 44048532, 0},
        CountRow{R"({"name": "deeplab_v2", "backbone": "vgg16"})", 21, 37877652, 50},
        CountRow{R"({"name": "deeplab_v2", "backbone": "vgg16", "head": "aspp_s"})", 21, 37877652,
                 50},
        CountRow{R"({"name": "deeplab_v2", "backbone": "vgg16", "head": "largefov"})", 21, 20505429,
                 32},
        CountRow{R"({"name": "deeplab_v2", "head": "largefov"})", 21, 42500160 + 387093, 0},
        // Three layers on each of 3, 64, 128, 256 and 512 channels.
        CountRow{R"({"name": "deeplab_v1", "msc": true})", 21,
                 20505429 + 9 * 128 * (3 + 64 + 128 + 256 + 512) +
                     5 * (128 + 128 * 128 + 128 + 128 * 21 + 21),
                 62},
        CountRow{R"({"name": "fcn_resnet50", "aux_loss": true})", 21, 35322218, 0},
        CountRow{R"({"name": "fcn_resnet101", "aux_loss": true})", 21, 54314346, 0},
        CountRow{R"({"name": "deeplabv3_resnet50", "aux_loss": true})", 21, 42004074, 0},
        CountRow{R"({"name": "deeplabv3_resnet101", "aux_loss": true})", 21, 60996202, 0}),
    CountName);

TEST_P(Segmenter, HasItsParameters) {
  const CountRow& row = GetParam();
  const auto model = MakeModel(ParseJson(row.spec, "spec"), row.classes);
  EXPECT_EQ(CountParameters(*model), row.parameters);
  if (row.entries > 0) {
    EXPECT_EQ(ModuleState(*model).size(), row.entries);
  }
}

}  // namespace
}  // namespace seglab
