#include "train/train_step.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "data/labels.h"
#include "losses/cell_labels.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "tensor/compat.h"
#include "tensor/device.h"

namespace seglab {
namespace {

void FreezeBatchNorm(torch::nn::Module& module) {
  for (auto& child : module.modules()) {
    if (child->as<BatchNorm2dImpl>() != nullptr) child->eval();
  }
}

std::vector<ScoreMap> TrainedMaps(SegOutput output) {
  if (output.train_on.empty()) return {ScoreMap{std::move(output.logits), MapGrid{}, 1}};
  return std::move(output.train_on);
}

/// The labels that a map is compared with.
at::Tensor Target(const ScoreMap& map, const at::Tensor& label) {
  if (map.logits.dim() == 2) return label;
  return CellLabels(label, map.grid, map.logits.size(2), map.logits.size(3));
}

/// The divisors of the maps over all passes of a step.
class Divisors {
 public:
  Divisors(const Loss& loss, const std::vector<at::Tensor>& labels, const Group* group)
      : loss_(loss), group_(group) {
    for (const at::Tensor& label : labels) labels_.push_back(label);
  }

  /// @param map  the first pass's, number `index` of its maps
  void Add(size_t index, const ScoreMap& map) {
    if (index < totals_.size()) return;
    at::Tensor total = loss_.Divisor(Target(map, labels_.front()));
    for (size_t pass = 1; pass < labels_.size(); ++pass)
      total = total + loss_.Divisor(TargetOf(map, labels_[pass]));
    // Of a sum the divisor counts passes, which are the same in every process.
    if (group_ != nullptr && loss_.IsMean()) {
      total = total.clone();
      group_->Sum(total);
    }
    totals_.push_back(total);
  }
  const at::Tensor& operator[](size_t index) const { return totals_[index]; }

 private:
  /// The cells of a later pass, whose map has not been computed yet.
  at::Tensor TargetOf(const ScoreMap& map, const at::Tensor& label) const {
    const at::Tensor& first = labels_.front();
    if (map.logits.dim() == 2) return label;
    if (first.sizes().slice(1) == label.sizes().slice(1)) return Target(map, label);
    const bool of_pixels = map.grid == MapGrid{} && map.logits.size(2) == first.size(1) &&
                           map.logits.size(3) == first.size(2);
    if (of_pixels) return label;
    throw Error("train.accumulate: the passes of a step have images of ", first.size(2), "x",
                first.size(1), " and of ", label.size(2), "x", label.size(1),
                ", and this network's loss is on smaller maps; add a \"random_crop\" to "
                "data.transforms");
  }

  const Loss& loss_;
  const Group* group_;
  std::vector<at::Tensor> labels_, totals_;
};

}  // namespace

void UseChannelsLast(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 4)
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

StepLoss ComputeGradients(SegModel& model, const std::vector<Batch>& passes, const Loss& loss,
                          const TrainOptions& options, const Group* group, GradientSums* sums) {
  const c10::Device device = DeviceOf(model);
  model.train();
  if (options.freeze_bn) FreezeBatchNorm(model);
  double counted = 0;
  std::vector<at::Tensor> labels;
  for (const Batch& batch : passes) {
    labels.push_back(batch.label.to(device, /*non_blocking=*/true));
    counted += batch.label.ne(kIgnoreLabel).sum().item<double>();  // still on the CPU
  }
  StepLoss step;
  step.counted = at::full({}, counted, at::TensorOptions().dtype(at::kDouble).device(device));
  if (group != nullptr) group->Sum(step.counted);
  Divisors divisors(loss, labels, group);
  for (size_t pass = 0; pass < passes.size(); ++pass) {
    if (sums != nullptr && pass + 1 == passes.size()) group->Guard([&] { sums->Prepare(); });
    at::Tensor value;
    {
      const AutocastGuard autocast(device.type(), options.precision == Precision::kBfloat16,
                                   at::kBFloat16);
      const WinogradScope winograd(options.winograd);
      const SyncBatchNormScope sync(options.sync_bn ? group : nullptr);
      const at::Tensor input = Preprocess(passes[pass].image.to(device, true), model.preprocessing);
      const std::vector<ScoreMap> maps = TrainedMaps(model.forward(input));
      for (size_t i = 0; i < maps.size(); ++i) {
        divisors.Add(i, maps[i]);
        const at::Tensor sum = loss.Sum(maps[i].logits, Target(maps[i], labels[pass]));
        at::Tensor mean = Quotient(sum, divisors[i]);
        if (maps[i].weight != 1) mean = maps[i].weight * mean;
        value = value.defined() ? value + mean : mean;
      }
    }
    // The gradients of a group become means over its processes.
    if (group == nullptr) {
      value.backward();
    } else {
      group->Guard([&] { (value * group->size()).backward(); });
    }
    const at::Tensor wide = value.detach().to(at::kDouble);
    step.sum = step.sum.defined() ? step.sum + wide : wide;
  }
  // As a sum over pixels, so that the logged mean means the same for means and sums.
  step.sum = loss.IsMean() ? step.sum * step.counted : step.sum * options.accumulate;
  return step;
}

}  // namespace seglab
