#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/prefetch.h"
#include "base/signals.h"
#include "command_line.h"
#include "commands.h"
#include "data/classes.h"
#include "data/file_table.h"
#include "data/label_map.h"
#include "data/masks.h"
#include "metrics/scores.h"
#include "option_groups.h"
#include "score_warnings.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

struct MaskPair {
  cv::Mat truth, prediction;
  std::string name;
};

/// How masks are read: as classes, or through what raw values and colors mean.
struct Reading {
  bool plain = true;  // PNGs of class indices, nothing is said of values
  Classes truth, prediction;
};

/// A PNG of class indices. @throws Error that names --labels where the file is a picture of another
/// kind
cv::Mat ReadIndices(const std::string& path) {
  try {
    return ReadMask(path);
  } catch (const Error& error) {
    ReadRawMask(path);  // throws where it is no picture at all
    throw Error(error.what(), "; or say with --labels what its colors and values mean");
  }
}

MaskPair ReadMasks(const Reading& reading, const std::string& truth,
                   const std::string& prediction) {
  MaskPair pair{{}, {}, prediction};
  if (reading.plain) {
    pair.truth = ReadIndices(truth);
    pair.prediction = ReadIndices(prediction);
  } else {
    pair.truth = ReadLabelMap(truth, reading.truth.labels, reading.truth.values);
    pair.prediction =
        ReadLabelMap(prediction, reading.prediction.labels, reading.prediction.values);
  }
  if (pair.truth.size() != pair.prediction.size()) {
    throw Error(prediction, ": is ", pair.prediction.cols, "x", pair.prediction.rows,
                ", but its truth ", truth, " is ", pair.truth.cols, "x", pair.truth.rows,
                "; predict at the size of the truth");
  }
  return pair;
}

std::vector<std::string> ClassNames(const std::string& file, int classes) {
  std::vector<std::string> names;
  if (!file.empty()) names = ReadLines(file);
  if (!file.empty() && static_cast<int>(names.size()) != classes) {
    throw Error(file, ": has ", names.size(), " names for ", classes, " classes; one a line");
  }
  for (int i = static_cast<int>(names.size()); i < classes; ++i)
    names.push_back("class " + std::to_string(i));
  return names;
}

/// The masks of a folder: its PNGs where it has some, beside which overlays and photographs may
/// lie.
std::vector<FileTable::Entry> MasksIn(const FileTable& table) {
  std::vector<FileTable::Entry> pngs;
  for (const FileTable::Entry& entry : table.entries()) {
    if (entry.file.ends_with(".png") || entry.file.ends_with(".PNG")) pngs.push_back(entry);
  }
  return pngs.empty() ? table.entries() : pngs;
}

/// What --labels and --values say of masks; `classes` is set by --labels.
Reading ReadingOf(const std::string& labels, const std::string& values, bool raw_predictions,
                  int& classes) {
  Reading reading;
  if (labels.empty() && values.empty()) return reading;
  reading.plain = false;
  if (!labels.empty()) {
    reading.truth = ParseClasses(labels, "--labels");
    if (classes != 0 && classes != reading.truth.labels.size()) {
      throw UsageError("score: --classes ", classes, ", but ", labels, " has ",
                       reading.truth.labels.size(), "; leave one out");
    }
    classes = reading.truth.labels.size();
  }
  if (!values.empty()) {
    if (classes == 0) throw UsageError("score: --values needs --classes or --labels");
    Json json = {{"names", NumberedLabels(classes).names}};
    if (!labels.empty()) json = LabelsToJson(reading.truth.labels);
    json["values"] = ParseJson(values, "--values");
    reading.truth = ClassesFromJson(json, "--values");
  }
  reading.prediction = reading.truth;
  if (!raw_predictions) {
    reading.prediction.values = {};
    if (reading.truth.values.has_colors())
      reading.prediction.values.SetPalette(reading.truth.labels);
  }
  return reading;
}

}  // namespace

int ScoreCommand(const Args& args) {
  std::string truth, predictions, json, absent = "union", names_file, labels, values,
                                        truth_pattern = "{stem}", prediction_pattern = "{stem}";
  int classes = 0, ignore = 255, threads = UsableCores();
  bool raw_predictions = false;
  CommandLine line(
      "score --truth DIR --predictions DIR --classes N|--labels FILE [--values JSON] [--ignore "
      "255] "
      "[--absent POLICY] [--json FILE]",
      "Scores masks of the same names: PNGs of class indices, or, with --labels or --values, what "
      "these say.");
  line.Required("truth", &truth, "folder of true masks")
      .Required("predictions", &predictions, "folder of predicted masks")
      .Option("classes", &classes, "number of classes (or --labels)")
      .Option("labels", &labels,
              "classes: a data set's name or a classes.json, whose palette and values are minded")
      .Option("values", &values, "what raw values of true masks mean: {\"255\": 1}")
      .Flag("raw-predictions", &raw_predictions,
            "predictions hold raw values as the truth does, not classes")
      .Option("truth-pattern", &truth_pattern, "names of true masks: {stem}_gt")
      .Option("prediction-pattern", &prediction_pattern, "names of predicted masks")
      .Option("ignore", &ignore, "true label that is not counted; -1 = none", /*any_number=*/true)
      .Option("names", &names_file, "text file of class names, one a line")
      .Option("threads", &threads, "reading threads");
  AddAbsent(line, &absent);
  AddScoresFile(line, &json);
  if (!line.Parse(args)) return 0;
  const Reading reading = ReadingOf(labels, values, raw_predictions, classes);
  if (classes < 1 || classes > 255) throw UsageError("score: --classes must be 1 to 255");
  if (ignore < -1 || ignore > 255) throw UsageError("score: --ignore must be -1 to 255");
  CheckPattern(truth_pattern, "--truth-pattern");
  CheckPattern(prediction_pattern, "--prediction-pattern");
  const AbsentPolicy policy = ParseAbsentPolicy(absent);
  const std::vector<std::string> names = labels.empty() || !names_file.empty()
                                             ? ClassNames(names_file, classes)
                                             : reading.truth.labels.names;
  const FileTable truths(truth, {truth_pattern, "", ""});
  const std::vector<FileTable::Entry> masks = MasksIn(truths);
  if (masks.empty())
    throw Error(truth, ": holds no masks",
                truth_pattern == "{stem}" ? "" : " named " + truth_pattern);
  if (!FolderExists(predictions)) throw Error(predictions, ": no such folder");
  const FileTable predicted(predictions, {prediction_pattern, "", ""});

  auto read = [&](int64_t i) {
    const FileTable::Entry& entry = masks[i];
    const FileTable::Entry* other = predicted.Find(entry.stem);
    if (other == nullptr) {
      throw Error(predicted.Expected(entry.stem), ": no prediction for ", truths.Path(entry),
                  predicted.Hint(entry.stem), "; --truth-pattern and --prediction-pattern say how ",
                  "masks are named");
    }
    return ReadMasks(reading, truths.Path(entry), predicted.Path(*other));
  };
  const int64_t count = static_cast<int64_t>(masks.size());
  OrderedPrefetch<MaskPair> pairs(read, 0, count, threads);
  ConfusionMatrix matrix(classes);
  int64_t pixels = 0;
  while (std::optional<MaskPair> pair = pairs.Next()) {
    if (const int signal = StopRequested()) throw Stopped(signal, "scoring stopped");
    matrix.Add(pair->truth.ptr<uint8_t>(), pair->prediction.ptr<uint8_t>(),
               static_cast<int64_t>(pair->truth.total()), ignore, pair->name);
    pixels += static_cast<int64_t>(pair->truth.total());
  }
  const Scores scores = ComputeScores(matrix, policy);
  std::cout << ScoresToText(scores, names, count);
  WarnOfScores(matrix, names, pixels - matrix.Total());
  if (!json.empty())
    WriteFileAtomically(json, JsonText(ScoresToJson(scores, matrix, names, count)));
  return 0;
}

}  // namespace seglab
