#include "data/shapes/shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/test_error.h"
#include "data/shapes/draw.h"
#include "data/shapes/raster.h"
#include "data/shapes/scene.h"

namespace seglab {
namespace {

std::string Hash(const cv::Mat& image) {
  const cv::Mat whole = image.isContinuous() ? image : image.clone();
  return HashHex({reinterpret_cast<const char*>(whole.data), whole.total() * whole.elemSize()});
}

bool Equal(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && Hash(a) == Hash(b);
}

std::shared_ptr<const Dataset> Scenes(const std::string& split, int height = 128, int width = 128,
                                      bool void_border = true) {
  ShapesOptions options;
  options.split = split;
  options.height = height;
  options.width = width;
  options.void_border = void_border;
  return MakeShapes(options);
}

/// Mean IU in percent of label maps that are kept only once in factor x factor pixels.
double MeanIuAtStride(const Dataset& dataset, int images, int factor) {
  const int classes = dataset.Labels().size();
  std::vector<int64_t> hits(classes), truth(classes), guess(classes);
  for (int i = 0; i < images; ++i) {
    const cv::Mat label = dataset.Get(i).truth.LabelMap();
    for (int y = 0; y < label.rows; ++y) {
      for (int x = 0; x < label.cols; ++x) {
        const int t = label.at<uint8_t>(y, x);
        if (t == kIgnoreLabel) continue;
        int p =
            label.at<uint8_t>(y / factor * factor + factor / 2, x / factor * factor + factor / 2);
        if (p == kIgnoreLabel) p = 0;
        ++truth[t];
        ++guess[p];
        if (t == p) ++hits[t];
      }
    }
  }
  double sum = 0;
  for (int c = 0; c < classes; ++c) {
    sum += static_cast<double>(hits[c]) / static_cast<double>(truth[c] + guess[c] - hits[c]);
  }
  return 100.0 * sum / classes;
}

TEST(ShapesTest, LabelsAreTheSameOnEveryMachine) {
  const auto square = Scenes("train");
  const auto wide = Scenes("val", 96, 160);
  EXPECT_EQ(Hash(square->Get(0).truth.LabelMap()), "57723d4fe653ff09");
  EXPECT_EQ(Hash(square->Get(999).truth.LabelMap()), "e3569be3f9d45f24");
  EXPECT_EQ(Hash(wide->Get(7).truth.LabelMap()), "28959628ec11bbea");
}

TEST(ShapesTest, PicturesAreTheSameOnEveryMachine) {
  EXPECT_EQ(Hash(Scenes("train")->Get(0).image), "a98657b5cfddd631");
  EXPECT_EQ(Hash(MakeShapesClasses({})->Get(5).image), "81ea8416254ae6fe");
}

TEST(ShapesTest, SampleDependsOnItsIndexOnly) {
  const auto dataset = Scenes("train");
  constexpr int kSamples = 24, kThreads = 4;
  std::vector<std::string> expected;
  for (int i = 0; i < kSamples; ++i) {
    const Sample sample = dataset->Get(i);
    expected.push_back(Hash(sample.image) + Hash(sample.truth.LabelMap()));
  }
  EXPECT_EQ(std::set<std::string>(expected.begin(), expected.end()).size(), expected.size());
  std::vector<std::string> found(kSamples);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = kSamples - 1 - t; i >= 0; i -= kThreads) {
        const Sample sample = dataset->Get(i);
        found[i] = Hash(sample.image) + Hash(sample.truth.LabelMap());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, expected);
}

TEST(ShapesTest, SizeOfTheDataSetDoesNotChangeItsSamples) {
  ShapesOptions few, many;
  few.size = 3;
  many.size = 100000;
  EXPECT_TRUE(Equal(MakeShapes(few)->Get(2).image, MakeShapes(many)->Get(2).image));
}

TEST(ShapesTest, SplitsAndSeedsAreDisjoint) {
  constexpr int kSamples = 40;
  std::set<std::string> seen;
  for (const char* split : {"train", "val", "test"}) {
    for (const uint64_t seed : {1, 2}) {
      ShapesOptions options;
      options.split = split;
      options.seed = seed;
      options.height = options.width = 64;
      const auto dataset = MakeShapes(options);
      for (int i = 0; i < kSamples; ++i) {
        EXPECT_TRUE(seen.insert(Hash(dataset->Get(i).image)).second) << split << ' ' << i;
      }
    }
  }
}

TEST(ShapesTest, LabelsAreInRangeAndAllClassesOccur) {
  const auto dataset = Scenes("train");
  const int classes = dataset->Labels().size();
  ASSERT_EQ(classes, 11);
  ASSERT_EQ(dataset->Labels().palette.size(), 11u);
  constexpr int kImages = 150;
  std::vector<int64_t> pixels(256);
  for (int i = 0; i < kImages; ++i) {
    const Sample sample = dataset->Get(i);
    ASSERT_EQ(sample.image.type(), CV_8UC3);
    ASSERT_EQ(sample.truth.LabelMap().type(), CV_8UC1);
    ASSERT_EQ(sample.image.size(), sample.truth.LabelMap().size());
    EXPECT_TRUE(sample.truth.HasLabelMap());
    EXPECT_EQ(sample.name, dataset->Name(i));
    std::set<int> objects;
    for (auto it = sample.truth.LabelMap().begin<uint8_t>();
         it != sample.truth.LabelMap().end<uint8_t>(); ++it) {
      ++pixels[*it];
      if (*it > 0 && *it < classes) objects.insert(*it);
    }
    EXPECT_FALSE(objects.empty()) << i;
  }
  for (int label = classes; label < kIgnoreLabel; ++label) EXPECT_EQ(pixels[label], 0) << label;
  EXPECT_GT(pixels[kIgnoreLabel], 0);

  const double all = 128.0 * 128.0 * kImages;
  EXPECT_GT(static_cast<double>(pixels[0]) / all, 0.55);
  EXPECT_LT(static_cast<double>(pixels[0]) / all, 0.70);
  const auto [least, most] = std::minmax_element(pixels.begin() + 1, pixels.begin() + classes);
  EXPECT_GT(*least, 0);
  EXPECT_LT(*most, 4 * *least);
}

TEST(ShapesTest, OutputStrideMatters) {
  const auto dataset = Scenes("val");
  constexpr int kImages = 80;
  const double at32 = MeanIuAtStride(*dataset, kImages, 32);
  const double at16 = MeanIuAtStride(*dataset, kImages, 16);
  const double at8 = MeanIuAtStride(*dataset, kImages, 8);
  EXPECT_GT(at32, 35);
  EXPECT_LT(at32, 50);
  EXPECT_GT(at16, at32 + 12);
  EXPECT_GT(at8, at16 + 10);
  EXPECT_GT(at8, 70);
}

TEST(ShapesTest, BorderOnlyHidesLabels) {
  for (const int height : {64, 256}) {
    const auto with = Scenes("test", height, 96), without = Scenes("test", height, 96, false);
    for (int i = 0; i < 10; ++i) {
      const Sample a = with->Get(i), b = without->Get(i);
      EXPECT_TRUE(Equal(a.image, b.image));
      EXPECT_EQ(cv::countNonZero(b.truth.LabelMap() == kIgnoreLabel), 0);
      EXPECT_EQ(cv::countNonZero((a.truth.LabelMap() != b.truth.LabelMap()) &
                                 (a.truth.LabelMap() != kIgnoreLabel)),
                0);
    }
  }
}

TEST(ShapesTest, BorderKeepsEveryPixelOfThinParts) {
  for (size_t kind = 0; kind < shapes::Kinds().size(); ++kind) {
    shapes::Scene with(128, 128, true), without(128, 128, false);
    for (shapes::Scene* scene : {&with, &without}) {
      RandomStream random(3, 0, kind);
      scene->PaintBackdrop(random);
      scene->PaintPortrait(static_cast<int>(kind), random);
    }
    const int label = static_cast<int>(kind) + 1;
    EXPECT_TRUE(Equal(with.label() == label, without.label() == label)) << label;
    EXPECT_GT(cv::countNonZero(with.label() == kIgnoreLabel), 0) << label;
  }
}

TEST(ShapesTest, ChecksItsOptions) {
  const auto message = [](const char* text) -> std::string {
    return ErrorOf([&] { ShapesOptions::FromJson(ParseJson(text, "test"), "data"); });
  };
  EXPECT_EQ(
      message(R"({"name": "shapes", "split": "val", "size": 5, "height": 32, "width": 1024})"), "");
  EXPECT_NE(message(R"({"split": "trian"})").find("data.split"), std::string::npos);
  EXPECT_NE(message(R"({"height": 31})").find("data.height"), std::string::npos);
  EXPECT_NE(message(R"({"width": 1025})").find("data.width"), std::string::npos);
  EXPECT_NE(message(R"({"size": 0})").find("data.size"), std::string::npos);
  EXPECT_NE(message(R"({"sizes": 9})").find("data.sizes"), std::string::npos);
  EXPECT_THROW(Scenes("nonsense"), Error);
  EXPECT_THROW(Scenes("train")->Get(1000), std::out_of_range);
  EXPECT_THROW(Scenes("train")->Get(-1), std::out_of_range);
}

TEST(ShapesClassesTest, GivesCategoriesWithoutLabels) {
  ShapesClassesOptions options;
  options.side = 48;
  const auto dataset = MakeShapesClasses(options);
  EXPECT_TRUE(dataset->GetTask() == Task::kClassification);
  ASSERT_EQ(dataset->Labels().size(), 10);
  EXPECT_EQ(dataset->Labels().names[3], ShapesLabels().names[4]);
  EXPECT_EQ(dataset->Labels().palette[3], ShapesLabels().palette[4]);
  std::array<int, 10> count{};
  for (int i = 0; i < 200; ++i) {
    const Sample sample = dataset->Get(i);
    EXPECT_FALSE(sample.truth.HasLabelMap());
    EXPECT_EQ(sample.image.size(), cv::Size(48, 48));
    ASSERT_GE(sample.truth.CategoryIndex(), 0);
    ASSERT_LT(sample.truth.CategoryIndex(), 10);
    ++count[sample.truth.CategoryIndex()];
  }
  EXPECT_GT(*std::min_element(count.begin(), count.end()), 5);
  EXPECT_TRUE(Equal(dataset->Get(9).image, MakeShapesClasses(options)->Get(9).image));
  EXPECT_THROW(ShapesClassesOptions::FromJson(ParseJson(R"({"side": 16})", "test"), "data"), Error);
}

int64_t Covered(const shapes::Coverage& coverage) {
  int64_t sum = 0;
  for (const uint8_t value : coverage.value) sum += value;
  return sum;
}

TEST(RasterizerTest, CoversTheAreaOfAPolygon) {
  shapes::Rasterizer rasterizer(40, 30);
  constexpr int kP = shapes::kPixel;
  shapes::Path box;  // 10.5 x 8.25 pixels, given the wrong way round
  box.Solid({{4 * kP, 5 * kP},
             {4 * kP, 5 * kP + 33 * kP / 4},
             {4 * kP + 21 * kP / 2, 5 * kP + 33 * kP / 4},
             {4 * kP + 21 * kP / 2, 5 * kP}});
  EXPECT_NEAR(static_cast<double>(Covered(rasterizer.Run(box))) / 255, 10.5 * 8.25, 0.2);

  shapes::Path ring;
  ring.Ring({20 * kP, 15 * kP}, 12 * kP, 3 * kP);
  const shapes::Coverage& band = rasterizer.Run(ring);
  // A circle of 32 corners has 0.9936 of the area.
  EXPECT_NEAR(static_cast<double>(Covered(band)) / 255, 0.9936 * 3.14159 * (144 - 81), 2.0);
  EXPECT_EQ(band.Row(15 - band.y)[20 - band.x], 0);  // the hole
}

TEST(RasterizerTest, CutsAtThePicture) {
  shapes::Rasterizer rasterizer(16, 16);
  constexpr int kP = shapes::kPixel;
  shapes::Path around;
  around.Disc({8 * kP, 8 * kP}, 100 * kP);
  EXPECT_EQ(Covered(rasterizer.Run(around)), 16 * 16 * 255);
  shapes::Path left, above;
  left.Disc({-50 * kP, 8 * kP}, 20 * kP);
  above.Disc({8 * kP, -50 * kP}, 20 * kP);
  EXPECT_EQ(Covered(rasterizer.Run(left)), 0);
  EXPECT_EQ(Covered(rasterizer.Run(above)), 0);
}

TEST(RasterizerTest, ThinStrokesStayConnected) {
  constexpr int kSide = 64, kP = shapes::kPixel;
  shapes::Rasterizer rasterizer(kSide, kSide);
  for (int slope = -30; slope <= 30; slope += 5) {
    shapes::Path stroke;
    stroke.Stroke({2 * kP, 32 * kP}, {62 * kP, (32 + slope) * kP}, 3 * kP / 2);
    const shapes::Coverage& coverage = rasterizer.Run(stroke);
    int last = -1;
    for (int x = 4; x < 60; ++x) {
      int found = -1;
      for (int y = coverage.y; y < coverage.y + coverage.height; ++y) {
        if (coverage.Row(y - coverage.y)[x - coverage.x] < 128) continue;
        if (found < 0 || std::abs(y - last) < std::abs(found - last)) found = y;
      }
      ASSERT_GE(found, 0) << "slope " << slope << ", column " << x;
      if (last >= 0) {
        EXPECT_LE(std::abs(found - last), 1);
      }
      last = found;
    }
  }
}

}  // namespace
}  // namespace seglab
