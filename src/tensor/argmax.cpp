#include "tensor/argmax.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "tensor/argmax_kernel.h"
#include "tensor/interpolation_rows.h"

namespace seglab {
namespace {

constexpr int64_t kBlock = 1024;  // pixels that one thread takes at least

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
      const LogitRun run{block, nullptr, 1, 0, classes, plane, std::min(kBlock, plane - first)};
      if (!ArgMaxRun(run, out + image * plane + first)) finite = false;
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
        const LogitRun run{pair.upper(), pair.lower(), rows.Low(y), rows.High(y),
                           classes,      step,         width};
        if (!ArgMaxRun(run, out + (image * height + y) * width)) finite = false;
      }
    });
  }
  if (!finite) ThrowNotFinite(name);
  return labels;
}

}  // namespace seglab
