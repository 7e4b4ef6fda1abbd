#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "inference/predict_options.h"
#include "models/seg_model.h"

namespace seglab {

/// What a network's forward passes take of memory, so that an image that cannot fit is refused in
/// one line instead of ending the process. It is measured on a small image, once, when the first
/// large one comes: a pass holds a number of bytes for each pixel, which hardly depends on the
/// size.
class PassMemory {
 public:
  /// @param bytes_free  what there is; negative = AvailableMemory()
  explicit PassMemory(double bytes_free = -1) : bytes_free_(bytes_free) {}

  /// @param images, height, width  of the whole images, before scaling
  /// @throws Error when a pass (a window of the largest scale) and the whole images' scores need
  ///   more memory than there is, saying how much of it and which window would fit
  void Check(SegModel& model, const PredictOptions& options, int64_t images, int64_t height,
             int64_t width, const std::string& name);

 private:
  struct Need {
    double pass, scores;  ///< bytes for each pixel of a pass and of the images
  };
  const Need& NeedOf(SegModel& model);

  double bytes_free_;
  std::optional<Need> need_;
  double granted_ = 0;  ///< bytes; what was free once is not asked for again
};

}  // namespace seglab
