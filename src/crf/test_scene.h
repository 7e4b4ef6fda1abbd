#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace seglab {

/// A disc and a bar on a ground with soft shades, and unaries of labels that know them roughly.
struct Scene {
  int64_t height, width;
  int labels;
  std::vector<uint8_t> image;  // height x width x 3
  std::vector<float> unary;    // labels x height x width

  Scene(int64_t h, int64_t w, int l, uint32_t seed = 1) : height(h), width(w), labels(l) {
    std::mt19937 random(seed);
    const auto noise = [&random](int size) {
      return static_cast<int>(random() % static_cast<unsigned>(size));
    };
    for (int64_t y = 0; y < h; ++y) {
      for (int64_t x = 0; x < w; ++x) {
        const bool disc = (x - w / 2) * (x - w / 2) + (y - h / 2) * (y - h / 2) < h * w / 12;
        const bool bar = x < w / 5;
        const int colours[3][3] = {{60, 90, 200}, {210, 60, 40}, {90, 180, 70}};
        const int* colour = colours[disc ? 1 : bar ? 2 : 0];
        for (int c = 0; c < 3; ++c) {
          image.push_back(
              static_cast<uint8_t>(colour[c] + noise(9) + static_cast<int>(20 * y / h)));
        }
        truth.push_back((disc ? 1 : bar ? 2 : 0) % l);
      }
    }
    unary.resize(static_cast<size_t>(l * h * w));
    for (int64_t p = 0; p < h * w; ++p) {
      const int guess = noise(10) < 3 ? noise(l) : truth[static_cast<size_t>(p)];
      for (int a = 0; a < l; ++a) {
        unary[static_cast<size_t>(a * h * w + p)] =
            -std::log(a == guess ? 0.6f : 0.4f / static_cast<float>(l - 1));
      }
    }
  }

  std::vector<int> truth;
};

}  // namespace seglab
