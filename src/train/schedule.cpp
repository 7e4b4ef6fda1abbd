#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace seglab {
namespace {

constexpr double kGammaOfEpochs = 0.995;  // FC-DenseNet, arXiv:1611.09326, section 4

/// Refuses what is another schedule's. A config.json that was written when all were read beside
/// "fixed", "step" and "poly" holds them with these defaults, which changed nothing then.
void RefuseOption(JsonReader& reader, const std::string& key, const std::string& schedule,
                  const Json& old_default) {
  Json value;
  if (!reader.Get(key, value)) return;
  const bool old = schedule == "fixed" || schedule == "step" || schedule == "poly";
  if (old && value == old_default) return;
  throw Error(reader.Path(key), ": is no option of the schedule \"", schedule,
              "\"; leave it out, or write null where it is inherited");
}

}  // namespace

ScheduleOptions ScheduleOptions::FromJson(const Json& json, const std::string& path) {
  const Json object = json.is_string() ? Json{{"name", json}} : json;
  ScheduleOptions options;
  JsonReader reader(object, path);
  reader.GetChoice("name", options.name, {"fixed", "step", "poly", "cosine", "exponential"});
  if (options.name == "exponential") {
    reader.Require<int64_t>("step");  // an epoch's iterations: those of the data set
    options.gamma = kGammaOfEpochs;
  }
  if (options.name == "exponential" || options.name == "step") {
    reader.Get("step", options.step, int64_t{1}, int64_t{1} << 40);
    reader.Get("gamma", options.gamma, 0.0, 1e6);
  } else {
    RefuseOption(reader, "step", options.name, 2000);
    RefuseOption(reader, "gamma", options.name, 0.1);
  }
  if (options.name == "poly") {
    reader.Get("power", options.power, 0.0, 100.0);
  } else {
    RefuseOption(reader, "power", options.name, 0.9);
  }
  reader.Get("warmup", options.warmup, int64_t{0}, int64_t{1} << 40);
  reader.Finish();
  return options;
}

double ScheduleFactor(const ScheduleOptions& options, int64_t iteration, int64_t iterations) {
  double factor = 1;
  if (options.name == "step") {
    factor = std::pow(options.gamma, static_cast<double>(iteration / options.step));
  } else if (options.name == "poly") {
    factor = std::pow(1 - static_cast<double>(iteration) / static_cast<double>(iterations),
                      options.power);
  } else if (options.name == "cosine") {
    const double done = static_cast<double>(iteration) / static_cast<double>(iterations);
    factor = (1 + std::cos(std::numbers::pi * done)) / 2;
  } else if (options.name == "exponential") {
    factor =
        std::pow(options.gamma, static_cast<double>(iteration) / static_cast<double>(options.step));
  }
  if (iteration < options.warmup) {
    factor *= static_cast<double>(iteration + 1) / static_cast<double>(options.warmup);
  }
  return factor;
}

}  // namespace seglab
