#include "inference/upper_bounds.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "data/labels.h"
#include "data/loader.h"
#include "metrics/confusion_matrix.h"

namespace seglab {
namespace {

/// The class that most of a cell's pixels have; 0 where all are void.
uint8_t Majority(const uint8_t* labels, int64_t width, int64_t top, int64_t bottom, int64_t left,
                 int64_t right) {
  std::array<int32_t, 256> counts = {};
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x) ++counts[labels[y * width + x]];
  }
  counts[kIgnoreLabel] = 0;
  return static_cast<uint8_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

/// The labels, each cell of one class.
std::vector<uint8_t> InCells(const uint8_t* labels, int64_t height, int64_t width, int64_t factor) {
  std::vector<uint8_t> coarse(static_cast<size_t>(height * width));
  for (int64_t top = 0; top < height; top += factor) {
    const int64_t bottom = std::min(top + factor, height);
    for (int64_t left = 0; left < width; left += factor) {
      const int64_t right = std::min(left + factor, width);
      const uint8_t label = Majority(labels, width, top, bottom, left, right);
      for (int64_t y = top; y < bottom; ++y)
        std::fill_n(coarse.begin() + y * width + left, right - left, label);
    }
  }
  return coarse;
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
      const std::vector<uint8_t> coarse = InCells(labels, truth.size(0), truth.size(1), factors[i]);
      matrices[i].Add(labels, coarse.data(), truth.numel(), kIgnoreLabel, batch->names.front());
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
    const std::string percent = FormatPercent(100 * fraction);
    return std::string(width - std::min(width, percent.size()), ' ') + percent;
  };
  for (const UpperBound& bound : bounds) {
    const std::string factor = std::to_string(bound.factor);
    text += std::string(6 - std::min<size_t>(6, factor.size()), ' ') + factor +
            cell(bound.scores.pixel_acc, 12) + cell(bound.scores.mean_acc, 11) +
            cell(bound.scores.mean_iou, 9) + cell(bound.scores.fw_iou, 9) + "\n";
  }
  return text + StrCat("Percent, of the truth of ", images,
                       " images made smaller by the factor and larger again: what a network of "
                       "that output stride reaches at most.\n");
}

}  // namespace seglab
