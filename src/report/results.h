#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "data/labels.h"

namespace seglab {

/// In an experiment's folder that of images and truths, in a run's that of its predictions.
inline constexpr char kPicturesFolder[] = "pictures";

/// The folder of an evaluation's predictions in its run's: "pictures", or "pictures-crf".
inline std::string PicturesFolder(const std::string& evaluation) {
  return evaluation.empty() ? kPicturesFolder : std::string(kPicturesFolder) + "-" + evaluation;
}

/// The counts of an evaluation's images in its run's folder, see metrics/image_counts.h.
inline std::string ImageCountsFile(const std::string& evaluation) {
  return evaluation.empty() ? "images.jsonl" : "images-" + evaluation + ".jsonl";
}

/// What a run's or a row's name is made of, part by part: {"backbone", "vgg16"}; the run's own name
/// is the factor "run", that of its evaluation "evaluation". The seed is none.
struct Factor {
  std::string name, value;
};

/// One evaluation of a finished run as the tables and the report see it: a row.
struct RunResult {
  /// "FCN-32s", in a sweep "FCN-32s [seed=2]", of a named evaluation "FCN-32s, crf".
  std::string name;
  std::string group;   ///< "FCN-32s": rows of a sweep that differ only in the seed share a group
  std::string folder;  ///< its run folder
  std::string evaluation;           ///< "crf"; "" when the run has just one and that has no name
  std::vector<Factor> factors;      ///< of all runs in the same order; empty where not known
  Task task = Task::kSegmentation;  ///< classification: a pre-training, in a table of its own
  uint64_t seed = 0;
  Json config;   ///< resolved JSON of the run
  Json metrics;  ///< ScoresToJson: pixel_acc, mean_acc, mean_iou, fw_iou in [0, 1], per_class, ...
  std::vector<double> paper;  ///< the paper's figures in percent, one per column, or empty
  int64_t parameters = 0;
  int64_t macs = 0;  ///< multiply-adds of a pass over the first validation image; 0: not known
  /// Of the network's deepest map, pixels: infinite where a value sees the whole image, NaN where
  /// it is not known.
  double receptive_field = std::numeric_limits<double>::quiet_NaN();
  int64_t iterations = 0;
  double train_seconds = 0;
  /// With the training of the runs of this experiment that its weights come from; NaN when one of
  /// them is not there any more.
  double total_seconds = 0;
  double eval_seconds = 0;
};

/// A run that has no result.
struct UnfinishedRun {
  enum class State { kWaiting, kFailed, kLeftOut };
  std::string name;
  State state = State::kWaiting;
  std::string reason;  ///< "" of one that waits
};

/// "waiting", "failed", "left out".
inline const std::vector<std::string>& UnfinishedStateNames() {
  static const std::vector<std::string> names = {"waiting", "failed", "left out"};
  return names;
}

inline const std::string& StateName(const UnfinishedRun& run) {
  return UnfinishedStateNames()[static_cast<size_t>(run.state)];
}

/// The name or group of a row without its evaluation: that of its run.
inline std::string WithoutEvaluation(const std::string& name, const RunResult& run) {
  const std::string suffix = ", " + run.evaluation;
  return run.evaluation.empty() || !name.ends_with(suffix)
             ? name
             : name.substr(0, name.size() - suffix.size());
}

/// True of what stands in the table of pre-trainings.
inline bool IsPreTraining(const RunResult& run) { return run.task == Task::kClassification; }

/// An experiment with the runs that are finished, in the order of its JSON, and the others.
struct ExperimentResult {
  std::string name;  ///< "table2"
  std::string title;
  std::string description;           ///< a paragraph for the report; may be empty
  std::string paper_ref;             ///< "Long et al. 2015, Table 2"; may be empty
  std::vector<std::string> columns;  ///< see ColumnNames(): pixel_acc, mean_acc, mean_iou, fw_iou
  /// Costs that the mean IU is drawn against, see CostNames(); nothing said: as the runs differ.
  std::optional<std::vector<std::string>> compare;
  std::string baseline;  ///< the group that others are compared with; may be empty
  std::string command;   ///< what the user typed
  std::string folder;    ///< runs/<experiment>
  Json environment;      ///< LibTorch, CPU, threads, git revision, date
  LabelSet labels;       ///< classes of the segmentation runs
  std::vector<RunResult> runs;
  std::vector<UnfinishedRun> unfinished;
};

}  // namespace seglab
