#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "crf/options.h"

namespace seglab {

/// Mean field in a dense CRF as its definition says it, all pairs of pixels in double.
class BruteForce {
 public:
  /// @param image  height x width x 3
  /// @param unary  labels x height x width
  BruteForce(const CrfOptions& options, const std::vector<uint8_t>& image, int64_t height,
             int64_t width, const std::vector<float>& unary, int labels)
      : n_(height * width), labels_(labels), unary_(unary), options_(options) {
    kernel_.assign(static_cast<size_t>(n_ * n_), 0.0);
    std::vector<double> one(static_cast<size_t>(n_ * n_));
    const auto add = [&](double weight, auto distance) {
      if (weight == 0) return;
      std::vector<double> sums(static_cast<size_t>(n_), 0.0);
      for (int64_t i = 0; i < n_; ++i) {
        for (int64_t j = 0; j < n_; ++j) {
          const double k = std::exp(-0.5 * distance(i, j));
          one[static_cast<size_t>(i * n_ + j)] = k;
          sums[static_cast<size_t>(i)] += k;
        }
      }
      for (int64_t i = 0; i < n_; ++i) {
        for (int64_t j = 0; j < n_; ++j) {
          const double si = sums[static_cast<size_t>(i)];
          const double sj = sums[static_cast<size_t>(j)];
          double by = 1;
          if (options.normalisation == Normalisation::kBefore) by = sj;
          if (options.normalisation == Normalisation::kAfter) by = si;
          if (options.normalisation == Normalisation::kSymmetric) by = std::sqrt(si * sj);
          const auto at = static_cast<size_t>(i * n_ + j);
          kernel_[at] += weight * one[at] / by;
        }
      }
    };
    const auto square = [](double x) { return x * x; };
    const auto place = [width, square](int64_t i, int64_t j, double sigma) {
      return (square(static_cast<double>(i % width - j % width)) +
              square(static_cast<double>(i / width - j / width))) /
             square(sigma);
    };
    add(options.bilateral_weight, [&](int64_t i, int64_t j) {
      double d = place(i, j, options.bilateral_sigma_xy);
      for (int64_t c = 0; c < 3; ++c) {
        d +=
            square((image[static_cast<size_t>(3 * i + c)] - image[static_cast<size_t>(3 * j + c)]) /
                   options.bilateral_sigma_rgb);
      }
      return d;
    });
    add(options.gaussian_weight,
        [&](int64_t i, int64_t j) { return place(i, j, options.gaussian_sigma_xy); });
    q_.resize(static_cast<size_t>(labels * n_));
    for (size_t i = 0; i < q_.size(); ++i) q_[i] = -unary[i];
    Softmax();
  }

  void Step(int iterations) {
    for (int i = 0; i < iterations; ++i) {
      const std::vector<double> costs = Costs();
      for (size_t at = 0; at < q_.size(); ++at) q_[at] = -unary_[at] - costs[at];
      Softmax();
    }
  }

  double FreeEnergy() const {
    const std::vector<double> costs = Costs();
    double energy = 0;
    for (size_t at = 0; at < q_.size(); ++at) {
      if (q_[at] > 0) energy += q_[at] * (std::log(q_[at]) + unary_[at] + 0.5 * costs[at]);
    }
    return energy;
  }

  const std::vector<double>& q() const { return q_; }

 private:
  /// mu K Q, label by label.
  std::vector<double> Costs() const {
    const auto at = [this](int64_t l, int64_t i) { return static_cast<size_t>(l * n_ + i); };
    std::vector<double> messages(q_.size(), 0.0), costs(q_.size(), 0.0);
    for (int64_t l = 0; l < labels_; ++l) {
      for (int64_t i = 0; i < n_; ++i) {
        for (int64_t j = 0; j < n_; ++j) {
          messages[at(l, i)] += kernel_[static_cast<size_t>(i * n_ + j)] * q_[at(l, j)];
        }
      }
    }
    for (int64_t l = 0; l < labels_; ++l) {
      for (int64_t m = 0; m < labels_; ++m) {
        const double cost =
            options_.compatibility.empty()
                ? (l == m ? 0 : 1)
                : options_.compatibility[static_cast<size_t>(l)][static_cast<size_t>(m)];
        for (int64_t i = 0; i < n_; ++i) costs[at(l, i)] += cost * messages[at(m, i)];
      }
    }
    return costs;
  }

  void Softmax() {
    for (int64_t i = 0; i < n_; ++i) {
      double most = -1e300, sum = 0;
      for (int64_t l = 0; l < labels_; ++l)
        most = std::max(most, q_[static_cast<size_t>(l * n_ + i)]);
      for (int64_t l = 0; l < labels_; ++l) {
        double& q = q_[static_cast<size_t>(l * n_ + i)];
        q = std::exp(q - most);
        sum += q;
      }
      for (int64_t l = 0; l < labels_; ++l) q_[static_cast<size_t>(l * n_ + i)] /= sum;
    }
  }

  int64_t n_;
  int64_t labels_;
  std::vector<float> unary_;
  CrfOptions options_;
  std::vector<double> kernel_;
  std::vector<double> q_;
};

}  // namespace seglab
