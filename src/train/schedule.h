#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace seglab {

/// The learning rate over time.
///   fixed  lr                                        (FCN)
///   step   lr * gamma^floor(i / step)                (DeepLab v1: 0.1 every 2000)
///   poly   lr * (1 - i / iterations)^power           (DeepLab v2: 0.9)
/// Each may be preceded by a linear rise from 0 over `warmup` iterations.
struct ScheduleOptions {
  std::string name = "fixed";
  int64_t step = 2000;  ///< iterations
  double gamma = 0.1;
  double power = 0.9;
  int64_t warmup = 0;  ///< iterations
  /// {"name": "poly", ...} or just "poly".
  static ScheduleOptions FromJson(const Json& json, const std::string& path);
};

/// The factor on the base rate at iteration i of 0 ... iterations - 1.
double ScheduleFactor(const ScheduleOptions& options, int64_t iteration, int64_t iterations);

}  // namespace seglab
