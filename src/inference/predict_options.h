#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "crf/options.h"
#include "tensor/precision.h"

namespace seglab {

/// Windows that an image is cut into where it is larger than one.
struct WindowOptions {
  int size = 0;    ///< edge in pixels; 0 = the image as a whole
  int stride = 0;  ///< pixels from one window to the next; 0 = two thirds of the size, rounded up
};

/// How a network's scores of an image come about.
struct PredictOptions {
  Precision precision = Precision::kFloat32;
  /// 3x3 convolutions by Winograd's filtering where it fits: see WinogradConv.
  bool winograd = false;
  /// Factors by which the image is resized; the classes' probabilities at all scales are averaged.
  std::vector<double> scales = {1};
  bool flip = false;     ///< mirrored images too, averaged with the others
  WindowOptions window;  ///< at each scale
  /// Mean field in a dense CRF over the scores (src/crf).
  std::optional<CrfOptions> crf;

  /// Reads "precision", "winograd", "scales", "flip", "window" (a number, or {"size": 513,
  /// "stride": 340}) and "crf" (see CrfOptions::FromJson; false is none, true the defaults); the
  /// reader is not finished.
  /// @throws Error naming the member that is wrong
  void Read(JsonReader& reader);

  /// The keys that Read knows.
  static const std::vector<std::string>& Keys();

  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "PredictOptions") const;

  /// Whether more than one forward pass makes the scores.
  bool Averages() const { return flip || scales.size() > 1 || scales.front() != 1; }

  /// What is usual at test time for the highest scores: six scales from 0.5 to 1.75, and flipped.
  static const std::vector<double>& UsualScales();
};

}  // namespace seglab
