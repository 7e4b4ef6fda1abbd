#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "bench/bench.h"
#include "bench/machine.h"
#include "data/loader.h"
#include "inference/predictor.h"
#include "losses/loss.h"
#include "profile/profile.h"
#include "tensor/device.h"
#include "train/optimizer.h"
#include "train/train_step.h"

namespace seglab {
namespace {

std::string What(const NetworkBench& network) {
  return StrCat(network.name, network.winograd ? ", Winograd's filtering, " : ", ", network.batch,
                network.batch == 1 ? " image" : " images", " of ", network.height, " x ",
                network.width, " pixels, ", PrecisionName(network.precision), ", ",
                DeviceOf(*network.model).str(), ", ", at::get_num_threads(),
                at::get_num_threads() == 1 ? " thread" : " threads");
}

/// Operations over the peak. @param passes  how many times a forward pass's they are
Floor FloorOf(const NetworkBench& network, double passes) {
  const c10::Device device = DeviceOf(*network.model);
  network.model->to(c10::Device("cpu"));
  const Profile profile = ProfileModel(*network.model, network.height, network.width);
  network.model->to(device);
  const double flops =
      2.0 * static_cast<double>(profile.macs) * static_cast<double>(network.batch) * passes;
  const double peak = PeakFlops(device, network.precision);
  return {flops / peak, StrCat(Significant(flops * 1e-9, 4), " GFLOP at the ",
                               Significant(peak * 1e-9, 3), " GFLOP/s of a large convolution")};
}

/// Pixels as noisy as photographs are not, which no network's time depends on.
at::Tensor Pixels(const NetworkBench& network) {
  torch::manual_seed(1);
  return at::randint(256, {network.batch, network.height, network.width, 3}, at::kByte);
}

}  // namespace

BenchResult BenchInference(const NetworkBench& network, const RepeatOptions& repeats) {
  PredictOptions options;
  options.precision = network.precision;
  options.winograd = network.winograd;
  Predictor predictor(network.model, options);
  const at::Tensor pixels = Pixels(network);
  BenchResult result{
      .kind = "inference",
      .what = What(network),
      .item = "image",
      .items = static_cast<double>(network.batch),
      .timing = Repeat([&] { predictor.Labels(pixels); }, repeats)};  // they lie on the CPU then
  result.floor = FloorOf(network, 1);
  return result;
}

BenchResult BenchTraining(const NetworkBench& network, const RepeatOptions& repeats) {
  const bool classifier = network.task == Task::kClassification;
  Batch batch;
  batch.image = Pixels(network);
  batch.task = classifier ? Task::kClassification : Task::kSegmentation;
  batch.label = classifier ? at::randint(network.classes, {network.batch}, at::kLong)
                           : at::randint(network.classes,
                                         {network.batch, network.height, network.width}, at::kByte);
  for (int64_t i = 0; i < network.batch; ++i) {
    batch.names.push_back(StrCat("image ", i));
    batch.sizes.push_back({static_cast<int>(network.height), static_cast<int>(network.width)});
  }
  TrainOptions options;
  options.precision = network.precision;
  options.winograd = network.winograd;
  options.lr = 1e-6;  // the weights shall stay finite however often it is repeated
  UseChannelsLast(*network.model);
  const std::unique_ptr<Optimizer> optimizer = MakeOptimizer(*network.model, options);
  const std::shared_ptr<const Loss> loss = MakeLoss(options.loss, network.classes, "loss");
  const c10::Device device = DeviceOf(*network.model);
  const auto step = [&] {
    ComputeGradients(*network.model, {batch}, *loss, options);
    optimizer->Step(options.lr);
    Synchronize(device);
  };
  BenchResult result{.kind = "train",
                     .what = What(network),
                     .item = "image",
                     .items = static_cast<double>(network.batch),
                     .timing = Repeat(step, repeats)};
  result.floor = FloorOf(network, 3);
  return result;
}

}  // namespace seglab
