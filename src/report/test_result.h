#pragma once

#include <string>

#include "base/error.h"
#include "base/files.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/results.h"

// Helpers of this room's tests.
namespace seglab {

/// How often a part stands in a text.
inline size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// A finished run; its other scores lie above mean_iou by 0.3, 0.1 and 0.2.
inline RunResult FakeRun(const std::string& name, const std::string& group, uint64_t seed,
                         double mean_iou) {
  RunResult run;
  run.name = name;
  run.group = group;
  run.seed = seed;
  run.parameters = 134'489'000;
  run.iterations = 100;
  run.train_seconds = run.total_seconds = 90;
  run.eval_seconds = 5;
  run.config = {{"seed", seed}, {"model", {{"name", "fcn8s"}}}};
  run.metrics = {{"pixel_acc", mean_iou + 0.3},
                 {"mean_acc", mean_iou + 0.1},
                 {"mean_iou", mean_iou},
                 {"fw_iou", mean_iou + 0.2},
                 {"per_class",
                  {{{"name", "sky"}, {"iou", mean_iou}, {"pixels", 750}},
                   {{"name", "road"}, {"iou", nullptr}, {"pixels", 250}}}},
                 {"absent_policy", "union"},
                 {"images", 12}};
  return run;
}

/// What an evaluation of a run leaves behind for galleries: predictions of `names`, all of one
/// label, of pictures of 800 x 300 whose truth is label 1.
inline void KeepFakePictures(const ExperimentResult& result, const RunResult& run, int label,
                             const std::vector<std::string>& names) {
  const std::string shared = JoinPath(result.folder, kPicturesFolder);
  const std::string own = JoinPath(run.folder, PicturesFolder(run.evaluation));
  MakeFolders(shared);
  MakeFolders(own);
  Json list = Json::array();
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string number = std::to_string(i);
    WriteImage(JoinPath(shared, "i" + number + ".jpg"),
               cv::Mat(300, 800, CV_8UC3, cv::Scalar(10, 200, 90)));
    WriteMask(JoinPath(shared, "t" + number + ".png"), cv::Mat(300, 800, CV_8UC1, cv::Scalar(1)),
              result.labels);
    WriteMask(JoinPath(own, number + ".png"), cv::Mat(300, 800, CV_8UC1, cv::Scalar(label)),
              result.labels);
    list.push_back({{"index", i},
                    {"name", names[i]},
                    {"image", "i" + number + ".jpg"},
                    {"truth", "t" + number + ".png"},
                    {"prediction", number + ".png"}});
  }
  WriteFileAtomically(JoinPath(own, "kept.json"), JsonText(list));
}

/// The counts of images of two classes, of 100 pixels each, of which so many are right.
inline void KeepFakeCounts(const RunResult& run, const std::vector<std::string>& names,
                           const std::vector<int>& right) {
  std::string lines;
  for (size_t i = 0; i < names.size(); ++i) {
    const Json line = {{"name", names[i]},
                       {"truth", {0, 100}},
                       {"predicted", {100 - right[i], right[i]}},
                       {"hit", {0, right[i]}}};
    lines += line.dump() + "\n";
  }
  MakeFolders(run.folder);
  WriteFileAtomically(JoinPath(run.folder, ImageCountsFile(run.evaluation)), lines);
}

/// Two groups: "FCN-32s" with the paper's figures and "FCN-8s" with three seeds and without.
inline ExperimentResult FakeResult(const std::string& folder) {
  ExperimentResult result;
  result.name = "table2";
  result.title = "Skip nets";
  result.paper_ref = "Long et al. 2015, Table 2";
  result.columns = {"pixel_acc", "mean_iou"};
  result.command = "seglab run table2";
  result.folder = folder;
  result.environment = {{"libtorch", "2.1.0"}, {"threads", 2}, {"date", "2020-02-03"}};
  result.labels.names = {"sky", "road"};
  result.labels.palette = {{128, 128, 128}, {128, 64, 128}};
  result.runs.push_back(FakeRun("FCN-32s", "FCN-32s", 1, 0.55));
  result.runs.back().paper = {89.1, 59.4};
  result.runs.push_back(FakeRun("FCN-8s [seed=1]", "FCN-8s", 1, 0.61));
  result.runs.push_back(FakeRun("FCN-8s [seed=2]", "FCN-8s", 2, 0.62));
  result.runs.push_back(FakeRun("FCN-8s [seed=3]", "FCN-8s", 3, 0.66));
  for (RunResult& run : result.runs) run.folder = folder + "/" + run.name;
  return result;
}

/// An FCN-8s that is scored as it is, with the paper's figures, and with a CRF behind it.
inline ExperimentResult FakeEvaluations(const std::string& folder) {
  ExperimentResult result = FakeResult(folder);
  result.runs.clear();
  for (const char* evaluation : {"plain", "crf"}) {
    const bool plain = result.runs.empty();
    const std::string name = std::string("FCN-8s, ") + evaluation;
    RunResult run = FakeRun(name, name, 1, plain ? 0.61 : 0.64);
    run.evaluation = evaluation;
    run.folder = folder + "/FCN-8s";
    run.eval_seconds = plain ? 5 : 65;
    if (plain) run.paper = {90.3, 62.7};
    result.runs.push_back(run);
  }
  return result;
}

/// FCN-32s and the FCN-16s made of it on two trunks of different size, three minutes for each run.
inline ExperimentResult FakeTrunks(const std::string& folder) {
  ExperimentResult result = FakeResult(folder);
  result.columns = {"mean_iou"};
  result.runs.clear();
  for (const char* trunk : {"big", "small"}) {
    for (const char* model : {"FCN-32s", "FCN-16s"}) {
      const std::string name = std::string(model) + " [" + trunk + "]";
      RunResult run = FakeRun(name, name, 1, 0.5 + 0.02 * static_cast<double>(result.runs.size()));
      run.folder = folder + "/" + name;
      run.parameters = trunk[0] == 'b' ? 20'000'000 : 1'000'000;
      run.train_seconds = 180;
      run.total_seconds = model[4] == '3' ? 180 : 360;
      result.runs.push_back(run);
    }
  }
  return result;
}

}  // namespace seglab
