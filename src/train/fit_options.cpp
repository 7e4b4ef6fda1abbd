#include "train/fit_options.h"

#include "base/error.h"

namespace seglab {

FitOptions FitOptions::FromJson(const Json& json, const std::string& path) {
  FitOptions options;
  JsonReader reader(json, path);
  std::string classifier = "svm";
  reader.GetChoice("classifier", classifier, {"svm", "svr"});
  if (classifier == "svr") {
    options.classifier = Classifier::kSvr;
    // Regressors give overlaps, 0 to 1, where SVMs give margins around 0.
    options.threshold.first = 0;
  }
  if (Json part; reader.Get("mining", part))
    options.mining = MiningOptions::FromJson(part, reader.Path("mining"));
  if (Json part; reader.Get("regressors", part))
    options.regressors = RegressorOptions::FromJson(part, reader.Path("regressors"));
  if (Json part; reader.Get("threshold", part)) {
    if (part.is_object() && !part.contains("first")) part["first"] = options.threshold.first;
    options.threshold = ThresholdOptions::FromJson(part, reader.Path("threshold"));
  }
  reader.Get("min_object", options.min_object, 0, 100000);
  reader.Get("holdout", options.holdout, int64_t{0}, int64_t{1000});
  if (options.holdout == 1) {
    throw Error(reader.Path("holdout"),
                ": is 1, which leaves no image to fit; take 2 or more, or 0 for none");
  }
  reader.Finish();
  return options;
}

}  // namespace seglab
