#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "regions/linear_svm.h"
#include "regions/mining_options.h"
#include "regions/region_examples.h"
#include "regions/region_scores.h"

// R-CNN's training of one SVM for each class (Girshick et al., CVPR 2014, section 2.3 and appendix
// B; their code): positives are ground truth, negatives what overlaps it little, and of the
// negatives, of which there are millions, only hard ones are kept. Images are visited in order:
//
//   the first image gives all its negatives; others those that score above `add_above`;
//   a class is trained when its first negatives have come, whenever more than `retrain_after` have
//   been added since, and at the end of a pass if any have; then negatives that score below
//   `evict_below` go.
//
// All classes are mined in the same pass, and each image's features are read once in it. After
// further passes there is a fixed point: a pass adds nothing. Then every negative is either kept or
// scores so low that it exerts no force, and the models are those of all negatives, as exactly as
// the solver's tolerance lets them.
//
// Memory: one copy of each row that is a positive or kept negative of any class (16 bytes for each
// value that is not zero, see SolverRows), and one image. Classes share rows. With K classes, P
// positives, `max_negatives` M and R regions an image that is at most P + K (M + retrain_after + R)
// rows, whatever the number of images; what it was is logged. A stopped mining starts anew: it
// takes minutes where features, which stay, take hours.

namespace seglab {

/// What mining has found for one class.
struct MinedClass {
  LinearModel model;  ///< of scaled features; the objective is that of its last training
  bool trained = false;
  int64_t positives = 0, negatives = 0;  ///< rows kept
  int64_t trainings = 0, added = 0, evicted = 0;
  int64_t dropped = 0;  ///< of the evicted, those that `max_negatives` alone drove out
};

class HardNegativeMiner {
 public:
  /// Reads all positives. Names classes without any in a warning; they are left out.
  /// @param examples  must outlive the miner
  /// @param threads   to score with; the solver has one. The bits do not depend on it.
  /// @throws Error when options are wrong, there is no image, or no class has a positive
  HardNegativeMiner(const RegionExamples& examples, const MiningOptions& options, int threads = 1);

  /// One pass over the images. Returns how many negatives were added, of all classes.
  /// @throws Stopped on the user's wish
  int64_t Pass();

  double scale() const { return rows_.scale(); }
  const std::vector<MinedClass>& classes() const { return classes_; }
  int64_t peak_bytes() const { return rows_.peak_bytes(); }  ///< of rows

  /// A model for each class on features as they are: the scale is folded in.
  std::vector<LinearModel> Models() const;

 private:
  struct Kept {
    int64_t key;   // image and region
    int64_t slot;  // in rows_
  };
  struct Rows {
    std::vector<Kept> positives, negatives;
    std::unordered_set<int64_t> negative_keys;
    int64_t added = 0;  // since the last training
  };
  struct Shared {
    int64_t slot;
    int64_t users;
  };

  void ReadPositives();
  int64_t Visit(int64_t image);
  void Train(size_t index, const std::string& when);
  int64_t Evict(size_t index);
  Kept Keep(int64_t image, int64_t region, std::span<const float> row);
  void Release(const Kept& kept);
  bool IsPositive(const RegionLabels& labels, int64_t region, size_t index) const;
  float Overlap(const RegionLabels& labels, int64_t region, size_t index) const;

  const RegionExamples& examples_;
  MiningOptions options_;
  int threads_;
  SolverRows rows_;
  std::unordered_map<int64_t, Shared> shared_;  // by key
  std::vector<Rows> kept_;                      // of each class
  std::vector<MinedClass> classes_;
  RegionScorer scorer_;
};

/// What MineHardNegatives gives: a model for each class, on features as they are.
struct RegionClassifiers {
  std::vector<LinearModel> models;
  std::vector<MinedClass> classes;  ///< the same on scaled features, and their counts
  double scale = 1;
  std::vector<int64_t> added;  ///< negatives, in each pass
  bool fixed_point = false;    ///< the last pass added nothing
  int64_t peak_bytes = 0;      ///< of rows in memory
};

/// `passes` passes, or fewer when one adds nothing.
/// @throws Error, Stopped  as HardNegativeMiner
RegionClassifiers MineHardNegatives(const RegionExamples& examples, const MiningOptions& options,
                                    int threads = 1);

}  // namespace seglab
