#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace seglab {

/// The learning rate over time.
///   fixed        lr                                      (FCN)
///   step         lr * gamma^floor(i / step)              (DeepLab v1: 0.1 every 2000)
///   poly         lr * (1 - i / iterations)^power         (DeepLab v2: 0.9)
///   cosine       lr / 2 * (1 + cos(pi * i / iterations)) (Loshchilov & Hutter, ICLR 2017,
///                                                         arXiv:1608.03983, equation 5, one cycle)
///   exponential  lr * gamma^(i / step)                   (FC-DenseNet: 0.995 an epoch)
/// Each is multiplied by a linear rise from 0 over the first `warmup` iterations.
struct ScheduleOptions {
  std::string name = "fixed";
  int64_t step = 2000;  ///< iterations a factor of gamma, above 0; "exponential" has no default
  double gamma = 0.1;   ///< in JSON 0.995 for "exponential"
  double power = 0.9;
  int64_t warmup = 0;  ///< iterations
  /// {"name": "poly", ...} or just "poly". @throws Error at another schedule's option
  static ScheduleOptions FromJson(const Json& json, const std::string& path);
};

/// The factor on the base rate at iteration i of 0 ... iterations - 1.
double ScheduleFactor(const ScheduleOptions& options, int64_t iteration, int64_t iterations);

}  // namespace seglab
