#include "bench/bench.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "data/shapes/shapes.h"
#include "models/test_models.h"

namespace seglab {
namespace {

RepeatOptions Few() {
  RepeatOptions options;
  options.warm_up = 1;
  options.repeats = 2;
  return options;
}

void ExpectTimed(const BenchResult& result, const std::string& kind, double items) {
  EXPECT_EQ(result.kind, kind);
  EXPECT_EQ(result.items, items);
  EXPECT_EQ(result.timing.repeats(), 2);
  EXPECT_GT(result.timing.Fastest(), 0);
  if (result.floor) {
    EXPECT_GT(result.floor->seconds, 0);
  }
}

NetworkBench TinyNetwork() {
  NetworkBench network;
  network.model = SeededModel(TinySpec(), 5);
  network.name = "tiny";
  network.classes = 5;
  network.batch = 2;
  network.height = 40;
  network.width = 48;
  return network;
}

TEST(Bench, InferenceHasAFloorOfOperations) {
  const BenchResult result = BenchInference(TinyNetwork(), Few());
  ExpectTimed(result, "inference", 2);
  ASSERT_TRUE(result.floor);
}

TEST(Bench, TrainingTakesThreePassesAndStaysFinite) {
  const NetworkBench network = TinyNetwork();
  const BenchResult result = BenchTraining(network, Few());
  ExpectTimed(result, "train", 2);
  for (const at::Tensor& parameter : network.model->parameters())
    EXPECT_TRUE(at::isfinite(parameter).all().item<bool>());
}

TEST(Bench, TrainingOfAClassifier) {
  NetworkBench network = TinyNetwork();
  network.model = SeededModel(TinySpec("classifier"), 5);
  network.task = Task::kClassification;
  ExpectTimed(BenchTraining(network, Few()), "train", 2);
}

TEST(Bench, DataGoesThroughTheLoader) {
  DataBench data;
  ShapesOptions shapes;
  shapes.size = 3;
  shapes.height = shapes.width = 32;
  data.dataset = MakeShapes(shapes);
  data.name = "shapes";
  data.batch = 2;
  for (const int threads : {0, 1}) {
    data.threads = threads;
    ExpectTimed(BenchData(data, Few()), "data", 2);
  }
}

TEST(Bench, CrfProposalsAndMetrics) {
  CrfBench crf;
  crf.labels = 3;
  crf.height = 32;
  crf.width = 40;
  const BenchResult field = BenchCrf(crf, Few());
  ExpectTimed(field, "crf", 1);
  EXPECT_GT(field.figures["mpixel_labels_per_second"].get<double>(), 0);
  ProposalBench proposals;
  proposals.height = 48;
  proposals.width = 64;
  proposals.options.width = 64;
  const BenchResult regions = BenchProposals(proposals, Few());
  ExpectTimed(regions, "proposals", 1);
  EXPECT_GT(regions.figures["proposals"].get<int>(), 0);
  ExpectTimed(BenchMetrics(5, 1000, Few()), "metrics", 1000);
}

}  // namespace
}  // namespace seglab
