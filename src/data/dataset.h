#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "data/labels.h"

namespace seglab {

/// The one class of a classification sample.
struct Category {
  int index = 0;
};

/// What is true of an image: a label map, or a category.
class Truth {
 public:
  Truth() = default;                                          ///< an empty label map
  Truth(cv::Mat label_map) : value_(std::move(label_map)) {}  // NOLINT: a mask is a truth
  Truth(Category category) : value_(category) {}              // NOLINT: so is a category

  bool HasLabelMap() const { return std::holds_alternative<cv::Mat>(value_); }
  /// H x W, CV_8UC1, class index or kIgnoreLabel, of the image's size. HasLabelMap() must be true.
  const cv::Mat& LabelMap() const { return std::get<cv::Mat>(value_); }
  cv::Mat& LabelMap() { return std::get<cv::Mat>(value_); }
  /// HasLabelMap() must be false.
  int CategoryIndex() const { return std::get<Category>(value_).index; }

 private:
  std::variant<cv::Mat, Category> value_;
};

/// One image with its truth. Image and label map always have the same size and move together.
struct Sample {
  cv::Mat image;  ///< H x W, CV_8UC3, R G B
  Truth truth;
  std::string name;  ///< for messages and file names, unique in its data set
};

/// Samples 0..Size()-1. Get() is const, thread-safe and a pure function of the index; it names the
/// file in its error.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t Size() const = 0;
  virtual Sample Get(int64_t index) const = 0;
  /// The name of sample `index` without reading it.
  virtual std::string Name(int64_t index) const = 0;
  virtual const LabelSet& Labels() const = 0;
  /// The objects of sample `index` where somebody has told them apart: their numbers, CV_8UC1 or
  /// CV_16UC1 of the image's size, 0 = none, kIgnoreLabel = void. Else empty.
  /// @throws Error naming the file that cannot be read
  virtual cv::Mat Objects(int64_t index) const { return {}; }
  /// What its truths are.
  virtual Task GetTask() const { return Task::kSegmentation; }
  /// The files that sample `index` is read from, image and mask; empty for samples made on the fly.
  virtual std::vector<std::string> Files(int64_t index) const { return {}; }
  /// All that determines the samples and is neither in their files nor a place: what the raw values
  /// of masks mean, the options and the version of a generator.
  virtual Json Settings() const { return Json::object(); }
};

}  // namespace seglab
