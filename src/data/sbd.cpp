#include "data/sbd.h"

#include <matio.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "data/mat5.h"

namespace seglab {
namespace {

struct MatDeleter {
  void operator()(mat_t* file) const { Mat_Close(file); }
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};

/// MATLAB stores column after column: seen row by row that is the transpose.
cv::Mat Transposed(int rows, int columns, const void* values) {
  return cv::Mat(columns, rows, CV_8UC1, const_cast<void*>(values)).t();
}

/// Files that were saved again may be MAT 7.3, which is HDF5.
cv::Mat ReadMat73(const std::string& path) {
  static std::mutex hdf5_mutex;  // that library must not run in two threads
  const std::lock_guard lock(hdf5_mutex);
  const std::unique_ptr<mat_t, MatDeleter> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (file == nullptr) throw Error(path, ": cannot be opened as a MATLAB file, copy it again");
  const std::unique_ptr<matvar_t, MatDeleter> record(Mat_VarRead(file.get(), "GTcls"));
  if (record == nullptr || record->class_type != MAT_C_STRUCT) {
    throw Error(
        path, ": holds no structure GTcls; SBD's class labels are cls/<id>.mat, not inst/<id>.mat");
  }
  const matvar_t* labels = Mat_VarGetStructFieldByName(record.get(), "Segmentation", 0);
  if (labels == nullptr || labels->data == nullptr) {
    throw Error(path, ": GTcls has no content in Segmentation, is the file broken?");
  }
  if (labels->class_type != MAT_C_UINT8 || labels->isComplex || labels->rank != 2) {
    throw Error(path, ": GTcls.Segmentation is no plain uint8 matrix, as SBD's labels are");
  }
  const size_t height = labels->dims[0], width = labels->dims[1];
  if (height == 0 || width == 0 || height > INT_MAX || width > INT_MAX ||
      labels->nbytes != height * width) {
    throw Error(path, ": GTcls.Segmentation says ", width, "x", height, " but holds ",
                labels->nbytes, " bytes, is the file broken?");
  }
  return Transposed(static_cast<int>(height), static_cast<int>(width), labels->data);
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
      return ReadMat73(path);
    case MatKind::kNone:
      break;
  }
  throw Error(path, ": is no MATLAB file (5 or 7.3); SBD's class labels are cls/<id>.mat");
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
