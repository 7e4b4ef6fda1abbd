#include "parallel/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "parallel/gradient_sums.h"
#include "parallel/test_group.h"

namespace seglab {
namespace {

TEST(Group, SumsAndGathers) {
  Together(3, [](const Group& group) {
    EXPECT_EQ(group.Sum(group.rank() + 1.0), 6.0);
    const at::Tensor tensor = at::full({2, 2}, group.rank());
    group.Sum(tensor);
    EXPECT_TRUE(tensor.eq(3).all().item<bool>());
    group.Broadcast(tensor.fill_(group.rank() + 5));
    EXPECT_TRUE(tensor.eq(5).all().item<bool>());
    EXPECT_THAT(group.Gather(std::string(static_cast<size_t>(group.rank()), 'x')),
                testing::ElementsAre("", "x", "xx"));
  });
}

TEST(GradientSums, AreMeansOverTheProcesses) {
  Together(2, [](const Group& group) {
    torch::manual_seed(1);
    torch::nn::Linear layer(3, 2);
    group.BroadcastModule(*layer);
    GradientSums sums(group, layer->parameters());
    for (int step = 0; step < 3; ++step) {
      layer->zero_grad();
      // Two passes: the first one's gradient stays until the second is sent.
      for (int pass = 0; pass < 2; ++pass) {
        if (pass == 1) sums.Prepare();
        layer(at::full({1, 3}, group.rank() + 1.0)).sum().backward();
      }
      // 2 * (1 + 2) / 2.
      EXPECT_TRUE(at::allclose(layer->weight.grad(), at::full({2, 3}, 3.0))) << step;
      EXPECT_TRUE(at::allclose(layer->bias.grad(), at::full({2}, 2.0))) << step;
    }
  });
}

TEST(Group, SaysWhoDoesNotCome) {
  World world;
  world.rank = 1;
  world.size = 2;
  world.host = "no.such.host.invalid";
  world.meeting_seconds = 1.5;
  EXPECT_THAT(ErrorOf([&] { Group(world, c10::Device("cpu")); }),
              testing::HasSubstr("no.such.host.invalid"));
}

}  // namespace
}  // namespace seglab
