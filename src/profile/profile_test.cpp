#include "profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <string>

#include "base/error.h"

// Small networks, counted by hand.
namespace seglab {
namespace {

namespace nn = torch::nn;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// A network that is one function.
class Net : public SegModel {
 public:
  using Body = std::function<at::Tensor(const at::Tensor&)>;
  SegOutput forward(const at::Tensor& image) override { return {body(image), {}}; }
  at::Tensor Features(const at::Tensor& image) override { return body(image); }
  nn::Conv2d Conv(const std::string& name, const nn::Conv2dOptions& options) {
    return register_module(name, nn::Conv2d(options));
  }
  Body body;
};

nn::Conv2dOptions Same(int64_t in, int64_t out, int64_t kernel) {
  return nn::Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(false);
}

const LayerProfile& Layer(const Profile& profile, const std::string& name) {
  for (const LayerProfile& layer : profile.layers) {
    if (layer.name == name) return layer;
  }
  throw Error("no layer ", name);
}

TEST(ProfileTest, CountsGroupsStridesAndBiases) {
  Net net;
  nn::Conv2d grouped = net.Conv("grouped", nn::Conv2dOptions(6, 8, 3).groups(2).stride(2));
  nn::Conv2d first = net.Conv("first", nn::Conv2dOptions(3, 6, {3, 5}).dilation(2));
  net.body = [&](const at::Tensor& x) { return grouped(first(x)); };
  const Profile found = ProfileModel(net, 20, 21);
  // 20 x 21 -> 16 x 13 -> 7 x 6.
  EXPECT_THAT(Layer(found, "first").output, ElementsAre(1, 6, 16, 13));
  EXPECT_EQ(Layer(found, "first").macs, 6 * 16 * 13 * 3 * 15);
  EXPECT_EQ(Layer(found, "first").flops, 6 * 16 * 13 * (2 * 3 * 15 + 1));
  EXPECT_EQ(Layer(found, "first").parameters, 6 * 3 * 15 + 6);
  EXPECT_EQ(Layer(found, "first").output_bytes, 6 * 16 * 13 * 4);
  EXPECT_THAT(Layer(found, "grouped").output, ElementsAre(1, 8, 7, 6));
  EXPECT_EQ(Layer(found, "grouped").macs, 8 * 7 * 6 * 3 * 9);
  EXPECT_EQ(found.macs, Layer(found, "first").macs + Layer(found, "grouped").macs);
  // Columns see more than rows: 1 + 4 * 2 = 9, then two more.
  EXPECT_EQ(Layer(found, "first").receptive_field, 9);
  EXPECT_EQ(found.deepest.receptive_field, 11);
  EXPECT_EQ(found.deepest.max_stride, 2);
  EXPECT_EQ(found.deepest.conv_layers, 2);
}

TEST(ProfileTest, TransposedConvolutionCountsAndEndsTheWalk) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3).stride(2));
  nn::ConvTranspose2d up = net.register_module(
      "up", nn::ConvTranspose2d(
                nn::ConvTranspose2dOptions(4, 6, 4).stride(2).padding(1).groups(2).bias(false)));
  nn::Conv2d last = net.Conv("last", Same(6, 2, 3));
  net.body = [&](const at::Tensor& x) { return last(up->forward(conv(x))); };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_THAT(Layer(found, "up").output, ElementsAre(1, 6, 8, 8));
  EXPECT_EQ(Layer(found, "up").macs, 4 * 4 * 4 * 3 * 16);
  EXPECT_EQ(Layer(found, "up").flops, 2 * Layer(found, "up").macs);
  EXPECT_EQ(found.deepest.conv_layers, 1);
  EXPECT_EQ(found.deepest.receptive_field, 3);
  EXPECT_EQ(Layer(found, "last").receptive_field, 0);
}

TEST(ProfileTest, CountsWhatIsNoMatrixProduct) {
  Net net;
  nn::BatchNorm2d norm = net.register_module("norm", nn::BatchNorm2d(3));
  net.body = [&](const at::Tensor& image) {
    at::Tensor x = norm(image);                               // 2 * 192
    x = at::max_pool2d(x, {3, 2}, {2, 2}, {1, 0});            // 3 x 4 x 4 windows of 6
    x = (x * x).clamp_min_(0);                                // 48 + 48
    x = at::avg_pool2d(x, 2);                                 // 3 x 2 x 2 windows of 4
    x = at::upsample_bilinear2d(x, {4, 6}, false);            // 3 x 4 x 6 sums of 4
    return at::mean(at::constant_pad_nd(x, {1, 1}), {2, 3});  // 3 x 4 x 8
  };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_EQ(found.macs, 0);
  EXPECT_EQ(found.flops, 384 + 288 + 96 + 48 + 288 + 96);
  EXPECT_THAT(found.uncounted, IsEmpty());
  // 3 rows of the max pool, then 2 cells of 2 pixels.
  EXPECT_EQ(found.deepest.receptive_field, 5);
  EXPECT_EQ(found.deepest.max_stride, 4);
}

TEST(ProfileTest, LocalResponseNormLooksAtNoNeighbours) {
  Net net;
  nn::LocalResponseNorm norm(nn::LocalResponseNormOptions(5));
  net.body = [&](const at::Tensor& x) { return norm(x); };
  const Profile found = ProfileModel(net, 4, 4);
  // Squares, sums of 5, a product, a sum, a power, a quotient.
  EXPECT_EQ(found.flops, 3 * 16 * (1 + 5 + 1 + 1 + 1 + 1));
  EXPECT_EQ(found.deepest.receptive_field, 1);
  EXPECT_FALSE(found.deepest.whole_image);
}

TEST(ProfileTest, SumsAndConcatenationsSeeWhatTheirWidestBranchSees) {
  Net net;
  nn::Conv2d stem = net.Conv("stem", Same(3, 4, 3).stride(2)), a = net.Conv("a", Same(4, 4, 3)),
             b = net.Conv("b", Same(4, 4, 3)), wide = net.Conv("wide", Same(4, 4, 7)),
             last = net.Conv("last", Same(8, 2, 1));
  net.body = [&](const at::Tensor& image) {
    const at::Tensor x = stem(image);
    const at::Tensor residual = x + b(at::relu(a(x)));
    return last(at::cat({residual, wide(x)}, 1).slice(2, 1, 4));
  };
  const Profile found = ProfileModel(net, 16, 16);
  EXPECT_EQ(Layer(found, "add").receptive_field, 3 + 2 * 2 * 2);
  EXPECT_EQ(Layer(found, "wide").receptive_field, 3 + 6 * 2);
  EXPECT_EQ(Layer(found, "cat").receptive_field, 15);
  EXPECT_EQ(found.deepest.receptive_field, 15);
  EXPECT_EQ(found.deepest.conv_layers, 4);  // stem, a, b, last
  EXPECT_EQ(found.deepest.max_stride, 2);
}

TEST(ProfileTest, GlobalPoolsSeeTheWholeImage) {
  const auto with_pool = [](const Net::Body& pool) {
    Net net;
    nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3).stride(2));
    net.body = [&](const at::Tensor& x) { return pool(conv(x)); };
    return ProfileModel(net, 16, 12).deepest;  // a map of 8 x 6
  };
  for (const Net::Body& pool : {Net::Body([](const at::Tensor& x) {
                                  return x.mean({2, 3});
                                }),
                                Net::Body([](const at::Tensor& x) {
                                  return x.mean({-1, -2}, true);
                                }),
                                Net::Body([](const at::Tensor& x) {
                                  return at::adaptive_avg_pool2d(x, {1, 1});
                                }),
                                Net::Body([](const at::Tensor& x) {
                                  return at::avg_pool2d(x, {8, 6});
                                })}) {
    const DeepestMap found = with_pool(pool);
    EXPECT_TRUE(found.whole_image);
    EXPECT_EQ(found.receptive_field, 3);
    EXPECT_EQ(found.receptive_field_with_pool, 3 + 7 * 2);
    EXPECT_EQ(found.max_stride, 2);
  }
  for (const Net::Body& pool : {Net::Body([](const at::Tensor& x) {
                                  return at::adaptive_avg_pool2d(x, {8, 6});
                                }),
                                Net::Body([](const at::Tensor& x) { return x.mean(1); })}) {
    const DeepestMap found = with_pool(pool);
    EXPECT_FALSE(found.whole_image);
    EXPECT_EQ(found.receptive_field_with_pool, 3);
  }
}

TEST(ProfileTest, FullyConnectedLayersAreConvolutionsOfTheWholeMap) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3));
  nn::Linear fc = net.register_module("fc", nn::Linear(4 * 36, 5));
  net.body = [&](const at::Tensor& x) { return fc(conv(x).flatten(1)); };
  const Profile found = ProfileModel(net, 6, 6);
  EXPECT_EQ(Layer(found, "fc").macs, 4 * 36 * 5);
  EXPECT_EQ(Layer(found, "fc").flops, 2 * 4 * 36 * 5 + 5);
  EXPECT_EQ(Layer(found, "fc").parameters, 4 * 36 * 5 + 5);
  EXPECT_EQ(Layer(found, "fc").weight, "fc.weight");
  EXPECT_EQ(found.deepest.conv_layers, 2);
  EXPECT_EQ(found.deepest.receptive_field, 3);
  EXPECT_TRUE(found.deepest.whole_image);
}

// Memory of 8 x 8 maps of four channels: 1024 bytes.

TEST(ProfileTest, MemoryOfAChain) {
  Net net;
  nn::Conv2d a = net.Conv("a", Same(3, 4, 3)), b = net.Conv("b", Same(4, 2, 3));
  net.body = [&](const at::Tensor& x) { return b(at::relu(a(x))); };
  const Profile plain = ProfileModel(net, 8, 8);
  EXPECT_EQ(plain.activation_bytes, 1024 + 1024 + 512);
  EXPECT_EQ(plain.peak_activation_bytes, 1024 + 1024);

  net.body = [&](const at::Tensor& x) { return b(a(x).relu_().view({1, 4, 8, 8})).slice(2, 1, 5); };
  const Profile in_place = ProfileModel(net, 8, 8);
  EXPECT_EQ(in_place.activation_bytes, 1024 + 512);
  EXPECT_EQ(in_place.peak_activation_bytes, 1024 + 512);
}

TEST(ProfileTest, MemoryOfAResidual) {
  Net net;
  nn::Conv2d a = net.Conv("a", Same(3, 4, 3)), b = net.Conv("b", Same(4, 4, 3));
  net.body = [&](const at::Tensor& x) {
    const at::Tensor y = a(x);
    return b(b(y)) + y;
  };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_EQ(found.activation_bytes, 4 * 1024);
  EXPECT_EQ(found.peak_activation_bytes, 3 * 1024);
  // The second use of a weight is no second set of parameters.
  EXPECT_EQ(found.parameters, 3 * 4 * 9 + 4 * 4 * 9);
}

// What is said of the rest

TEST(ProfileTest, ListsWhatItCannotCount) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3));
  net.body = [&](const at::Tensor& x) { return at::erf(at::erf(conv(x))).cumsum(1); };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_THAT(found.uncounted, ElementsAre(Pair("cumsum", 1), Pair("erf", 2)));
  EXPECT_EQ(found.flops, 2 * found.macs);
  EXPECT_EQ(found.activation_bytes, 4 * 1024);
  const Json json = ToJson(found);
  EXPECT_EQ(json["uncounted"].dump(), R"([{"op":"cumsum","calls":1},{"op":"erf","calls":2}])");
}

TEST(ProfileTest, ParametersOfTrainingOnly) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3));
  net.Conv("auxiliary", Same(4, 2, 1));
  net.body = [&](const at::Tensor& x) { return conv(x); };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_EQ(found.parameters, 3 * 4 * 9 + 8);
  EXPECT_EQ(found.unused_parameters, 8);
}

TEST(ProfileTest, ConstantsAreNotTheNetworks) {
  Net net;
  const at::Tensor matrix = at::ones({8, 8});
  net.body = [&](const at::Tensor& x) { return at::matmul(x, (matrix + 1).t()); };
  const Profile found = ProfileModel(net, 8, 8);
  EXPECT_EQ(found.macs, 3 * 8 * 8 * 8);
  EXPECT_EQ(found.flops, 2 * found.macs);
  EXPECT_EQ(found.activation_bytes, 3 * 64 * 4);
  EXPECT_EQ(found.deepest.conv_layers, 0);
}

TEST(ProfileTest, LeavesTheModeAsItWas) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3));
  nn::BatchNorm2d norm = net.register_module("norm", nn::BatchNorm2d(4));
  norm->eval();
  bool training = true;
  net.body = [&](const at::Tensor& x) {
    training = net.is_training() || conv->is_training();
    return norm(conv(x));
  };
  ProfileModel(net, 8, 8);
  EXPECT_FALSE(training);
  EXPECT_TRUE(net.is_training());
  EXPECT_TRUE(conv->is_training());
  EXPECT_FALSE(norm->is_training());
}

TEST(ProfileTest, GoesOnAfterAnError) {
  Net net;
  nn::Conv2d conv = net.Conv("conv", Same(3, 4, 3));
  net.body = [&](const at::Tensor& x) -> at::Tensor {
    if (x.size(2) < 8) throw Error("too small");
    return conv(x);
  };
  EXPECT_THROW(ProfileModel(net, 4, 4), Error);
  EXPECT_EQ(ProfileModel(net, 8, 8).macs, 3 * 4 * 9 * 64);
}

}  // namespace
}  // namespace seglab
