#include "train/optimizer.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>

#include "base/test_error.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::HasSubstr;

std::shared_ptr<SegModel> Network() { return SeededModel(TinySpec("fcn32s"), 3); }

/// A few steps down a simple valley.
void Walk(SegModel& model, Optimizer& optimizer, int steps) {
  for (int step = 0; step < steps; ++step) {
    for (at::Tensor& parameter : model.parameters())
      parameter.mutable_grad() = parameter.detach() + 0.1;
    optimizer.Step(0.05);
  }
}

TEST(Optimizer, EveryRowDescendsAndGoesOnBitForBit) {
  for (const OptimizerRow& row : OptimizerRows()) {
    SCOPED_TRACE(row.name);
    TrainOptions options;
    options.optimizer = row.name;
    options.weight_decay = 0;
    const auto whole = Network(), first = Network(), second = Network();
    const auto start = Snapshot(*whole);
    const auto through = MakeOptimizer(*whole, options), before = MakeOptimizer(*first, options);
    Walk(*whole, *through, 6);
    Walk(*first, *before, 3);
    NamedTensors state;
    for (const auto& [name, tensor] : before->State()) state.emplace_back(name, tensor.clone());
    LoadState(*second, Snapshot(*first), {});
    const auto after = MakeOptimizer(*second, options);
    after->LoadState(state);
    Walk(*second, *after, 3);
    EXPECT_EQ(Difference(Snapshot(*whole), Snapshot(*second)), "");
    EXPECT_EQ(Difference(through->State(), after->State()), "");
    EXPECT_NE(Difference(start, Snapshot(*whole)), "");
  }
}

TEST(Optimizer, UnknownNamesAndOptionsAreErrors) {
  TrainOptions options;
  options.optimizer = "sdg";
  EXPECT_THAT(ErrorOf([&] { MakeOptimizer(*Network(), options); }),
              HasSubstr("train.optimizer.name: unknown optimizer \"sdg\""));
  options.optimizer = {{"name", "sgd"}, {"beta", 1}};
  EXPECT_THAT(ErrorOf([&] { MakeOptimizer(*Network(), options); }),
              HasSubstr("train.optimizer.beta"));
}

}  // namespace
}  // namespace seglab
