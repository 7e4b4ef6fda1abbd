#include "experiment/catalogue.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string ExperimentsFolder() {
  const char* folder = std::getenv("SEGLAB_EXPERIMENTS");
  return folder != nullptr && *folder != '\0' ? folder : SEGLAB_SOURCE_EXPERIMENTS;
}

std::string FindExperiment(const std::string& name_or_path) {
  if (FileExists(name_or_path)) return name_or_path;
  const std::string folder = ExperimentsFolder();
  if (!name_or_path.empty() && !fs::path(name_or_path).is_absolute()) {
    for (const char* suffix : {".json", "/shapes.json"}) {
      const std::string path = JoinPath(folder, name_or_path + suffix);
      if (FileExists(path)) return path;
    }
    const std::string room = JoinPath(folder, name_or_path);
    if (FolderExists(room)) {
      const std::vector<std::string> files = ListFiles(room, {".json"});
      if (files.size() == 1) return JoinPath(room, files.front());
    }
  }
  throw Error("experiment: ", UnknownName("experiment or file", name_or_path, ExperimentNames()));
}

std::vector<std::string> ExperimentNames() {
  std::vector<std::string> names;
  const std::string folder = ExperimentsFolder();
  if (!FolderExists(folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    fs::path path = fs::relative(entry.path(), folder);
    if (path.extension() != ".json" || *path.begin() == "common") continue;
    names.push_back(path.stem() == "shapes" ? path.parent_path().generic_string()
                                            : path.replace_extension().generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace seglab
