#pragma once

#include <cstdint>

namespace seglab {

/// Pixels that are worked on at a time: their scores stay in the first-level cache.
inline constexpr int64_t kScoreBlock = 64;

/// A row of an enlarged map of scores: low * upper + high * lower, where these are (classes, step)
/// and step is a multiple of 16 of at least `width`.
struct ScoreRow {
  const float *upper, *lower;
  float low, high;
  int64_t classes, width, step;
};

/// Where the gradient of a row is added: (classes, step) each.
struct ScoreRowGradient {
  float *upper, *lower;
};

/// The sum over a row's pixels of weight[label] * (log sum exp of the scores - the label's score).
/// Compiled for several instruction sets, of which the best one is taken at run time.
/// @param labels    `width`, below `classes` or 255: not counted
/// @param weights   one per class; null: all 1
/// @param gradient  null, or where that with respect to upper and lower is added
/// @param room      kScoreBlock * classes floats
double CrossEntropyRow(const ScoreRow& row, const uint8_t* labels, const float* weights,
                       const ScoreRowGradient* gradient, float* room);

}  // namespace seglab
