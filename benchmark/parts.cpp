// Times of the parts that a pass is made of, by Google Benchmark.
//
//   parts_benchmark [--benchmark_filter=conv] [--benchmark_repetitions=5] ...
//
// Convolutions have the sizes of FCN-8s and FCN-ResNet50 on an image of 375 x 500; a line says how
// many operations of the direct convolution a second of it does.

#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <opencv2/core.hpp>

#include "data/resample.h"
#include "losses/cross_entropy.h"
#include "metrics/confusion_matrix.h"
#include "nn/batch_norm.h"
#include "nn/bilinear.h"
#include "nn/fast_conv.h"
#include "tensor/argmax.h"
#include "tensor/compat.h"
#include "tensor/enlarged.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

struct Layer {
  const char* name;
  int64_t in, out, kernel, dilation, height, width;
};

constexpr Layer kLayers[] = {
    {"vgg conv1_1", 3, 64, 3, 1, 375, 500},         {"vgg conv1_2", 64, 64, 3, 1, 375, 500},
    {"vgg conv2_2", 128, 128, 3, 1, 188, 250},      {"vgg conv3_2", 256, 256, 3, 1, 94, 125},
    {"vgg conv4_2", 512, 512, 3, 1, 47, 63},        {"vgg conv5_2", 512, 512, 3, 1, 24, 32},
    {"vgg fc6", 512, 4096, 7, 1, 12, 16},           {"vgg fc7", 4096, 4096, 1, 1, 12, 16},
    {"resnet layer3 3x3", 256, 256, 3, 2, 47, 63},  {"resnet layer4 3x3", 512, 512, 3, 4, 47, 63},
    {"resnet layer4 1x1", 512, 2048, 1, 1, 47, 63}, {"fcn head", 2048, 512, 3, 1, 47, 63}};

enum class Way { kLibTorch, kFused, kWinograd, kBfloat16 };

/// A convolution with its batch norm and ReLU.
void Conv(benchmark::State& state, const Layer& layer, Way way) {
  const torch::NoGradGuard no_grad;
  FastConv2d conv(nn::Conv2dOptions(layer.in, layer.out, layer.kernel)
                      .padding(layer.kernel / 2 * layer.dilation)
                      .dilation(layer.dilation)
                      .bias(false));
  BatchNorm2d norm(layer.out);
  norm->eval();
  conv->weight.set_data(conv->weight.contiguous(at::MemoryFormat::ChannelsLast));
  const at::Tensor x = at::randn({1, layer.in, layer.height, layer.width})
                           .contiguous(at::MemoryFormat::ChannelsLast);
  const AutocastGuard autocast(at::kCPU, way == Way::kBfloat16, at::kBFloat16);
  const FusedScope fused(way != Way::kLibTorch);
  const WinogradScope winograd(way == Way::kWinograd);
  const auto work = [&] { return ForwardConv(conv, norm, x, Activation::kRelu); };
  work();  // prepares the window
  for (auto _ : state) benchmark::DoNotOptimize(work().data_ptr());
  const double products = static_cast<double>(layer.in * layer.out * layer.kernel * layer.kernel *
                                              layer.height * layer.width);
  state.counters["FLOP"] =
      benchmark::Counter(2 * products * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate, benchmark::Counter::kIs1000);
}

void Upsample8(benchmark::State& state) {
  const c10::InferenceMode inference;
  const at::Tensor scores = at::randn({1, 21, 47, 63});
  BilinearGeometry geometry;
  geometry.stride = 8;
  geometry.kernel = 16;
  geometry.offset = 4;
  geometry.replicate_border = true;
  for (auto _ : state)
    benchmark::DoNotOptimize(BilinearUpsample(scores, 375, 500, geometry).data_ptr());
}

/// @param at_once  without the enlarged scores
void LabelsOfMap(benchmark::State& state, bool at_once) {
  const c10::InferenceMode inference;
  const at::Tensor scores = at::randn({1, 21, 47, 63});
  const Interpolation to = Interpolation::Resize(scores, 375, 500);
  for (auto _ : state) {
    const Enlarged enlarged(scores, to);
    if (!at_once) enlarged.Values();
    benchmark::DoNotOptimize(ArgMaxLabels(enlarged, "scores").data_ptr());
  }
}

/// Forward and backward, of eight maps of 16 x 16 and labels of 128 x 128.
void LossOfMap(benchmark::State& state, bool at_once) {
  const at::Tensor scores = at::randn({8, 21, 16, 16}).requires_grad_();
  const at::Tensor label = at::randint(21, {8, 128, 128}, at::kByte);
  const Interpolation to = Interpolation::Resize(scores, 128, 128);
  const CrossEntropy loss({});
  for (auto _ : state) {
    const Enlarged enlarged(scores, to);
    const at::Tensor value =
        at_once ? loss.Sum(enlarged, label)
                : loss.Sum(at::upsample_bilinear2d(scores, {128, 128}, false), label);
    benchmark::DoNotOptimize(torch::autograd::grad({value}, {scores})[0].data_ptr());
  }
}

void Confusion21(benchmark::State& state) {
  const at::Tensor truth = at::randint(21, {375 * 500}, at::kByte),
                   guess = at::randint(21, {375 * 500}, at::kByte);
  ConfusionMatrix matrix(21);
  for (auto _ : state) {
    matrix.Add(truth.data_ptr<uint8_t>(), guess.data_ptr<uint8_t>(), truth.numel(), 255, "noise");
    benchmark::DoNotOptimize(matrix.At(0, 0));
  }
  state.SetItemsProcessed(state.iterations() * truth.numel());
}

/// To a height, and of that a window of 480 x 480 or less.
void Resample(benchmark::State& state) {
  cv::Mat image(375, 500, CV_8UC3);
  cv::randu(image, 0, 256);
  const int height = static_cast<int>(state.range(0)), width = height * 4 / 3;
  const cv::Rect window(0, 0, std::min(width, 480), std::min(height, 480));
  for (auto _ : state)
    benchmark::DoNotOptimize(ResampleWindow(image, {width, height}, window, false).data);
}

void Register() {
  const std::pair<const char*, Way> ways[] = {{"LibTorch", Way::kLibTorch},
                                              {"fused", Way::kFused},
                                              {"Winograd", Way::kWinograd},
                                              {"bfloat16", Way::kBfloat16}};
  for (const Layer& layer : kLayers) {
    for (const auto& [name, way] : ways) {
      if (way == Way::kWinograd && (layer.kernel != 3 || layer.in % 16 != 0)) continue;
      benchmark::RegisterBenchmark(
          (std::string("conv/") + layer.name + "/" + name).c_str(),
          [&layer, way = way](benchmark::State& state) { Conv(state, layer, way); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  }
  const std::pair<const char*, void (*)(benchmark::State&)> parts[] = {
      {"upsample 8x, 21 classes", Upsample8},
      {"enlarge and argmax, 21 classes", [](auto& state) { LabelsOfMap(state, false); }},
      {"the same at once", [](auto& state) { LabelsOfMap(state, true); }},
      {"enlarge and loss, 21 classes", [](auto& state) { LossOfMap(state, false); }},
      {"the same loss at once", [](auto& state) { LossOfMap(state, true); }},
      {"confusion of noise, 21 classes", Confusion21}};
  for (const auto& [name, run] : parts)
    benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMillisecond)->UseRealTime();
  benchmark::RegisterBenchmark("resample", Resample)
      ->Arg(260)
      ->Arg(520)
      ->Arg(1040)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace seglab

int main(int argc, char** argv) {
  seglab::SetUpRuntime();
  seglab::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
