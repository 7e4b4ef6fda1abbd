#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/test_error.h"
#include "data/shapes/shapes.h"
#include "data/test_dataset.h"
#include "models/test_models.h"
#include "train/recipe.h"

// Trainings of tests, killed and gone on with.
namespace seglab {

inline constexpr int kShapesClasses = 11;

inline std::shared_ptr<const Dataset> TestShapes(const std::string& split, int64_t size) {
  ShapesOptions options;
  options.split = split;
  options.size = size;
  options.height = 48;
  options.width = 40;
  return MakeShapes(options);
}

/// Eight steps with everything that draws random numbers: order, flips, crops, dropout.
inline TrainJob TinyJob(const std::string& folder, const std::string& backbone = "vgg11") {
  MakeFolders(folder);
  TrainJob job;
  job.model_spec = TinySpec("fcn8s", backbone);
  job.model = SeededModel(job.model_spec, kShapesClasses);
  job.train = TestShapes("train", 12);
  job.val = TestShapes("val", 3);
  const Json transforms = ParseJson(
      R"([{"name": "flip"}, {"name": "random_crop", "height": 32, "width": 32}])", "test");
  job.transforms = MakeTransforms(transforms, job.model->preprocessing.FillColor(), "transforms");
  job.options.iterations = 8;
  job.options.batch = 2;
  job.options.lr = 0.01;
  job.options.threads = 0;
  job.options.log_every = 2;
  job.options.eval_every = 5;
  job.options.checkpoint_every = 3;
  job.seed = 3;
  job.folder = folder;
  job.run_hash = "hash of this run";
  job.title = "tiny";
  return job;
}

/// metrics.jsonl without what depends on the clock.
inline Json Metrics(const std::string& folder) {
  Json lines = Json::array();
  for (const std::string& text : ReadLines(JoinPath(folder, "metrics.jsonl"))) {
    Json line = ParseJson(text, "metrics.jsonl");
    for (const char* key : {"images_per_second", "wait", "seconds"}) line.erase(key);
    lines.push_back(line);
  }
  return lines;
}

/// What a finished training leaves behind.
struct Outcome {
  NamedTensors weights, last_file, best_file;
  std::map<std::string, std::string> last_metadata, best_metadata;
  Json metrics;
  TrainSummary summary;
};

/// A checkpoint's metadata without what depends on the clock.
inline std::map<std::string, std::string> Timeless(std::map<std::string, std::string> metadata) {
  Json state = ParseJson(metadata.at("state"), "state");
  state.erase("seconds");
  metadata["state"] = state.dump();
  return metadata;
}

inline Outcome Finish(const TrainJob& job) {
  Outcome outcome;
  outcome.summary = Train(job);
  outcome.weights = Snapshot(*job.model);
  const TensorFile last = ReadSafetensors(JoinPath(job.folder, "last.safetensors"));
  EXPECT_EQ(last.tensors.size(), outcome.weights.size()) << "a finished training needs no momentum";
  outcome.last_file = last.tensors;
  outcome.last_metadata = Timeless(last.metadata);
  const std::string best = JoinPath(job.folder, "best.safetensors");
  if (FileExists(best)) {
    const TensorFile file = ReadSafetensors(best);
    outcome.best_file = file.tensors;
    outcome.best_metadata = Timeless(file.metadata);
  }
  outcome.metrics = Metrics(job.folder);
  return outcome;
}

inline void ExpectSame(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(Difference(a.weights, b.weights), "");
  EXPECT_EQ(Difference(a.last_file, b.last_file), "");
  EXPECT_EQ(Difference(a.best_file, b.best_file), "");
  EXPECT_EQ(a.last_metadata, b.last_metadata);
  EXPECT_EQ(a.best_metadata, b.best_metadata);
  EXPECT_EQ(a.metrics.dump(), b.metrics.dump());
  EXPECT_EQ(a.summary.iterations, b.summary.iterations);
  EXPECT_EQ(a.summary.best_score, b.summary.best_score);
  EXPECT_EQ(a.summary.best_iteration, b.summary.best_iteration);
}

/// Trains with data that break off behind `reads` samples. What this leaves in the folder is what a
/// process leaves that was killed there: nothing is saved on the way out.
inline void TrainUntilRead(TrainJob job, int64_t reads) {
  job.train = std::make_shared<HookedDataset>(job.train, [reads](int64_t read, int64_t) {
    if (read > reads) throw Error("killed");
  });
  EXPECT_EQ(ErrorOf([&] { Train(job); }), "killed");
}

}  // namespace seglab
