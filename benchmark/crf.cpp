// Times of the dense CRF, side by side with the published algorithm on one core.
//
//   crf_benchmark [HEIGHT WIDTH LABELS]     without sizes: 500 x 375 pixels and how times grow
//
// Image and unaries are made: soft regions with texture, labels right at 7 pixels of 10.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "base/memory.h"
#include "crf/dense_crf.h"
#include "published_crf.h"

namespace seglab {
namespace {

struct Scene {
  int height, width, labels;
  std::vector<uint8_t> image;
  std::vector<float> unary;
};

Scene MakeScene(int height, int width, int labels) {
  Scene scene{height, width, labels, {}, {}};
  std::mt19937 random(1);
  const auto n = static_cast<size_t>(height * width);
  scene.unary.resize(n * static_cast<size_t>(labels));
  std::vector<double> phases;
  for (int i = 0; i < 12; ++i) phases.push_back(random() % 1000 / 160.0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = 6.3 * x / width, v = 6.3 * y / height;
      const double field =
          std::sin(u * 1.5 + phases[0]) + std::sin(v * 2 + phases[1]) + std::sin(u + v + phases[2]);
      const int truth = static_cast<int>(std::floor((field + 3) / 6 * 4.99)) % labels;
      for (size_t c = 0; c < 3; ++c) {
        const double shade = 110 + 70 * std::sin(2.1 * truth + 2 * static_cast<double>(c)) +
                             20 * std::sin(9 * u + phases[3 + c]) * std::sin(7 * v + phases[6 + c]);
        scene.image.push_back(static_cast<uint8_t>(
            std::clamp(shade + static_cast<double>(random() % 13), 0.0, 255.0)));
      }
      const int guess =
          random() % 10 < 7 ? truth : static_cast<int>(random() % static_cast<unsigned>(labels));
      for (int l = 0; l < labels; ++l) {
        scene.unary[static_cast<size_t>(l) * n + static_cast<size_t>(y * width + x)] =
            -std::log(l == guess ? 0.6f : 0.4f / static_cast<float>(labels - 1));
      }
    }
  }
  return scene;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Times {
  double set_up = 1e9, steps = 1e9;
  double all() const { return set_up + steps; }
};

/// The best of several repeats on images that come one after the other, as in an evaluation.
Times Ours(const CrfOptions& options, const Scene& scene, int threads, std::vector<int32_t>* map) {
  DenseCrf crf(options, threads);
  Times best;
  map->resize(scene.image.size() / 3);
  for (int i = 0; i < 5; ++i) {
    const double start = Now();
    crf.SetImage(scene.image.data(), scene.height, scene.width, scene.unary.data(), scene.labels);
    const double middle = Now();
    crf.Run();
    crf.CopyMap(map->data());
    best.set_up = std::min(best.set_up, middle - start);
    best.steps = std::min(best.steps, Now() - middle);
  }
  return best;
}

Times Published(const CrfOptions& options, const Scene& scene, std::vector<int32_t>* map) {
  Times best;
  for (int i = 0; i < 3; ++i) {
    const double start = Now();
    PublishedCrf crf(options, scene.image.data(), scene.height, scene.width, scene.unary.data(),
                     scene.labels);
    const double middle = Now();
    crf.Step(options.iterations);
    *map = crf.Map();
    best.set_up = std::min(best.set_up, middle - start);
    best.steps = std::min(best.steps, Now() - middle);
  }
  return best;
}

double Megabytes() { return 1e-6 * static_cast<double>(PeakMemory()); }

void Print(const char* what, const Times& times, const Scene& scene, int iterations) {
  const double work = 1e-6 * scene.height * scene.width * scene.labels * iterations;
  std::printf("  %-22s set-up %6.1f  iterations %7.1f  all %7.1f ms  %7.1f MPixel label/s\n", what,
              1e3 * times.set_up, 1e3 * times.steps, 1e3 * times.all(), work / times.steps);
}

void SideBySide(const CrfPreset& preset, const Scene& scene) {
  std::printf("%s, %d x %d, %d labels, %d iterations\n", preset.name.c_str(), scene.height,
              scene.width, scene.labels, preset.options.iterations);
  std::vector<int32_t> map, one, published;
  const Times two = Ours(preset.options, scene, 2, &map);
  const Times single = Ours(preset.options, scene, 1, &one);
  const double memory = Megabytes();
  const Times theirs = Published(preset.options, scene, &published);
  size_t equal = 0;
  for (size_t i = 0; i < map.size(); ++i) equal += map[i] == published[i];
  Print("seglab, 2 threads", two, scene, preset.options.iterations);
  Print("seglab, 1 thread", single, scene, preset.options.iterations);
  Print("as published, 1 thread", theirs, scene, preset.options.iterations);
  std::printf(
      "  %.1f times as fast on two threads, %.1f on one; labels equal at %.3f %% of pixels; peak "
      "%.0f MB so far\n",
      theirs.all() / two.all(), theirs.all() / single.all(),
      100.0 * static_cast<double>(equal) / static_cast<double>(map.size()), memory);
}

}  // namespace
}  // namespace seglab

int main(int argc, char** argv) {
  using namespace seglab;
  if (argc == 4) {
    const Scene scene = MakeScene(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]));
    for (const CrfPreset& preset : CrfPresets()) SideBySide(preset, scene);
    return 0;
  }
  for (const CrfPreset& preset : CrfPresets()) SideBySide(preset, MakeScene(375, 500, 21));
  std::printf("growth, %s, 2 threads\n", CrfPresets().front().name.c_str());
  for (const auto& [height, width, labels] : {std::array{188, 250, 21},
                                              {375, 500, 21},
                                              {750, 1000, 21},
                                              {375, 500, 2},
                                              {375, 500, 11},
                                              {375, 500, 60},
                                              {375, 500, 150}}) {
    const Scene scene = MakeScene(height, width, labels);
    std::vector<int32_t> map;
    const Times times = Ours(CrfPresets().front().options, scene, 2, &map);
    std::printf("%5d x %4d, %3d labels:", height, width, labels);
    Print("", times, scene, CrfPresets().front().options.iterations);
  }
}
