#include "inference/crf_step.h"

#include <torch/torch.h>

#include "tensor/runtime.h"

namespace seglab {

CrfStep::CrfStep(const CrfOptions& options) : crf_(options, UsableCores(), "crf") {}

at::Tensor CrfStep::Refine(const at::Tensor& image, const at::Tensor& scores,
                           const std::string& name) {
  const at::Tensor pixels = image.cpu().contiguous();
  const at::Tensor planes = scores.cpu().to(at::kFloat).contiguous();
  at::Tensor q = at::empty_like(planes);
  for (int64_t i = 0; i < planes.size(0); ++i) {
    const at::Tensor unary = planes[i];
    crf_.SetImage(pixels[i].data_ptr<uint8_t>(), planes.size(2), planes.size(3),
                  unary.data_ptr<float>(), static_cast<int>(planes.size(1)), -1, name + ": scores");
    crf_.Run();
    crf_.CopyQ(q[i].data_ptr<float>());
  }
  return q.clamp_min_(1e-30).log_();
}

}  // namespace seglab
