#include "train/checks.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "data/audit.h"
#include "data/mend.h"
#include "tensor/device.h"

namespace seglab {

void CheckDataset(const Dataset& dataset, const std::string& name, int64_t samples, int threads) {
  if (samples == 0) return;
  const int64_t wanted = samples < 0 || samples >= dataset.Size() ? 0 : samples;
  const Audit audit = AuditDataset(dataset, wanted, threads);
  if (!audit.errors.empty()) {
    const std::string more = audit.error_count > 1
                                 ? StrCat(" (and ", audit.error_count - 1, " more such samples)")
                                 : std::string();
    throw Error(audit.errors.front(), more);
  }
  if (!audit.all_void.empty()) {
    Log::Warn(name, ": ", audit.all_void_count, " of ", audit.looked_at,
              " samples have no labelled pixel, e.g. ", audit.all_void.front(),
              "; they teach nothing");
  }
  if (const std::string hopeless = WhyHopeless(audit, dataset.Labels()); !hopeless.empty())
    Log::Warn(name, ": ", hopeless);
  const std::vector<std::string> absent = audit.AbsentClasses(dataset.Labels());
  if (!absent.empty()) {
    Log::Warn(name, ": ", absent.size(), " of ", dataset.Labels().size(),
              " classes do not occur in ", wanted == 0 ? "any of its " : "the ", audit.looked_at,
              " samples looked at: ", Join(absent));
  }
}

void CheckTrunk(SegModel& model, const Batch& batch) {
  torch::NoGradGuard no_grad;
  model.eval();
  const at::Tensor image = batch.image.slice(0, 0, 1).to(DeviceOf(model));
  const at::Tensor features = model.Features(Preprocess(image, model.preprocessing)).to(at::kFloat);
  const double low = features.min().item<double>(), high = features.max().item<double>();
  const std::string advice = "; are its weights and its preprocessing right?";
  if (!std::isfinite(low) || !std::isfinite(high)) {
    throw Error("start-up check: the backbone gives values that are not finite for ",
                batch.names.front(), advice);
  }
  if (low == high) {
    throw Error("start-up check: the backbone is dead, all of its features are ", low, " for ",
                batch.names.front(), advice);
  }
}

bool LossIsStuck(double loss, int classes) {
  const double guess = std::log(static_cast<double>(classes));
  return std::abs(loss - guess) < 0.005 * guess;
}

}  // namespace seglab
