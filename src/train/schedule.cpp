#include "train/schedule.h"

#include <cmath>

#include "base/error.h"

namespace seglab {

ScheduleOptions ScheduleOptions::FromJson(const Json& json, const std::string& path) {
  const Json object = json.is_string() ? Json{{"name", json}} : json;
  ScheduleOptions options;
  JsonReader reader(object, path);
  reader.GetChoice("name", options.name, {"fixed", "step", "poly"});
  reader.Get("step", options.step, int64_t{1}, int64_t{1} << 40);
  reader.Get("gamma", options.gamma, 0.0, 1e6);
  reader.Get("power", options.power, 0.0, 100.0);
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
  }
  if (iteration < options.warmup) {
    factor *= static_cast<double>(iteration + 1) / static_cast<double>(options.warmup);
  }
  return factor;
}

}  // namespace seglab
