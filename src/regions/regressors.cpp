#include "regions/regressors.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"

namespace seglab {

RegressorOptions RegressorOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  RegressorOptions options;
  Json part;
  if (reader.Get("svr", part)) options.svr = SvrOptions::FromJson(part, reader.Path("svr"));
  if (reader.Get("scale", part)) options.scale = ScaleOptions::FromJson(part, reader.Path("scale"));
  reader.Get("regions_per_image", options.regions_per_image);
  reader.Get("seed", options.seed);
  reader.Finish();
  options.Check(path);
  return options;
}

Json RegressorOptions::ToJson() const {
  return {{"svr", svr.ToJson()},
          {"scale", scale.ToJson()},
          {"regions_per_image", regions_per_image},
          {"seed", seed}};
}

void RegressorOptions::Check(const std::string& where) const {
  svr.Check(where + ".svr");
  scale.Check(where + ".scale");
  if (regions_per_image < 1) {
    throw Error(where, ".regions_per_image: is ", regions_per_image, ", must be 1 or more");
  }
}

RegionRegressors TrainRegressors(const RegionExamples& examples, const RegressorOptions& options) {
  options.Check();
  const std::vector<std::string>& classes = examples.Classes();
  RegionRegressors result;
  result.scale = FeatureScale(examples, options.scale);
  SolverRows rows(examples.Dimension(), options.svr.bias_multiplier, result.scale);
  std::vector<int64_t> slots;
  std::vector<std::vector<float>> targets(classes.size());
  for (int64_t image = 0; image < examples.Images(); ++image) {
    if (const int signal = StopRequested()) throw Stopped(signal, "training of regressors stopped");
    const auto [labels, features] = ReadImage(examples, image);
    for (const int64_t r : DrawIndices(features.view.rows, options.regions_per_image, options.seed,
                                       static_cast<uint64_t>(image))) {
      slots.push_back(rows.Add(features.view.Row(r)));
      for (size_t c = 0; c < classes.size(); ++c) {
        targets[c].push_back(labels.overlap[static_cast<size_t>(r) * classes.size() + c]);
      }
    }
  }
  result.rows = rows.rows();
  result.bytes = rows.bytes();

  std::vector<std::string> absent;
  for (size_t c = 0; c < classes.size(); ++c) {
    if (const int signal = StopRequested()) throw Stopped(signal, "training of regressors stopped");
    if (std::none_of(targets[c].begin(), targets[c].end(), [](float y) { return y > 0; })) {
      absent.push_back(classes[c]);
      result.models.push_back(AbsentModel(examples.Dimension()));
      continue;
    }
    const LinearModel model = TrainSvr(rows, slots, targets[c], options.svr);
    Log::Info("regressor of ", classes[c], ": ", slots.size(), " regions, objective ",
              Significant(model.objective, 6),
              model.converged ? "" : "; liblinear did not converge");
    result.models.push_back(ForUnscaled(model, result.scale));
  }
  if (absent.size() == classes.size()) {
    throw Error("regressors: none of ", slots.size(),
                " regions overlaps an object; look at the ground truth and the proposals");
  }
  if (!absent.empty()) {
    Log::Warn("regressors: no region overlaps ", Join(absent),
              "; no region will be given these classes, the others are trained");
  }
  return result;
}

}  // namespace seglab
