#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "regions/region_crop.h"

namespace seglab {

/// What of a region a network is shown (Girshick et al. 2014, section 5).
enum class RegionView {
  kFull,    ///< "full": its box, whatever its shape
  kFg,      ///< "fg": its box, of which what is not the region is the mean
  kFullFg,  ///< "full+fg": both, their features side by side
};

struct RegionEncoderOptions {
  RegionView view = RegionView::kFullFg;
  /// "fc6" or "fc7", behind their ReLU, of a backbone that has them; else a layer's name as its
  /// weights bear it. Of a map the mean over its cells is taken.
  std::string layer = "fc6";
  CropOptions crop;
  int batch = 32;  ///< crops of a forward pass, 1 to 4096; changes no result beyond rounding

  /// Reads "features", "layer", "crop" and "batch"; the reader is not finished.
  /// @throws Error naming the member that is wrong
  void Read(JsonReader& reader);
  void Check(const std::string& where = "RegionEncoderOptions") const;
  Json ToJson() const;  ///< without "batch"
};

/// Regions to be cropped, made one at a time when they are: masks of 2000 would take hundreds of
/// MB.
struct RegionShapes {
  int64_t count = 0;
  std::function<RegionShape(int64_t)> at;  ///< 0 ... count - 1; from several threads at once
};

/// Features of regions: crops of an image through a classifier, up to one of its layers. Half
/// precision, so that what is kept in files and what is not is the same.
class RegionEncoder {
 public:
  /// @param backbone  a classifier in whatever mode; it is put into evaluation mode
  /// @throws Error when it has no such layer
  RegionEncoder(std::shared_ptr<SegModel> backbone, const RegionEncoderOptions& options,
                const std::string& where);

  int64_t Dimension() const { return dimension_; }

  /// @param rgb  CV_8UC3
  /// @param key  names the shapes in the cache, "" = they are not kept
  /// @return (shapes, Dimension()) float16 on the CPU
  at::Tensor Of(const cv::Mat& rgb, const RegionShapes& shapes, const Preprocessing& preprocessing,
                const std::string& key);

  /// Keeps what is asked for under a key in this folder, by what it is a function of: the pixels,
  /// the shapes' key, the options, preprocessing and weights as they are now. A damaged file is
  /// made anew.
  void UseCache(const std::string& folder, const Preprocessing& preprocessing);

 private:
  at::Tensor Compute(const cv::Mat& rgb, const RegionShapes& shapes,
                     const Preprocessing& preprocessing, bool foreground);
  at::Tensor Cached(const cv::Mat& rgb, const RegionShapes& shapes,
                    const Preprocessing& preprocessing, const std::string& key, bool foreground);

  std::shared_ptr<SegModel> backbone_;
  RegionEncoderOptions options_;
  std::string layer_;
  int64_t channels_ = 0, dimension_ = 0;
  std::string cache_, settings_;  ///< folder, "" = none; hash of all but image and shapes
};

}  // namespace seglab
