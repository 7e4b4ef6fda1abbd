#include "train/early_stopping.h"

namespace seglab {

EarlyStoppingOptions EarlyStoppingOptions::FromJson(const Json& json, const std::string& path) {
  EarlyStoppingOptions options;
  JsonReader reader(json, path);
  reader.Require<int64_t>("patience");
  reader.Get("patience", options.patience, int64_t{1}, int64_t{1} << 40);
  reader.Get("min_delta", options.min_delta, 0.0, 1.0);
  reader.Finish();
  return options;
}

void EarlyStoppingState::Add(double score, const EarlyStoppingOptions& options) {
  if (!options.On()) return;
  // The first score is better than none, however small.
  if (score > (best < 0 ? best : best + options.min_delta)) {
    best = score;
    waited = 0;
  } else {
    ++waited;
  }
}

}  // namespace seglab
