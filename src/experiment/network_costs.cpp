#include "experiment/network_costs.h"

#include <torch/torch.h>

#include <exception>
#include <memory>

#include "base/log.h"
#include "experiment/library_errors.h"
#include "inference/pass_memory.h"
#include "models/registry.h"
#include "profile/profile.h"

namespace seglab {
namespace {

Json CountNetworkCosts(const TrainJob& job, int64_t rows, int64_t columns) {
  const std::shared_ptr<SegModel> model =
      MakeModel(job.model_spec, job.train->Labels().size(), job.title + ".model");
  PassMemory().Check(*model, {}, 1, rows, columns, job.val->Name(0));
  const Profile profile = ProfileModel(*model, rows, columns);
  const DeepestMap& deepest = profile.deepest;
  return {{"macs", profile.macs},
          {"macs_at", {rows, columns}},
          {"receptive_field", deepest.whole_image ? Json(nullptr) : Json(deepest.receptive_field)}};
}

}  // namespace

Json NetworkCosts(const TrainJob& job, const Json& known) {
  if (job.val->GetTask() != Task::kSegmentation ||
      ModelRecipe(job.model_spec) != Recipe::kDescended)
    return Json::object();
  try {
    const Sample sample = job.val->Get(0);
    const Json size = {sample.image.rows, sample.image.cols};
    if (known.contains("macs") && known.value("macs_at", Json()) == size) {
      return {{"macs", known["macs"]},
              {"macs_at", size},
              {"receptive_field", known.value("receptive_field", Json())}};
    }
    return CountNetworkCosts(job, sample.image.rows, sample.image.cols);
  } catch (const std::exception& error) {
    Log::Info(job.title, ": its MACs are not counted: ", ErrorText(error));
    return Json::object();
  }
}

}  // namespace seglab
