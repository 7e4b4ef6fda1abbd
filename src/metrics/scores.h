#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "metrics/confusion_matrix.h"

namespace seglab {

/// What to do with a class whose score is 0/0, by name, because published code disagrees:
///   union  it drops out of the mean when truth and prediction are both empty (FCN's score.py:
///   nanmean
///          over classes; mmsegmentation). The default.
///   truth  only classes with true pixels count (detectron2, deeplab-pytorch)
///   one    0/0 counts as 1 (PaddleSeg)
///   zero   0/0 counts as 0 (segmentation_models.pytorch, macro)
///   nan    0/0 makes the mean NaN (torchvision)
enum class AbsentPolicy { kUnion, kTruth, kOne, kZero, kNan };

const std::vector<std::string>& AbsentPolicyNames();
AbsentPolicy ParseAbsentPolicy(const std::string& name);  ///< @throws Error on an unknown name
std::string AbsentPolicyName(AbsentPolicy policy);

/// All fractions in [0, 1], or NaN where undefined.
struct ClassScores {
  double iou = 0;      ///< n_ii / (t_i + sum_j n_ji - n_ii)
  double acc = 0;      ///< n_ii / t_i
  double dice = 0;     ///< 2 n_ii / (t_i + sum_j n_ji)
  int64_t pixels = 0;  ///< t_i
};

/// Long, Shelhamer, Darrell 2015, section 5: the four scores of the paper, and Dice.
struct Scores {
  double pixel_acc = 0;  ///< sum_i n_ii / sum_i t_i
  double mean_acc = 0;   ///< mean over classes of n_ii / t_i
  double mean_iou = 0;   ///< mean over classes of the IU
  double fw_iou = 0;     ///< (sum_k t_k)^-1 sum_i t_i IU_i
  double mean_dice = 0;  ///< mean over classes of the Dice coefficient
  std::vector<ClassScores> per_class;
  AbsentPolicy policy = AbsentPolicy::kUnion;
};

/// What the scores are made of: pixels of each true class, pixels predicted as each class, and
/// those that are both. They add up over images.
struct ClassCounts {
  explicit ClassCounts(size_t classes) : truth(classes), predicted(classes), hit(classes) {}
  std::vector<int64_t> truth, predicted, hit;
};

Scores ComputeScores(const ClassCounts& counts, AbsentPolicy policy = AbsentPolicy::kUnion);
Scores ComputeScores(const ConfusionMatrix& matrix, AbsentPolicy policy = AbsentPolicy::kUnion);

/// The stable JSON of `--json`: pixel_acc, mean_acc, mean_iou, fw_iou, mean_dice, per_class [{name,
/// iou, acc, dice, pixels}], confusion (rows = truth), absent_policy, images. NaN becomes null.
/// @param names  one for each class
Json ScoresToJson(const Scores& scores, const ConfusionMatrix& matrix,
                  const std::vector<std::string>& names, int64_t images);

/// A table for people: percent with one decimal, the four scores, then a row per class; the policy
/// is named.
std::string ScoresToText(const Scores& scores, const std::vector<std::string>& names,
                         int64_t images);

}  // namespace seglab
