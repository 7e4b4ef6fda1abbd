#include "inference/upper_bounds.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "data/labels.h"
#include "data/loader.h"
#include "metrics/confusion_matrix.h"
#include "tensor/argmax.h"
#include "tensor/enlarged.h"

namespace seglab {
namespace {

/// Of each cell, the share of each class in its pixels: (1, classes, rows, columns).
at::Tensor Shares(const uint8_t* labels, int64_t height, int64_t width, int64_t factor,
                  int64_t classes) {
  const int64_t rows = (height + factor - 1) / factor, columns = (width + factor - 1) / factor;
  at::Tensor shares = at::zeros({1, classes, rows, columns});
  auto* counts = shares.data_ptr<float>();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t label = labels[y * width + x];
      if (label < classes) ++counts[(label * rows + y / factor) * columns + x / factor];
    }
  }
  // What lies beyond the image counts as void does.
  return shares.div_(static_cast<double>(factor * factor));
}

/// The labels of the largest shares, enlarged.
at::Tensor Restored(const uint8_t* labels, int64_t height, int64_t width, int64_t factor,
                    int64_t classes) {
  const at::Tensor shares = Shares(labels, height, width, factor, classes);
  const MapGrid cells{static_cast<double>(factor), static_cast<double>(factor - 1) / 2};
  return ArgMaxLabels(Enlarged(shares, Interpolation::ToGrid(shares, cells, {}, height, width)));
}

}  // namespace

std::vector<UpperBound> UpperBounds(std::shared_ptr<const Dataset> dataset,
                                    const std::vector<int>& factors, AbsentPolicy policy,
                                    int threads) {
  if (dataset->GetTask() != Task::kSegmentation)
    throw Error("upper bounds: a classification data set has no label maps");
  std::vector<ConfusionMatrix> matrices(factors.size(), ConfusionMatrix(dataset->Labels().size()));
  LoaderOptions loading;
  loading.threads = threads;
  Loader loader = Loader::OnePass(std::move(dataset), {}, loading);
  while (const std::optional<Batch> batch = loader.Next()) {
    const at::Tensor truth = batch->label.select(0, 0).to(at::kByte).contiguous();
    const auto* labels = truth.data_ptr<uint8_t>();
    for (size_t i = 0; i < factors.size(); ++i) {
      const at::Tensor restored =
          Restored(labels, truth.size(0), truth.size(1), factors[i], matrices[i].classes());
      matrices[i].Add(labels, restored.data_ptr<uint8_t>(), truth.numel(), kIgnoreLabel,
                      batch->names.front());
    }
  }
  std::vector<UpperBound> bounds;
  for (size_t i = 0; i < factors.size(); ++i)
    bounds.push_back({factors[i], ComputeScores(matrices[i], policy)});
  return bounds;
}

std::string UpperBoundsText(const std::vector<UpperBound>& bounds, int64_t images) {
  std::string text = "factor  pixel acc.  mean acc.  mean IU  f.w. IU\n";
  const auto cell = [](double fraction, size_t width) {
    return PadLeft(FormatPercent(100 * fraction), width);
  };
  for (const UpperBound& bound : bounds) {
    text += PadLeft(std::to_string(bound.factor), 6) + cell(bound.scores.pixel_acc, 12) +
            cell(bound.scores.mean_acc, 11) + cell(bound.scores.mean_iou, 9) +
            cell(bound.scores.fw_iou, 9) + "\n";
  }
  return text + StrCat("Percent, of the truth of ", images,
                       " images made smaller by the factor and larger again: what a network of "
                       "that output stride reaches at most.\n");
}

}  // namespace seglab
