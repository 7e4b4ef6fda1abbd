#include "predict_flags.h"

#include <algorithm>

#include "base/error.h"

namespace seglab {

void PredictFlags::AddTo(CommandLine& line, const std::string& others) {
  takes_others_ = !others.empty();
  line.Option("precision", &precision_, "float32, bfloat16, or on a GPU tf32")
      .Flag("crf", &crf_,
            "a dense CRF behind the network; --set crf=NAME or crf.KEY=VALUE tells it how")
      .Flag("tta", &tta_,
            "the mean over six scales, 0.5 to 1.75, and flipped images; --set scales=[...], flip")
      .Many("set", &settings_,
            "crf..., scales, flip, window (pixels; large images in pieces)" +
                (others.empty() ? "" : ", or " + others));
}

PredictOptions PredictFlags::Options() {
  ParsePrecision(precision_, "--precision");
  Json json = {{"precision", precision_}};
  if (tta_) {
    json["scales"] = PredictOptions::UsualScales();
    json["flip"] = true;
  }
  if (crf_) json["crf"] = Json::object();
  const std::vector<std::string>& keys = PredictOptions::Keys();
  others_.clear();
  for (const std::string& setting : settings_) {
    const std::string key = setting.substr(0, setting.find_first_of(".="));
    if (takes_others_ && std::find(keys.begin(), keys.end(), key) == keys.end()) {
      others_.push_back(setting);
      continue;
    }
    // crf=NAME, crf.KEY=VALUE: the name is the set that the key changes.
    if (key == "crf" && json.contains("crf") && json["crf"].is_string()) {
      json["crf"] = {{"preset", json["crf"]}};
    }
    ApplySetting(json, setting);
  }
  JsonReader reader(json, "--set");
  PredictOptions options;
  options.Read(reader);
  reader.Finish();
  return options;
}

}  // namespace seglab
