#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace seglab {

/// A linear support vector machine, as R-CNN trains one for each class (Girshick et al., CVPR 2014;
/// liblinear -s 3 -B 10 -w1 2 -c .001):
///
///   minimise  (|w|^2 + (b / B)^2) / 2 + C sum_i a_i max(0, 1 - y_i (w . x_i + b))
///
/// where a_i is `positive_weight` for y_i = 1 and 1 for y_i = -1, and B is `bias_multiplier`: b is
/// B times the weight of a constant B beside the features, and is regularised little when B is
/// large.
struct SvmOptions {
  double cost = 1e-3;           ///< C
  double bias_multiplier = 10;  ///< B; 0: no bias
  double positive_weight = 2;   ///< what an error at a positive row costs, in errors at a negative
  /// The solver stops when the projected gradient of the dual lies in a range of this length.
  double tolerance = .1;
  uint64_t seed = 0;  ///< of the order in which the solver visits the rows

  /// @throws Error naming the member that is wrong
  static SvmOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when cost, positive_weight or tolerance is not above 0, or the bias multiplier
  /// is negative
  void Check(const std::string& where = "SvmOptions") const;
};

enum class SvrLoss {
  kLinear,  ///< liblinear -s 13, by the dual
  kSquared  ///< liblinear -s 11, by Newton's method
};

/// A linear support vector regressor: O2P's way to let a region's score be its overlap with the
/// class (Carreira et al., ECCV 2012), as R-CNN does in its section 5:
///
///   minimise  (|w|^2 + (b / B)^2) / 2 + C sum_i max(0, |w . x_i + b - y_i| - tube)^p
///
/// with p = 1 or 2. R-CNN does not print its parameters; C and the tube are liblinear's defaults,
/// the loss and the tolerance are ours.
struct SvrOptions {
  SvrLoss loss = SvrLoss::kLinear;  ///< "linear" or "squared"
  double cost = 1;                  ///< C
  double bias_multiplier = 10;      ///< B; 0: no bias
  double tube = .1;                 ///< how far off a target costs nothing (liblinear's -p)
  double tolerance = 1e-3;          ///< of the gradient, beside what it is at the start
  uint64_t seed = 0;                ///< of the order of rows, loss "linear"

  /// @throws Error naming the member that is wrong
  static SvrOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when cost or tolerance is not above 0, or the tube or the bias multiplier is
  /// negative
  void Check(const std::string& where = "SvrOptions") const;
};

/// For Check(): @throws Error unless value > 0 and finite; or value >= 0 and finite
void CheckAboveZero(const std::string& where, const char* name, double value);
void CheckNotNegative(const std::string& where, const char* name, double value);

}  // namespace seglab
