#include "data/opencv_error.h"

#include <opencv2/core.hpp>

namespace seglab {

std::string OpenCvUserError(const std::exception& error) {
  const auto* theirs = dynamic_cast<const cv::Exception*>(&error);
  if (theirs == nullptr || theirs->code != cv::Error::StsNoMem) return "";
  return "out of memory; take smaller images (OpenCV: " + theirs->err + ")";
}

}  // namespace seglab
