#pragma once

namespace seglab {

/// What is asked of an image, and so what a sample's truth, a network's output and a result are.
enum class Task {
  kSegmentation,    ///< a class for each pixel: a label map
  kClassification,  ///< a class for the image: a category
};

/// "segmentation", "classification".
constexpr const char* TaskName(Task task) {
  return task == Task::kSegmentation ? "segmentation" : "classification";
}

}  // namespace seglab
