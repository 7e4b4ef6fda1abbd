#include "bench/machine.h"

#include <torch/torch.h>

#include <algorithm>
#include <functional>

#include "bench/timing.h"

namespace seglab {
namespace {

constexpr int kTrials = 12;

double Fastest(const c10::Device& device, const std::function<void()>& work) {
  RepeatOptions options;
  options.repeats = kTrials;
  return Repeat(
             [&] {
               work();
               Synchronize(device);
             },
             options)
      .Fastest();
}

}  // namespace

void Synchronize(const c10::Device& device) {
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

double PeakFlops(const c10::Device& device, Precision precision) {
  const c10::InferenceMode inference;
  const auto type = precision == Precision::kBfloat16 ? at::kBFloat16 : at::kFloat;
  const auto options = at::TensorOptions().device(device).dtype(type);
  // As large as layers of the networks are; a GPU needs more to be busy.
  const int64_t batch = device.is_cuda() ? 64 : 2, side = 64, channels = 256;
  const at::Tensor map =
      at::rand({batch, channels, side, side}, options).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight =
      at::rand({channels, channels, 3, 3}, options).contiguous(at::MemoryFormat::ChannelsLast);
  const double convolution = 2.0 * 9 * channels * channels * side * side * batch /
                             Fastest(device, [&] { at::conv2d(map, weight, {}, 1, 1); });
  const int64_t rows = device.is_cuda() ? 8192 : 2048;
  const at::Tensor matrix = at::rand({rows, rows}, options);
  const double product = 2.0 * static_cast<double>(rows * rows * rows) /
                         Fastest(device, [&] { at::matmul(matrix, matrix); });
  return std::max(convolution, product);
}

double PeakBandwidth() {
  const c10::InferenceMode inference;
  constexpr int64_t kNumbers = int64_t{32} << 20;
  const at::Tensor a = at::ones({kNumbers}), b = at::ones({kNumbers});
  at::Tensor sum = at::empty({kNumbers});
  const double seconds = Fastest(c10::Device("cpu"), [&] { at::add_out(sum, a, b); });
  return 3.0 * sizeof(float) * kNumbers / seconds;
}

}  // namespace seglab
