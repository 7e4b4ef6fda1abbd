#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/prefetch.h"
#include "base/signals.h"
#include "command_line.h"
#include "commands.h"
#include "data/masks.h"
#include "metrics/scores.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

struct MaskPair {
  cv::Mat truth, prediction;
  std::string name;
};

MaskPair ReadPair(const std::string& truth, const std::string& prediction) {
  MaskPair pair{ReadMask(truth), {}, prediction};
  if (!FileExists(prediction)) throw Error(prediction, ": no prediction for ", truth);
  pair.prediction = ReadMask(prediction);
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

}  // namespace

int ScoreCommand(const Args& args) {
  std::string truth, predictions, json, absent = "union", names_file;
  int classes = 0, ignore = 255, threads = UsableCores();
  CommandLine line(
      "score --truth DIR --predictions DIR --classes N [--ignore 255] [--absent POLICY] [--json "
      "FILE]",
      "Scores masks (8-bit grey or palette PNG of class indices) with the same file names.");
  line.Required("truth", &truth, "folder of true masks")
      .Required("predictions", &predictions, "folder of predicted masks")
      .Option("classes", &classes, "number of classes (required)")
      .Option("ignore", &ignore, "true label that is not counted; -1 = none")
      .Option("absent", &absent, "rule for classes that are absent: union, truth, one, zero, nan")
      .Option("names", &names_file, "text file of class names, one a line")
      .Option("threads", &threads, "reading threads")
      .Option("json", &json, "write the scores to this file as well");
  if (!line.Parse(args)) return 0;
  if (classes < 1 || classes > 255) throw UsageError("score: --classes must be 1 to 255");
  if (ignore < -1 || ignore > 255) throw UsageError("score: --ignore must be -1 to 255");
  const AbsentPolicy policy = ParseAbsentPolicy(absent);
  const std::vector<std::string> names = ClassNames(names_file, classes);
  const std::vector<std::string> files = ListFiles(truth, {".png"});
  if (files.empty()) throw Error(truth, ": holds no .png masks");
  if (!FolderExists(predictions)) throw Error(predictions, ": no such folder");

  auto read = [&](int64_t i) {
    return ReadPair(JoinPath(truth, files[i]), JoinPath(predictions, files[i]));
  };
  const int64_t count = static_cast<int64_t>(files.size());
  OrderedPrefetch<MaskPair> pairs(read, 0, count, threads);
  ConfusionMatrix matrix(classes);
  while (std::optional<MaskPair> pair = pairs.Next()) {
    if (const int signal = StopRequested()) throw Stopped(signal, "scoring stopped");
    matrix.Add(pair->truth.ptr<uint8_t>(), pair->prediction.ptr<uint8_t>(),
               static_cast<int64_t>(pair->truth.total()), ignore, pair->name);
  }
  const Scores scores = ComputeScores(matrix, policy);
  std::cout << ScoresToText(scores, names, count);
  if (!json.empty())
    WriteFileAtomically(json, JsonText(ScoresToJson(scores, matrix, names, count)));
  return 0;
}

}  // namespace seglab
