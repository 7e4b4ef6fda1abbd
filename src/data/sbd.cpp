#include "data/sbd.h"

#include <matio.h>

#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string_view>

#include "base/error.h"
#include "base/files.h"

namespace seglab {
namespace {

struct MatDeleter {
  void operator()(mat_t* file) const { Mat_Close(file); }
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};

enum class MatKind { kNone, kMat5, kMat73 };

/// Reads the numbers of a MAT file, whose header says in which byte order they stand.
class MatBytes {
 public:
  explicit MatBytes(std::string_view bytes) : bytes_(bytes) {
    if (bytes_.size() < kHeader) return;
    const std::string_view order = bytes_.substr(126, 2);
    if (order != "IM" && order != "MI") return;
    little_endian_ = order == "IM";
    const uint64_t version = Number(124, 2);
    if (version == 0x0100) kind_ = MatKind::kMat5;
    if (version == 0x0200) kind_ = MatKind::kMat73;
  }

  MatKind kind() const { return kind_; }

  /// True when the file ends where its last element ends. matio reads a truncated file without a
  /// word and leaves zeros, which would be background.
  bool Mat5IsComplete() const {
    size_t at = kHeader;
    while (at + kTag <= bytes_.size()) at += kTag + Number(at + 4, 4);
    return at == bytes_.size() && at > kHeader;
  }

 private:
  static constexpr size_t kHeader = 128;
  static constexpr size_t kTag = 8;  // type and size of an element, 4 bytes each

  uint64_t Number(size_t at, int size) const {
    uint64_t number = 0;
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (little_endian_ ? i : size - 1 - i);
      number |= uint64_t{static_cast<uint8_t>(bytes_[at + i])} << shift;
    }
    return number;
  }

  std::string_view bytes_;
  bool little_endian_ = true;
  MatKind kind_ = MatKind::kNone;
};

/// A MATLAB file that is whole, opened. SBD's own files are MAT 5. Files that were saved again may
/// be MAT 7.3, which is HDF5, and that library must not run in two threads.
class MatFile {
 public:
  explicit MatFile(const std::string& path) {
    const std::string bytes = ReadFile(path);
    const MatBytes content(bytes);
    if (content.kind() == MatKind::kNone) {
      throw Error(path, ": is no MATLAB file (5 or 7.3); SBD's class labels are cls/<id>.mat");
    }
    if (content.kind() == MatKind::kMat5 && !content.Mat5IsComplete()) {
      throw Error(path, ": is a truncated MATLAB file of ", bytes.size(), " bytes, copy it again");
    }
    static std::mutex hdf5_mutex;
    lock_ = std::unique_lock(hdf5_mutex, std::defer_lock);
    if (content.kind() == MatKind::kMat73) lock_.lock();
    file_.reset(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
    if (file_ == nullptr) throw Error(path, ": cannot be opened as a MATLAB file, copy it again");
  }

  using Variable = std::unique_ptr<matvar_t, MatDeleter>;
  Variable Read(const char* name) const { return Variable(Mat_VarRead(file_.get(), name)); }

 private:
  std::unique_lock<std::mutex> lock_;  // outlives the file
  std::unique_ptr<mat_t, MatDeleter> file_;
};

cv::Mat SegmentationOf(const MatFile::Variable& record, const std::string& path) {
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
  const size_t height = labels->dims[0];
  const size_t width = labels->dims[1];
  if (height == 0 || width == 0 || labels->nbytes != height * width) {
    throw Error(path, ": GTcls.Segmentation says ", width, "x", height, " but holds ",
                labels->nbytes, " bytes, is the file broken?");
  }
  // MATLAB stores column after column: seen row by row that is the transpose.
  const cv::Mat columns(static_cast<int>(width), static_cast<int>(height), CV_8UC1, labels->data);
  return columns.t();
}

/// A matrix of whole numbers from 0 to 65535.
cv::Mat MatrixOf(const matvar_t& variable, const char* name, const std::string& path) {
  const bool is_uint8 = variable.class_type == MAT_C_UINT8;
  const bool is_uint16 = variable.class_type == MAT_C_UINT16;
  const bool is_double = variable.class_type == MAT_C_DOUBLE;
  const size_t size = is_uint8 ? 1 : is_uint16 ? 2 : 8;
  if ((!is_uint8 && !is_uint16 && !is_double) || variable.isComplex || variable.rank != 2 ||
      variable.data == nullptr || variable.dims[0] == 0 || variable.dims[1] == 0 ||
      variable.nbytes != variable.dims[0] * variable.dims[1] * size) {
    throw Error(path, ": ", name, " is no matrix of labels (uint8, uint16 or double)");
  }
  const cv::Mat columns(static_cast<int>(variable.dims[1]), static_cast<int>(variable.dims[0]),
                        is_uint8    ? CV_8UC1
                        : is_uint16 ? CV_16UC1
                                    : CV_64FC1,
                        variable.data);
  cv::Mat labels = columns.t();
  if (is_double) labels.convertTo(labels, CV_16U);
  return labels;
}

}  // namespace

cv::Mat ReadSbdMask(const std::string& path) {
  const MatFile file(path);
  return SegmentationOf(file.Read("GTcls"), path);
}

cv::Mat ReadMatMask(const std::string& path) {
  const MatFile file(path);
  for (const char* name : {"S", "LabelMap", "segmentation"}) {
    const MatFile::Variable variable = file.Read(name);
    if (variable != nullptr) return MatrixOf(*variable, name, path);
  }
  return SegmentationOf(file.Read("GTcls"), path);
}

}  // namespace seglab
