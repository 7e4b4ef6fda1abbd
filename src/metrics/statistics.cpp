#include "metrics/statistics.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/names.h"
#include "base/random.h"

namespace seglab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t kBootstrapSalt = 0x626f6f74;  // "boot"
constexpr uint64_t kExchangeSalt = 0x73776170;   // "swap"

double NormalQuantile(double part) { return boost::math::quantile(boost::math::normal(), part); }
double NormalCumulative(double z) { return boost::math::cdf(boost::math::normal(), z); }

/// The quantile of sorted numbers, between neighbours linearly.
double Quantile(const std::vector<double>& sorted, double part) {
  const double place = part * static_cast<double>(sorted.size() - 1);
  const auto before = static_cast<size_t>(place);
  const size_t after = std::min(before + 1, sorted.size() - 1);
  return sorted[before] + (place - static_cast<double>(before)) * (sorted[after] - sorted[before]);
}

/// Of each evaluation, the counts of the images at hand.
using Sums = std::vector<ClassCounts>;
/// What is asked for: one or more figures.
using Statistic = std::function<std::vector<double>(const Sums&)>;

Sums SumsOf(const Evaluations& evaluations, const std::vector<int64_t>& times) {
  Sums sums;
  for (const EvaluatedImages* evaluation : evaluations) {
    sums.emplace_back(evaluation->classes);
    for (size_t i = 0; i < times.size(); ++i) {
      if (times[i] > 0) evaluation->images[i].AddTo(sums.back(), times[i]);
    }
  }
  return sums;
}

/// The mean score of some of the evaluations.
double MeanScore(const Sums& sums, size_t begin, size_t end, const std::string& score,
                 AbsentPolicy policy) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += ScoreOf(ComputeScores(sums[i], policy), score);
  return sum / static_cast<double>(end - begin);
}

/// The statistic with each image left out in turn: how much one of them decides.
double Acceleration(const std::vector<double>& without) {
  const double mean =
      std::accumulate(without.begin(), without.end(), 0.0) / static_cast<double>(without.size());
  double squares = 0, cubes = 0;
  for (double value : without) {
    const double apart = mean - value;
    squares += apart * apart;
    cubes += apart * apart * apart;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

/// @param samples  finite
Interval BcaInterval(double value, std::vector<double> samples, const std::vector<double>& without,
                     double level) {
  Interval found{value, kNan, kNan};
  if (samples.size() < 2) return found;
  std::sort(samples.begin(), samples.end());
  if (samples.front() == samples.back()) {
    found.low = found.high = samples.front();
    return found;
  }
  const auto below = std::lower_bound(samples.begin(), samples.end(), value),
             behind = std::upper_bound(samples.begin(), samples.end(), value);
  const double count = static_cast<double>(samples.size());
  const double share =
      (static_cast<double>(below - samples.begin()) + static_cast<double>(behind - below) / 2) /
      count;
  const double bias = NormalQuantile(std::clamp(share, 0.5 / count, 1 - 0.5 / count));
  const double acceleration = Acceleration(without);
  const auto place = [&](double part) {
    const double z = bias + NormalQuantile(part);
    return NormalCumulative(bias + z / (1 - acceleration * z));
  };
  found.low = Quantile(samples, place((1 - level) / 2));
  found.high = Quantile(samples, place((1 + level) / 2));
  return found;
}

std::vector<Interval> Bootstrap(const Evaluations& evaluations, const Statistic& statistic,
                                const StatisticsOptions& options) {
  const size_t images = evaluations.front()->images.size();
  std::vector<int64_t> times(images, 1);
  Sums sums = SumsOf(evaluations, times);
  const std::vector<double> values = statistic(sums);
  std::vector<std::vector<double>> samples(values.size()), without(values.size());
  const auto add = [](const std::vector<double>& found, std::vector<std::vector<double>>& to) {
    for (size_t i = 0; i < found.size(); ++i) {
      if (std::isfinite(found[i])) to[i].push_back(found[i]);
    }
  };
  constexpr size_t kLeastImages = 5;
  if (images >= kLeastImages) {
    for (size_t i = 0; i < images; ++i) {
      for (size_t e = 0; e < evaluations.size(); ++e) evaluations[e]->images[i].AddTo(sums[e], -1);
      add(statistic(sums), without);
      for (size_t e = 0; e < evaluations.size(); ++e) evaluations[e]->images[i].AddTo(sums[e]);
    }
    for (int i = 0; i < options.samples; ++i) {
      RandomStream random(options.seed, kBootstrapSalt, static_cast<uint64_t>(i));
      std::fill(times.begin(), times.end(), 0);
      for (size_t drawn = 0; drawn < images; ++drawn)
        ++times[random.Int(static_cast<int64_t>(images))];
      add(statistic(SumsOf(evaluations, times)), samples);
    }
  }
  std::vector<Interval> found;
  for (size_t i = 0; i < values.size(); ++i) {
    found.push_back(std::isfinite(values[i])
                        ? BcaInterval(values[i], std::move(samples[i]), without[i], options.level)
                        : Interval{kNan, kNan, kNan});
  }
  return found;
}

void CheckSame(const Evaluations& evaluations) {
  for (const EvaluatedImages* one : evaluations) {
    if (!SameImages(*evaluations.front(), *one))
      throw Error("statistics: the evaluations are not of the same images with the same truth");
  }
}

/// The sums of two networks' counts while answers are exchanged image by image.
class Exchanged {
 public:
  Exchanged(const Evaluations& first, const Evaluations& second, const StatisticsOptions& options)
      : options_(options) {
    // Each as often as any other: the mean over the pairs is the difference of the means.
    const size_t seeds = std::lcm(first.size(), second.size());
    for (size_t i = 0; i < seeds; ++i)
      pairs_.push_back({first[i % first.size()], second[i % second.size()]});
  }

  /// @param exchanged  of each image
  double Difference(const std::vector<bool>& exchanged) const {
    double sum = 0;
    for (const auto& [a, b] : pairs_) {
      ClassCounts of_a(a->classes), of_b(b->classes);
      for (size_t i = 0; i < exchanged.size(); ++i) {
        a->images[i].AddTo(exchanged[i] ? of_b : of_a);
        b->images[i].AddTo(exchanged[i] ? of_a : of_b);
      }
      sum += ScoreOf(ComputeScores(of_b, options_.policy), options_.score) -
             ScoreOf(ComputeScores(of_a, options_.policy), options_.score);
    }
    return sum / static_cast<double>(pairs_.size());
  }

 private:
  const StatisticsOptions& options_;
  std::vector<std::pair<const EvaluatedImages*, const EvaluatedImages*>> pairs_;
};

/// Rounding does not decide whether two differences are the same.
bool AtLeast(double difference, double least) { return difference >= least - 1e-12; }

}  // namespace

double ScoreOf(const Scores& scores, const std::string& name) {
  if (name == "pixel_acc") return scores.pixel_acc;
  if (name == "mean_acc") return scores.mean_acc;
  if (name == "mean_iou") return scores.mean_iou;
  if (name == "fw_iou") return scores.fw_iou;
  if (name == "mean_dice") return scores.mean_dice;
  throw Error(
      "statistics: ",
      UnknownName("score", name, {"pixel_acc", "mean_acc", "mean_iou", "fw_iou", "mean_dice"}));
}

bool SameImages(const EvaluatedImages& a, const EvaluatedImages& b) {
  if (a.classes != b.classes || a.images.size() != b.images.size()) return false;
  for (size_t i = 0; i < a.images.size(); ++i) {
    if (a.images[i].name != b.images[i].name) return false;
    ClassCounts of_a(a.classes), of_b(b.classes);
    a.images[i].AddTo(of_a);
    b.images[i].AddTo(of_b);
    if (of_a.truth != of_b.truth) return false;
  }
  return true;
}

std::vector<Interval> BootstrapIntervals(const Evaluations& evaluations,
                                         const std::vector<std::string>& scores,
                                         const StatisticsOptions& options) {
  CheckSame(evaluations);
  return Bootstrap(
      evaluations,
      [&](const Sums& sums) {
        std::vector<double> values;
        for (const std::string& score : scores)
          values.push_back(MeanScore(sums, 0, sums.size(), score, options.policy));
        return values;
      },
      options);
}

Comparison Compare(const Evaluations& first, const Evaluations& second,
                   const StatisticsOptions& options) {
  Evaluations all = first;
  all.insert(all.end(), second.begin(), second.end());
  CheckSame(all);
  Comparison found;
  const auto difference = [&](const Sums& sums) {
    const auto of = [&](size_t begin, size_t end) {
      return MeanScore(sums, begin, end, options.score, options.policy);
    };
    return std::vector<double>{of(first.size(), sums.size()) - of(0, first.size())};
  };
  found.difference = Bootstrap(all, difference, options).front();
  if (!std::isfinite(found.difference.value)) {
    found.p = kNan;
    return found;
  }

  const size_t images = first.front()->images.size();
  const Exchanged exchanged(first, second, options);
  std::vector<bool> which(images, false);
  const double observed = std::abs(exchanged.Difference(which));
  constexpr size_t kMostExact = 12;  // images
  found.exact = images <= kMostExact;
  int64_t as_far = 0, tried = 0;
  const auto count = [&] {
    ++tried;
    as_far += AtLeast(std::abs(exchanged.Difference(which)), observed) ? 1 : 0;
  };
  if (found.exact) {
    for (size_t bits = 0; bits < (size_t{1} << images); ++bits) {
      for (size_t i = 0; i < images; ++i) which[i] = (bits >> i & 1) != 0;
      count();
    }
    found.p = static_cast<double>(as_far) / static_cast<double>(tried);
    return found;
  }
  for (int i = 0; i < options.exchanges; ++i) {
    RandomStream random(options.seed, kExchangeSalt, static_cast<uint64_t>(i));
    for (size_t image = 0; image < images; ++image) which[image] = random.Chance(0.5);
    count();
  }
  // The order as it is counts as one of them.
  found.p = static_cast<double>(as_far + 1) / static_cast<double>(tried + 1);
  return found;
}

std::vector<double> HolmAdjusted(const std::vector<double>& p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i) {
    if (std::isfinite(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&p](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size(), kNan);
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double one = std::min(1.0, p[order[rank]] * static_cast<double>(order.size() - rank));
    largest = std::max(largest, one);
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

SeedComparison CompareSeeds(const std::vector<double>& first, const std::vector<double>& second) {
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const auto variance = [&mean](const std::vector<double>& values) {
    const double middle = mean(values);
    double squares = 0;
    for (double value : values) squares += (value - middle) * (value - middle);
    return squares / static_cast<double>(values.size() - 1);
  };
  SeedComparison found;
  found.difference = mean(second) - mean(first);
  found.p = found.deviation = kNan;
  if (first.size() < 2 || second.size() < 2) return found;
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double a = variance(first) / n, b = variance(second) / m;
  found.deviation =
      std::sqrt(((n - 1) * variance(first) + (m - 1) * variance(second)) / (n + m - 2));
  if (!std::isfinite(found.difference)) return found;
  if (a + b == 0) {
    found.p = found.difference == 0 ? 1 : 0;
    return found;
  }
  const double t = found.difference / std::sqrt(a + b);
  const double freedom = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
  found.p =
      2 * boost::math::cdf(boost::math::complement(boost::math::students_t(freedom), std::abs(t)));
  // Normal approximation: (z_0.975 + z_0.8)^2 2 s^2 / d^2.
  if (found.difference != 0) {
    const double z = NormalQuantile(0.975) + NormalQuantile(0.8);
    const double ratio = found.deviation / found.difference;
    const double needed = std::ceil(2 * z * z * ratio * ratio);
    constexpr double kBeyondSaying = 1e6;
    if (needed < kBeyondSaying)
      found.seeds_needed = std::max<int64_t>(2, static_cast<int64_t>(needed));
  }
  return found;
}

}  // namespace seglab
