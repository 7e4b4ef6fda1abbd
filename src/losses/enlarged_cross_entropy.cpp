#include "losses/enlarged_cross_entropy.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "losses/cross_entropy_kernel.h"
#include "losses/loss.h"
#include "tensor/interpolation_rows.h"

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Rows of an image that are made of the same two rows of its map.
struct Run {
  int64_t image, begin, end;
};

std::vector<Run> RunsOf(int64_t images, const InterpolationRows& rows) {
  std::vector<Run> runs;
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t y = 0; y < rows.height(); y = runs.back().end)
      runs.push_back({image, y, rows.EndOfPair(y)});
  }
  return runs;
}

/// What is computed of a map: run by run, so that no two threads write to one place.
class Pass {
 public:
  /// @param map     (N, C, h, w) float32, contiguous
  /// @param labels  (N, H, W) uint8, contiguous
  Pass(const at::Tensor& map, const InterpolationRows& rows, const at::Tensor& labels,
       std::vector<float> weights, bool with_gradient)
      : map_(map),
        rows_(rows),
        labels_(labels.data_ptr<uint8_t>()),
        weights_(std::move(weights)),
        classes_(map.size(1)),
        runs_(RunsOf(map.size(0), rows)),
        losses_(runs_.size()) {
    const auto count = static_cast<int64_t>(runs_.size());
    if (with_gradient) parts_ = at::zeros({count, 2, classes_, rows.in_width()}, map.options());
    at::parallel_for(0, count, 1, [this](int64_t begin, int64_t end) { Do(begin, end); });
  }

  double Loss() const { return std::accumulate(losses_.begin(), losses_.end(), 0.0); }

  /// With respect to the map.
  at::Tensor Gradient() const {
    at::Tensor gradient = at::zeros_like(map_);
    const int64_t width = rows_.in_width(), plane = rows_.in_height() * width;
    const auto* part = parts_.data_ptr<float>();
    for (const Run& run : runs_) {
      const int64_t first = rows_.First(run.begin);
      for (const int64_t row : {first, first + 1}) {
        auto* into = gradient.data_ptr<float>() + run.image * classes_ * plane + row * width;
        // Behind the last row of the map lies none.
        for (int64_t c = 0; row < rows_.in_height() && c < classes_; ++c) {
          for (int64_t x = 0; x < width; ++x) into[c * plane + x] += part[c * width + x];
        }
        part += classes_ * width;
      }
    }
    return gradient;
  }

 private:
  void Do(int64_t begin, int64_t end) {
    const int64_t step = rows_.step();
    std::vector<float> room(kScoreBlock * classes_), upper, lower;
    InterpolationRows::Pair pair(rows_, classes_);
    for (int64_t i = begin; i < end; ++i) {
      const Run& run = runs_[i];
      if (parts_.defined()) {
        upper.assign(classes_ * step, 0.f);
        lower.assign(classes_ * step, 0.f);
      }
      const ScoreRowGradient gradient{upper.data(), lower.data()};
      pair.Load(map_.data_ptr<float>() + run.image * map_.stride(0), run.begin);
      for (int64_t y = run.begin; y < run.end; ++y) {
        const ScoreRow row{pair.upper(), pair.lower(),  rows_.Low(y), rows_.High(y),
                           classes_,     rows_.width(), step};
        losses_[i] +=
            CrossEntropyRow(row, labels_ + (run.image * rows_.height() + y) * rows_.width(),
                            weights_.empty() ? nullptr : weights_.data(),
                            parts_.defined() ? &gradient : nullptr, room.data());
      }
      if (!parts_.defined()) continue;
      float* part = parts_.data_ptr<float>() + i * parts_.stride(0);
      for (int64_t c = 0; c < classes_; ++c) {
        rows_.Narrow(upper.data() + c * step, part + c * rows_.in_width());
        rows_.Narrow(lower.data() + c * step, part + (classes_ + c) * rows_.in_width());
      }
    }
  }

  const at::Tensor& map_;
  const InterpolationRows& rows_;
  const uint8_t* labels_;
  std::vector<float> weights_;
  int64_t classes_;
  std::vector<Run> runs_;
  std::vector<double> losses_;
  at::Tensor parts_;  // (runs, 2, C, w)
};

struct EnlargedCrossEntropyFunction : torch::autograd::Function<EnlargedCrossEntropyFunction> {
  static Variable forward(AutogradContext* context, const Variable& map, const Variable& labels,
                          const Interpolation& to, const std::vector<double>& weights) {
    const InterpolationRows rows(to);
    const at::Tensor plain = map.contiguous();
    const Pass pass(plain, rows, labels, {weights.begin(), weights.end()}, map.requires_grad());
    if (map.requires_grad()) context->save_for_backward({pass.Gradient()});
    return at::full({}, pass.Loss(), map.options());
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {context->get_saved_variables()[0] * gradients[0], {}, {}, {}};
  }
};

/// As bytes, checked.
at::Tensor Labels(const at::Tensor& label, int64_t classes) {
  const at::Tensor beyond = label.ge(classes).logical_and(label.ne(kVoidCell));
  TORCH_CHECK_INDEX(!beyond.any().item<bool>() && label.ge(0).all().item<bool>(),
                    "cross-entropy: a label is not below the ", classes, " classes");
  return label.to(at::kByte).contiguous();
}

}  // namespace

at::Tensor EnlargedCrossEntropy(const Enlarged& logits, const at::Tensor& label,
                                const std::vector<double>& class_weights) {
  const Interpolation& to = *logits.to();
  const at::Tensor map = logits.map().to(at::kFloat);
  TORCH_CHECK(label.dim() == 3 && label.size(0) == map.size(0) && label.size(1) == to.rows.out() &&
                  label.size(2) == to.columns.out(),
              "cross-entropy: labels ", label.sizes(), " for scores ", logits.sizes());
  return EnlargedCrossEntropyFunction::apply(map, Labels(label, map.size(1)), to, class_weights);
}

}  // namespace seglab
