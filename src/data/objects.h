#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace seglab {

/// The objects of an image, each of one class.
struct ObjectMap {
  cv::Mat ids;               ///< CV_16UC1 of the image's size: 0 = none, 255 = void, else an object
  std::vector<int> objects;  ///< their ids, ascending
  std::vector<int> classes;  ///< of each, 1 ... classes - 1
};

/// The tight box of an object. @param id  one of map.objects
cv::Rect BoxOf(const ObjectMap& map, int id);

/// Objects drawn by hand: each id's class is the label of most of its pixels. Those of background
/// or void alone are left out.
/// @param ids    CV_8UC1 or CV_16UC1, 0 = none, 255 = void
/// @param truth  CV_8UC1, labels; 0 = background, 255 = void
/// @throws Error "where: ..." when they differ in size
ObjectMap DrawnObjects(const cv::Mat& ids, const cv::Mat& truth, const std::string& where);

/// The connected pieces of each class but 0, 8-connected, for want of better; at most the
/// first 65000: more are specks.
ObjectMap ConnectedObjects(const cv::Mat& truth);

/// A sample's objects: as its data set has them, else the connected pieces.
/// @throws Error naming the file
ObjectMap ObjectsOf(const Dataset& dataset, int64_t index, const cv::Mat& truth);

}  // namespace seglab
