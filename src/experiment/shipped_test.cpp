// The experiments of the source tree: what can be known of them without data, weights or training.

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "data/registry.h"
#include "data/transforms.h"
#include "experiment/catalogue.h"
#include "experiment/resolve.h"
#include "experiment/run_config.h"
#include "models/registry.h"
#include "train/optimizer.h"
#include "train/options.h"

namespace seglab {
namespace {

/// The files of all experiments, without what they share.
std::vector<std::string> ShippedFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ExperimentsFolder())) {
    const std::filesystem::path& path = entry.path();
    const bool shared = path.parent_path().filename() == "common";
    if (path.extension() == ".json" && !shared) files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The network with 1/16 of its channels: full ones take long to fill with random numbers.
Json Narrow(Json model) {
  if (model.is_string()) model = {{"name", model}};
  // Those that have no trunk of others have a width of their own.
  const bool has_backbone = model["name"] != "unet" && model["name"] != "segnet_basic";
  if (has_backbone && !model.contains("backbone")) model["backbone"] = "resnet101";
  Json& backbone = has_backbone ? model["backbone"] : model;
  if (backbone.is_string()) backbone = {{"name", backbone}};
  const Json width = backbone.value("width", Json(1));
  EXPECT_TRUE(width.is_number() && width >= 1.0 / 64 && width <= 4) << width;
  backbone["width"] = 1.0 / 16;
  return model;
}

TEST(ShippedExperiments, AreThere) {
  const std::vector<std::string> files = ShippedFiles();
  for (const char* name : {"backbones/shapes.json", "backbones/voc_pretrained.json",
                           "backbones/table1.json", "table2/shapes.json"}) {
    EXPECT_THAT(files, testing::Contains(testing::EndsWith(name)));
  }
}

TEST(ShippedExperiments, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const std::string& file : ShippedFiles()) {
    const std::string name = LoadExperiment(file, {}, "data").name;
    EXPECT_TRUE(names.insert(name).second) << name << " in " << file;
  }
}

TEST(ShippedExperiments, EveryRunIsWellFormed) {
  for (const std::string& file : ShippedFiles()) {
    SCOPED_TRACE(file);
    const Experiment experiment = LoadExperiment(file, {"weights=weights"}, "data");
    for (const RunSpec& run : experiment.runs) {
      SCOPED_TRACE(run.name);
      const RunConfig config = ReadRunConfig(run, "");
      MakeTransforms(config.transforms, {0, 0, 0}, run.name);
      for (const DatasetRow& row : DatasetRows()) {
        // The others' files are not there.
        if (config.train_data.at("name") != row.name || row.needs_root) continue;
        EXPECT_GT(MakeDataset(config.train_data)->Size(), 0);
        EXPECT_GT(MakeDataset(config.val_data)->Size(), 0);
        for (const EvalConfig& evaluation : config.evaluations)
          EXPECT_GT(MakeDataset(evaluation.data)->Size(), 0);
      }
    }
  }
}

TEST(ShippedExperiments, EveryNetworkCanBeMade) {
  std::set<std::string> made;
  for (const std::string& file : ShippedFiles()) {
    SCOPED_TRACE(file);
    for (const RunSpec& run : LoadExperiment(file, {}, "data").runs) {
      SCOPED_TRACE(run.name);
      const Json model = Narrow(run.config.at("model"));
      if (!made.insert(model.dump()).second) continue;
      const auto network = MakeModel(model, 21, run.name + ".model");
      const auto job = TrainOptions::FromJson(run.config.value("train", Json::object()), run.name);
      if (ModelRecipe(model) == Recipe::kDescended) {
        EXPECT_NO_THROW(MakeOptimizer(*network, job));
      }
    }
  }
  EXPECT_GE(made.size(), 20u);
}

}  // namespace
}  // namespace seglab
