#include "inference/pass_memory.h"

#include <gtest/gtest.h>

#include "base/test_error.h"
#include "inference/test_color_model.h"

namespace seglab {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

TEST(PassMemory, RefusesAnImageThatDoesNotFitAndAdvisesAWindow) {
  ColorModel model;
  PassMemory memory(kGiB);
  EXPECT_NO_THROW(memory.Check(model, {}, 1, 1000, 1000, "a.png"));
  const std::string said = ErrorOf([&] { memory.Check(model, {}, 1, 20000, 20000, "a.png"); });
  EXPECT_NE(said.find("for a pass of the network over 20000 x 20000 pixels, 1.07 GB is free"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("make the image smaller"), std::string::npos) << said;
}

/// Holds 192 values of each pixel at once.
class WideModel : public ColorModel {
 public:
  SegOutput forward(const at::Tensor& image) override {
    return {image.repeat({1, 64, 1, 1}).narrow(1, 0, 3) * 2};
  }
};

TEST(PassMemory, AWindowOfTheAdvisedSizeFits) {
  WideModel model;
  PassMemory memory(2 * kGiB);
  PredictOptions options;
  const std::string said = ErrorOf([&] { memory.Check(model, options, 1, 3000, 5000, "a.png"); });
  const size_t at = said.find("window=");
  ASSERT_NE(at, std::string::npos) << said;
  options.window.size = std::stoi(said.substr(at + 7));
  EXPECT_GE(options.window.size, 129);
  EXPECT_NO_THROW(memory.Check(model, options, 1, 3000, 5000, "a.png"));
}

TEST(PassMemory, CountsScalesAndImages) {
  ColorModel model;
  PassMemory memory(kGiB / 8);
  PredictOptions options;
  EXPECT_NO_THROW(memory.Check(model, options, 1, 1500, 1500, "a.png"));
  EXPECT_THROW(memory.Check(model, options, 8, 1500, 1500, "a.png"), Error);
  options.scales = {0.5, 3};
  EXPECT_THROW(memory.Check(model, options, 1, 1500, 1500, "a.png"), Error);
}

}  // namespace
}  // namespace seglab
