#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "crf/mean_field.h"

namespace seglab {

/// The two kernels of a dense CRF on an image, as Krähenbühl and Koltun 2011 and both DeepLabs use
/// them: with p a pixel's place and I its colour, R G B of 0 to 255,
///
///   bilateral_weight exp(-|p_i - p_j|^2 / 2 bilateral_sigma_xy^2 - |I_i - I_j|^2 / 2
///   bilateral_sigma_rgb^2)
///   + gaussian_weight exp(-|p_i - p_j|^2 / 2 gaussian_sigma_xy^2)
///
/// (arXiv:1210.5644, equation 3; arXiv:1412.7062, section 4.2). The defaults are those of
/// DeepLab v1's script.
struct CrfOptions {
  double bilateral_weight = 4;     ///< 0: without this kernel
  double bilateral_sigma_xy = 49;  ///< pixels
  double bilateral_sigma_rgb = 5;  ///< of 255
  double gaussian_weight = 3;      ///< 0: without this kernel
  double gaussian_sigma_xy = 3;    ///< pixels
  Normalisation normalisation = Normalisation::kSymmetric;
  int iterations = 10;  ///< of mean field; 0: the unaries alone
  /// What unequal labels cost, L rows of L; empty: 1 for each unequal pair (Potts).
  std::vector<std::vector<double>> compatibility;

  /// A name of CrfPresets(), or an object with the members' names, "normalisation" ("none",
  /// "before", "after", "symmetric") and "preset", the name of the set that they change.
  /// @throws Error naming the member that is wrong
  static CrfOptions FromJson(const Json& json, const std::string& path);

  /// What FromJson reads, all members; "compatibility" only where there is one.
  Json ToJson() const;

  /// @throws Error when a sigma of a used kernel is not above 0, a weight or the number of
  /// iterations is negative, all weights are zero, or the compatibility is no square
  void Check(const std::string& where = "CrfOptions") const;
};

/// A published set of parameters.
struct CrfPreset {
  std::string name;
  std::string source;  ///< one line
  CrfOptions options;
};

const std::vector<CrfPreset>& CrfPresets();

}  // namespace seglab
