#include "experiment/environment.h"

#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>

#include "base/error.h"
#include "base/names.h"
#include "experiment/revision.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string Today() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof(text), "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

Json Environment(const c10::Device& device) {
  return {{"seglab", SEGLAB_VERSION}, {"revision", kRevision}, {"libtorch", TorchVersion()},
          {"device", device.str()},   {"cpu", CpuName()},      {"threads", at::get_num_threads()},
          {"compiler", __VERSION__},  {"date", Today()}};
}

std::string BitsDiffer(const Json& before, const Json& now) {
  std::vector<std::string> parts;
  for (const char* key : {"libtorch", "device", "cpu", "threads"}) {
    if (!before.is_object() || !before.contains(key) || before[key] == now[key]) continue;
    parts.push_back(StrCat(key, " ", before[key].dump(), ", now ", now[key].dump()));
  }
  return Join(parts, "; ");
}

Json MergedEnvironment(const std::vector<Json>& environments) {
  Json merged = Json::object();
  for (const Json& environment : environments) {
    for (const auto& [key, value] : environment.items()) {
      if (!merged.contains(key)) merged[key] = Json::array();
      Json& values = merged[key];
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
  }
  for (auto& [key, values] : merged.items()) {
    if (values.size() == 1) {
      values = Json(values[0]);
      continue;
    }
    std::vector<std::string> texts;
    for (const Json& value : values)
      texts.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    values = Join(texts);
  }
  return merged;
}

}  // namespace seglab
