#include "weights/traits.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "weights/init.h"
#include "weights/load.h"
#include "weights/test_caffe_file.h"
#include "weights/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kAnyPath[] = "net.safetensors";

Json MobileNet(bool relu6) {
  Json spec = {{"name", "classifier"}, {"backbone", {{"name", "mobilenet_v1"}, {"width", 0.25}}}};
  if (relu6) spec["backbone"]["relu6"] = true;
  return spec;
}

Json Published(Json spec) {
  spec["geometry"] = "published";
  spec["backbone"].erase("fc6_kernel");  // Its crops are those of the 7x7 one.
  return spec;
}

/// A checkpoint of the network, without tensors.
TensorFile CheckpointOf(const Json& spec) {
  return {{}, ModelMetadata(*SeededModel(spec, 3), spec, TestLabels(3))};
}

/// What is logged where the file's weights go into the network.
std::string CheckLog(const TensorFile& file, const Json& spec) {
  const std::shared_ptr<SegModel> model = SeededModel(spec, 3);
  return LogOf([&] { CheckTraits(file, *model, spec, kAnyPath); });
}

TEST(Traits, ThatDifferAreAWarningBothWays) {
  for (bool theirs : {false, true}) {
    const TensorFile file = CheckpointOf(MobileNet(theirs));
    EXPECT_EQ(CheckLog(file, MobileNet(theirs)), "");
    EXPECT_THAT(CheckLog(file, MobileNet(!theirs)),
                AllOf(HasSubstr("warning: net.safetensors"), HasSubstr("relu6"),
                      HasSubstr("do not compute what they did there")));
  }
}

TEST(Traits, GeometryIsTheSegmentationNetworks) {
  const Json fcn = TinySpec("fcn32s");
  EXPECT_EQ(CheckLog(CheckpointOf(Published(fcn)), Published(TinySpec("fcn16s"))), "");
  EXPECT_THAT(CheckLog(CheckpointOf(Published(fcn)), TinySpec("fcn16s")),
              AllOf(HasSubstr("warning"), HasSubstr("published")));
  EXPECT_THAT(CheckLog(CheckpointOf(fcn), Published(fcn)), HasSubstr("published"));
  EXPECT_EQ(CheckLog(CheckpointOf(TinySpec("classifier")), Published(fcn)), "");
  EXPECT_EQ(CheckLog(CheckpointOf(Published(fcn)), TinySpec("classifier")), "");
}

TEST(Traits, TheBackbonesGoFromAClassifierToAnFcn) {
  Json backbone = {{"name", "resnet50"}, {"width", 1.0 / 64}}, caffe = backbone;
  caffe["caffe"] = true;
  const TensorFile file = CheckpointOf({{"name", "classifier"}, {"backbone", caffe}});
  EXPECT_EQ(CheckLog(file, {{"name", "fcn32s"}, {"backbone", caffe}}), "");
  EXPECT_THAT(CheckLog(file, {{"name", "fcn32s"}, {"backbone", backbone}}), HasSubstr("caffe"));
}

TEST(Traits, FilesThatHaveNoneSayNothing) {
  TensorFile file = CheckpointOf(MobileNet(true));
  file.metadata.erase("traits");
  EXPECT_EQ(CheckLog(file, MobileNet(false)), "");
  EXPECT_EQ(CheckLog(TensorFile(), MobileNet(true)), "");
}

TEST(Traits, NothingIsLookedAtWithoutTheSpec) {
  const TensorFile file = CheckpointOf(MobileNet(true));
  const std::shared_ptr<SegModel> model = SeededModel(MobileNet(false), 3);
  EXPECT_EQ(LogOf([&] { CheckTraits(file, *model, nullptr, kAnyPath); }), "");
}

TEST(Traits, OfCaffesNetworksAreLookedAtToo) {
  CaffeFile caffe = ResNet({"2a"});
  Json spec = {{"name", "classifier"}, {"backbone", {{"name", "resnet50"}, {"width", 1.0 / 64}}}};
  EXPECT_THAT(CheckLog(caffe.file(), spec), HasSubstr("\"caffe\": true"));
  spec["backbone"]["caffe"] = true;
  EXPECT_EQ(CheckLog(caffe.file(), spec), "");
}

TEST(Traits, AreLookedAtWhereWeightsAreLoadedOrStartANetwork) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Save(path, *UsedModel(MobileNet(false), 3), MobileNet(false), 3);
  const std::shared_ptr<SegModel> same = SeededModel(MobileNet(false), 3, 8),
                                  other = SeededModel(MobileNet(true), 3, 8);
  EXPECT_EQ(LogOf([&] { InitFromFile(*same, {path, {}}, MobileNet(false)); }), "");
  EXPECT_THAT(LogOf([&] {
                InitFromFile(*other, {path, {}}, MobileNet(true));
              }),
              AllOf(HasSubstr("warning: " + path), HasSubstr("relu6")));
  ModelChoice choice;
  EXPECT_EQ(LogOf([&] { LoadModelFile(path, choice); }), "");
  choice.model = MobileNet(true);
  EXPECT_THAT(LogOf([&] { LoadModelFile(path, choice); }),
              AllOf(HasSubstr("warning: " + path), HasSubstr("relu6")));
}

}  // namespace
}  // namespace seglab
