#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "command_line.h"
#include "inference/predict_options.h"

namespace seglab {

/// What commands that predict have in common: --precision, --crf, --tta and --set.
class PredictFlags {
 public:
  /// @param others  what --set sets besides the options of the prediction, for --help; "" = nothing
  void AddTo(CommandLine& line, const std::string& others);

  /// What --set said that is no option of the prediction.
  const std::vector<std::string>& others() const { return others_; }

  /// @throws Error naming the flag or the setting that is wrong
  PredictOptions Options();

 private:
  std::string precision_ = PrecisionName(Precision::kFloat32);
  bool crf_ = false, tta_ = false;
  bool takes_others_ = false;
  std::vector<std::string> settings_, others_;
};

}  // namespace seglab
