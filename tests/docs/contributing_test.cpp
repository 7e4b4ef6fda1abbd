// What CONTRIBUTING.md tells others to write works as it says.

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "base/error.h"
#include "base/test_error.h"
#include "inference/count_sink.h"
#include "losses/tiny.h"
#include "models/tiny.h"
#include "train/sign.h"

namespace seglab {
namespace {

TEST(Contributing, Model) {
  const Json spec = {{"name", "tiny"}, {"kernel", 3}};
  JsonReader options(spec, "model");
  options.Require<std::string>("name");
  const std::shared_ptr<SegModel> model = MakeTiny(options, 5);
  options.Finish();
  model->eval();
  const at::Tensor image = torch::randn({2, 3, 9, 7});
  const SegOutput output = model->forward(image);
  EXPECT_EQ(output.logits.sizes(), (std::vector<int64_t>{2, 5, 9, 7}));
  EXPECT_TRUE(output.train_on.empty());
  EXPECT_EQ(model->named_parameters()["score.weight"].sizes(), (std::vector<int64_t>{5, 3, 3, 3}));
  EXPECT_TRUE(torch::equal(model->Features(image), output.logits));
}

TEST(Contributing, ModelRefusesUnknownOptions) {
  const Json spec = {{"kernal", 3}};
  JsonReader options(spec, "model");
  MakeTiny(options, 5);
  EXPECT_THAT(ErrorOf([&] { options.Finish(); }), testing::HasSubstr("kernel"));
}

TEST(Contributing, Loss) {
  torch::manual_seed(1);
  const TinyLoss loss;
  const at::Tensor logits = torch::randn({1, 3, 4, 5}).requires_grad_();
  const at::Tensor label = torch::randint(3, {1, 4, 5}, at::kByte);
  label[0].slice(0, 0, 2).fill_(255);
  const at::Tensor mean = MeanLoss(loss, logits, label);
  EXPECT_GT(mean.item<double>(), 0);
  EXPECT_LT(mean.item<double>(), 1);
  mean.backward();
  EXPECT_EQ(logits.grad().slice(2, 0, 2).abs().max().item<float>(), 0);
  EXPECT_GT(logits.grad().slice(2, 2).abs().max().item<float>(), 0);
}

TEST(Contributing, Optimizer) {
  torch::nn::Linear layer(2, 1);
  TrainOptions options;
  options.bias_lr = 2;
  SignDescent optimizer(ChooseParameters(*layer, options), options);
  const at::Tensor weight = layer->weight.detach().clone(), bias = layer->bias.detach().clone();
  layer->weight.mutable_grad() = torch::tensor({{3.0f, -0.5f}});
  layer->bias.mutable_grad() = torch::tensor({7.0f});
  optimizer.Step(0.25);
  EXPECT_TRUE(at::equal(layer->weight, weight - torch::tensor({{0.25f, -0.25f}})));
  EXPECT_TRUE(at::equal(layer->bias, bias - 0.5));
}

TEST(Contributing, Sink) {
  CountSink sink;
  const std::string name = "a";
  const at::Tensor truth = torch::tensor({{1, 255}, {0, 2}}).to(at::kByte);
  const at::Tensor right = torch::tensor({{1, 7}, {0, 2}}).to(at::kByte), image;
  sink.Add({0, name, image, truth, right});
  sink.Add({1, name, image, truth, truth.eq(3).to(at::kByte)});
  EXPECT_EQ(sink.perfect, 1);
}

}  // namespace
}  // namespace seglab
