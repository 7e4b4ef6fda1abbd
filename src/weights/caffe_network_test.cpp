#include "weights/caffe_network.h"

#include <gmock/gmock.h>

#include <string>

#include "base/test_error.h"
#include "base/test_log.h"
#include "weights/test_caffe_file.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kPath[] = "net.caffemodel";
const NetworkTraits kPublished = {{"geometry", "published"}}, kCaffe = {{"variant", "caffe"}};

std::string CheckLog(const TensorFile& file, const NetworkTraits& traits,
                     const std::string& network) {
  return LogOf([&] { CheckCaffeNetwork(file, traits, network, kPath); });
}

TEST(CaffeNetwork, ScaledSkipsAreForTheNetworkThatScalesThem) {
  CaffeFile scaled = Vgg({2, 2, 3, 3, 3});
  scaled.Add("score_fr").Add("score_pool4").Add("scale_pool4").Add("scale_pool3");
  CaffeFile plain = Vgg({2, 2, 3, 3, 3});
  plain.Add("score_fr").Add("score_pool4");
  const auto error = [](const TensorFile& file, const char* network) {
    return ErrorOf([&] { CheckCaffeNetwork(file, kPublished, network, kPath); });
  };
  EXPECT_EQ(error(scaled.file(), "fcn8s_atonce"), "");
  EXPECT_THAT(error(scaled.file(), "fcn8s"), AllOf(HasSubstr(kPath), HasSubstr("fcn8s_atonce")));
  EXPECT_EQ(error(plain.file(), "fcn8s"), "");
  EXPECT_THAT(error(plain.file(), "fcn8s_atonce"),
              AllOf(HasSubstr(kPath), HasSubstr("take fcn8s")));
}

TEST(CaffeNetwork, StridesOfResNetAreAWarning) {
  CaffeFile caffe = ResNet({"2a"});
  const TensorFile& file = caffe.file();
  EXPECT_EQ(CheckLog(file, kCaffe, "classifier"), "");
  EXPECT_THAT(CheckLog(file, {}, "classifier"),
              AllOf(HasSubstr("warning: net.caffemodel"), HasSubstr("\"caffe\": true")));
  EXPECT_THAT(CheckLog(file, {}, "fcn_resnet50"), HasSubstr("warning"));
  const Json with = {{"name", "resnet50"}, {"caffe", true}};
  EXPECT_EQ(CaffeNetwork(file, {{"name", "classifier"}, {"backbone", "resnet50"}})["backbone"],
            with);
  EXPECT_EQ(CaffeNetwork(file, {{"name", "fcn_resnet50"}}), (Json{{"name", "fcn_resnet50"}}));
  UseNetworkNames(caffe.file(), kPath);
  EXPECT_THAT(CheckLog(file, {}, "classifier"), HasSubstr("warning")) << "also renamed";
}

TEST(CaffeNetwork, PaddingOfFcnIsAWarning) {
  CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
  const TensorFile& file = caffe.Add("score_fr").file();
  EXPECT_TRUE(IsCaffeFcn(file));
  EXPECT_THAT(CheckLog(file, {}, "fcn32s"),
              AllOf(HasSubstr("warning: net.caffemodel"), HasSubstr("published")));
  EXPECT_EQ(CheckLog(file, kPublished, "fcn32s"), "");
  EXPECT_EQ(CaffeNetwork(file, {{"name", "fcn32s"}})["geometry"], Json("published"));
}

TEST(CaffeNetwork, OtherFilesStayAsTheyAre) {
  CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
  const Json spec = {{"name", "classifier"}, {"backbone", "vgg16"}};
  EXPECT_FALSE(IsCaffeFcn(caffe.file()));
  EXPECT_EQ(CaffeNetwork(caffe.file(), spec), spec);
  EXPECT_EQ(CheckLog(caffe.file(), {}, "classifier"), "");
}

}  // namespace
}  // namespace seglab
