#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace seglab {

using Color = std::array<uint8_t, 3>;  ///< R, G, B

/// The label that no loss and no score counts.
inline constexpr int kIgnoreLabel = 255;

/// The classes of a data set, in label order.
struct LabelSet {
  std::vector<std::string> names;
  std::vector<Color> palette;  ///< one color per class, for masks and overlays
  int size() const { return static_cast<int>(names.size()); }
};

/// One image with its truth. Image and label map always have the same size and move together.
struct Sample {
  cv::Mat image;  ///< H x W, CV_8UC3, R G B
  cv::Mat
      label;  ///< H x W, CV_8UC1, class index or kIgnoreLabel; empty for a classification sample
  int category = -1;  ///< the one class of a classification sample, else -1
  std::string name;   ///< for messages and file names, unique in its data set
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
  /// True when samples carry a category instead of a label map.
  virtual bool IsClassification() const { return false; }
};

}  // namespace seglab
