#include "tensor/argmax.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "tensor/interpolation_rows.h"

namespace seglab {
namespace {

constexpr int64_t kBlock = 1024;  // pixels whose running maxima stay in the first-level cache

/// Class by class over a block of pixels, so that the inner loop runs over neighbouring memory.
/// @param value  (class, pixel of the block) -> logit
/// @return whether all logits are finite
template <typename Value>
bool ArgMaxBlock(const Value& value, int64_t classes, int64_t count, uint8_t* out) {
  float best[kBlock];
  float zeros[kBlock];  // NaN where a logit is not finite
  for (int64_t p = 0; p < count; ++p) {
    best[p] = value(0, p);
    zeros[p] = best[p] * 0;
    out[p] = 0;
  }
  for (int64_t c = 1; c < classes; ++c) {
    for (int64_t p = 0; p < count; ++p) {
      const float logit = value(c, p);
      const bool more = logit > best[p];
      best[p] = more ? logit : best[p];
      zeros[p] += logit * 0;
      out[p] = more ? static_cast<uint8_t>(c) : out[p];
    }
  }
  return std::all_of(zeros, zeros + count, [](float zero) { return zero == 0; });
}

void CheckClasses(int64_t classes) {
  if (classes > 256) throw Error("argmax: at most 256 classes, found ", classes);
}

[[noreturn]] void ThrowNotFinite(const std::string& name) {
  throw Error(name, ": the network's scores are not finite; look at its weights and at the ",
              "training they come from");
}

}  // namespace

at::Tensor ArgMaxLabels(const at::Tensor& logits, const std::string& name) {
  CheckClasses(logits.size(1));
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
      const float* block = in + image * classes * plane + first;
      if (!ArgMaxBlock([=](int64_t c, int64_t p) { return block[c * plane + p]; }, classes,
                       std::min(kBlock, plane - first), out + image * plane + first)) {
        finite = false;
      }
    }
  });
  if (!finite) ThrowNotFinite(name);
  return labels;
}

at::Tensor ArgMaxLabels(const Enlarged& logits, const std::string& name) {
  if (!logits.to() || !logits.map().device().is_cpu()) return ArgMaxLabels(logits.Values(), name);
  CheckClasses(logits.size(1));
  const at::Tensor plain = logits.map().detach().to(at::kFloat).contiguous();
  const InterpolationRows rows(*logits.to());
  const int64_t images = plain.size(0), classes = plain.size(1), height = rows.height(),
                width = rows.width(), step = rows.step();
  at::Tensor labels = at::empty({images, height, width}, at::kByte);
  const float* in = plain.data_ptr<float>();
  uint8_t* out = labels.data_ptr<uint8_t>();
  std::atomic<bool> finite = true;
  constexpr int64_t kRows = 16;  // at least, of one thread
  for (int64_t image = 0; image < images; ++image) {
    const float* map = in + image * plain.stride(0);
    at::parallel_for(0, height, kRows, [&](int64_t begin, int64_t end) {
      InterpolationRows::Pair pair(rows, classes);
      for (int64_t y = begin; y < end; ++y) {
        pair.Load(map, y);
        const float low = rows.Low(y), high = rows.High(y);
        for (int64_t first = 0; first < width; first += kBlock) {
          const float *upper = pair.upper() + first, *lower = pair.lower() + first;
          const auto value = [=](int64_t c, int64_t p) {
            return low * upper[c * step + p] + high * lower[c * step + p];
          };
          if (!ArgMaxBlock(value, classes, std::min(kBlock, width - first),
                           out + (image * height + y) * width + first)) {
            finite = false;
          }
        }
      }
    });
  }
  if (!finite) ThrowNotFinite(name);
  return labels;
}

}  // namespace seglab
