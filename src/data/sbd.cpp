#include "data/sbd.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "data/mat5.h"

namespace seglab {
namespace {

/// MATLAB stores column after column: seen row by row that is the transpose.
cv::Mat Transposed(int rows, int columns, const void* values) {
  return cv::Mat(columns, rows, CV_8UC1, const_cast<void*>(values)).t();
}

}  // namespace

cv::Mat ReadSbdMask(const std::string& path) {
  const std::string bytes = ReadFile(path);
  switch (MatKindOf(bytes)) {
    case MatKind::kMat5: {
      const MatBytes labels = ReadMat5Bytes(bytes, "GTcls", "Segmentation", path);
      return Transposed(labels.rows, labels.columns, labels.values.data());
    }
    case MatKind::kMat73:
      throw Error(path, ": is a MATLAB 7.3 file, which is not read; save it as version 7, in ",
                  "MATLAB save(..., \"-v7\"), in Python scipy.io.savemat(...)");
    case MatKind::kNone:
      break;
  }
  throw Error(path, ": is no MATLAB file of version 5 to 7; SBD's class labels are cls/<id>.mat");
}

cv::Mat ReadMatMask(const std::string& path) {
  const std::string bytes = ReadFile(path);
  if (MatKindOf(bytes) == MatKind::kMat5) {
    std::optional<MatNumbers> labels =
        ReadMat5Numbers(bytes, {"S", "LabelMap", "segmentation"}, path);
    if (labels) {
      cv::Mat mask = cv::Mat(labels->columns, labels->rows, CV_16UC1, labels->values.data()).t();
      const auto largest = std::max_element(labels->values.begin(), labels->values.end());
      if (*largest <= 255) mask.convertTo(mask, CV_8U);
      return mask;
    }
  }
  return ReadSbdMask(path);
}

}  // namespace seglab
