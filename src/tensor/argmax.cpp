#include "tensor/argmax.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>

#include "base/error.h"

namespace seglab {
namespace {

constexpr int64_t kBlock = 1024;  // pixels whose running maxima stay in the first-level cache

/// Class by class over a block of pixels, so that the inner loop runs over neighbouring memory.
/// @return whether all logits are finite
bool ArgMaxBlock(const float* logits, int64_t classes, int64_t plane, int64_t count, uint8_t* out) {
  float best[kBlock];
  float zeros[kBlock];  // NaN where a logit is not finite
  for (int64_t p = 0; p < count; ++p) {
    best[p] = logits[p];
    zeros[p] = logits[p] * 0;
    out[p] = 0;
  }
  for (int64_t c = 1; c < classes; ++c) {
    const float* row = logits + c * plane;
    for (int64_t p = 0; p < count; ++p) {
      const bool more = row[p] > best[p];
      best[p] = more ? row[p] : best[p];
      zeros[p] += row[p] * 0;
      out[p] = more ? static_cast<uint8_t>(c) : out[p];
    }
  }
  return std::all_of(zeros, zeros + count, [](float zero) { return zero == 0; });
}

[[noreturn]] void ThrowNotFinite(const std::string& name) {
  throw Error(name, ": the network's scores are not finite; look at its weights and at the ",
              "training they come from");
}

}  // namespace

at::Tensor ArgMaxLabels(const at::Tensor& logits, const std::string& name) {
  if (logits.size(1) > 256) throw Error("argmax: at most 256 classes, found ", logits.size(1));
  if (!logits.device().is_cpu() || logits.dim() != 4) {
    if (!at::isfinite(logits).all().item<bool>()) ThrowNotFinite(name);
    return logits.argmax(1).to(at::kByte).to(at::kCPU).contiguous();
  }
  const at::Tensor plain = logits.detach().to(at::kFloat).contiguous();
  const int64_t images = plain.size(0), classes = plain.size(1),
                plane = plain.size(2) * plain.size(3);
  at::Tensor labels = at::empty({images, plain.size(2), plain.size(3)}, at::kByte);
  const float* in = plain.data_ptr<float>();
  uint8_t* out = labels.data_ptr<uint8_t>();
  const int64_t blocks = (plane + kBlock - 1) / kBlock;
  std::atomic<bool> finite = true;
  at::parallel_for(0, images * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / blocks, first = i % blocks * kBlock;
      if (!ArgMaxBlock(in + image * classes * plane + first, classes, plane,
                       std::min(kBlock, plane - first), out + image * plane + first)) {
        finite = false;
      }
    }
  });
  if (!finite) ThrowNotFinite(name);
  return labels;
}

}  // namespace seglab
