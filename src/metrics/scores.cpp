#include "metrics/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"

namespace seglab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Ratio(int64_t part, int64_t whole) {
  return whole == 0 ? kNan : static_cast<double>(part) / static_cast<double>(whole);
}

/// The mean of one score over the classes.
double Mean(const std::vector<ClassScores>& classes, double ClassScores::*score,
            AbsentPolicy policy) {
  double sum = 0;
  int count = 0;
  for (const ClassScores& one : classes) {
    double value = one.*score;
    if (policy == AbsentPolicy::kTruth && one.pixels == 0) continue;
    if (std::isnan(value)) {
      if (policy == AbsentPolicy::kUnion) continue;
      if (policy == AbsentPolicy::kOne) value = 1;
      if (policy == AbsentPolicy::kZero) value = 0;
    }
    sum += value;
    ++count;
  }
  return count == 0 ? kNan : sum / count;
}

Json Number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

void CheckNames(const Scores& scores, const std::vector<std::string>& names) {
  if (names.size() != scores.per_class.size()) {
    throw std::logic_error(
        StrCat("scores of ", scores.per_class.size(), " classes, but ", names.size(), " names"));
  }
}

}  // namespace

const std::vector<std::string>& AbsentPolicyNames() {
  static const std::vector<std::string> names = {"union", "truth", "one", "zero", "nan"};
  return names;
}

AbsentPolicy ParseAbsentPolicy(const std::string& name) {
  const std::vector<std::string>& names = AbsentPolicyNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error("scores: ", UnknownName("policy for absent classes", name, names));
  }
  return static_cast<AbsentPolicy>(found - names.begin());
}

std::string AbsentPolicyName(AbsentPolicy policy) {
  return AbsentPolicyNames()[static_cast<size_t>(policy)];
}

Scores ComputeScores(const ClassCounts& counts, AbsentPolicy policy) {
  Scores scores;
  scores.policy = policy;
  int64_t correct = 0, total = 0;
  double weighted_iou = 0;
  for (size_t i = 0; i < counts.truth.size(); ++i) {
    const int64_t hit = counts.hit[i], truth = counts.truth[i], predicted = counts.predicted[i];
    ClassScores one;
    one.iou = Ratio(hit, truth + predicted - hit);
    one.acc = Ratio(hit, truth);
    one.dice = Ratio(2 * hit, truth + predicted);
    one.pixels = truth;
    scores.per_class.push_back(one);
    correct += hit;
    total += truth;
    // A class without true pixels has the weight 0, under every policy.
    if (truth > 0) weighted_iou += static_cast<double>(truth) * one.iou;
  }
  scores.pixel_acc = Ratio(correct, total);
  scores.mean_acc = Mean(scores.per_class, &ClassScores::acc, policy);
  scores.mean_iou = Mean(scores.per_class, &ClassScores::iou, policy);
  scores.fw_iou = total == 0 ? kNan : weighted_iou / static_cast<double>(total);
  scores.mean_dice = Mean(scores.per_class, &ClassScores::dice, policy);
  return scores;
}

Scores ComputeScores(const ConfusionMatrix& matrix, AbsentPolicy policy) {
  ClassCounts counts(static_cast<size_t>(matrix.classes()));
  for (int i = 0; i < matrix.classes(); ++i) {
    counts.truth[i] = matrix.TruthTotal(i);
    counts.predicted[i] = matrix.PredictionTotal(i);
    counts.hit[i] = matrix.At(i, i);
  }
  return ComputeScores(counts, policy);
}

Json ScoresToJson(const Scores& scores, const ConfusionMatrix& matrix,
                  const std::vector<std::string>& names, int64_t images) {
  CheckNames(scores, names);
  Json json;
  json["pixel_acc"] = Number(scores.pixel_acc);
  json["mean_acc"] = Number(scores.mean_acc);
  json["mean_iou"] = Number(scores.mean_iou);
  json["fw_iou"] = Number(scores.fw_iou);
  json["mean_dice"] = Number(scores.mean_dice);
  Json& per_class = json["per_class"] = Json::array();
  for (size_t i = 0; i < names.size(); ++i) {
    const ClassScores& one = scores.per_class[i];
    Json row;
    row["name"] = names[i];
    row["iou"] = Number(one.iou);
    row["acc"] = Number(one.acc);
    row["dice"] = Number(one.dice);
    row["pixels"] = one.pixels;
    per_class.push_back(std::move(row));
  }
  Json& confusion = json["confusion"] = Json::array();
  for (int i = 0; i < matrix.classes(); ++i) {
    Json row = Json::array();
    for (int j = 0; j < matrix.classes(); ++j) row.push_back(matrix.At(i, j));
    confusion.push_back(std::move(row));
  }
  json["absent_policy"] = AbsentPolicyName(scores.policy);
  json["images"] = images;
  return json;
}

std::string ScoresToText(const Scores& scores, const std::vector<std::string>& names,
                         int64_t images) {
  CheckNames(scores, names);
  std::string text = StrCat(
      "pixel acc ", FormatPercent(100 * scores.pixel_acc), "   mean acc ",
      FormatPercent(100 * scores.mean_acc), "   mean IU ", FormatPercent(100 * scores.mean_iou),
      "   f.w. IU ", FormatPercent(100 * scores.fw_iou), "   mean Dice ",
      FormatPercent(100 * scores.mean_dice), "\n", images, images == 1 ? " image" : " images",
      ", percent, absent classes: ", AbsentPolicyName(scores.policy), "\n\n");
  size_t name_width = 5;
  for (const std::string& name : names) name_width = std::max(name_width, TextWidth(name));
  auto add_row = [&text, name_width](const std::string& name, const std::string& iou,
                                     const std::string& acc, const std::string& dice,
                                     const std::string& pixels) {
    text += PadRight(name, name_width) + PadLeft(iou, 8) + PadLeft(acc, 8) + PadLeft(dice, 8) +
            PadLeft(pixels, 14) + "\n";
  };
  add_row("class", "IU", "acc", "Dice", "pixels");
  for (size_t i = 0; i < names.size(); ++i) {
    const ClassScores& one = scores.per_class[i];
    add_row(names[i], FormatPercent(100 * one.iou), FormatPercent(100 * one.acc),
            FormatPercent(100 * one.dice), StrCat(one.pixels));
  }
  return text;
}

}  // namespace seglab
