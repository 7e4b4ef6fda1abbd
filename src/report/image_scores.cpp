#include "report/image_scores.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "metrics/image_counts.h"
#include "report/csv.h"
#include "report/curves.h"
#include "report/shown_rows.h"

namespace seglab {

std::vector<ImageScore> ReadImageScores(const RunResult& run) {
  const std::string path = JoinPath(run.folder, ImageCountsFile(run.evaluation));
  if (!FileExists(path)) return {};
  std::vector<ImageScore> scores;
  try {
    const EvaluatedImages evaluated = ReadImageCounts(path);
    for (const ImageCounts& image : evaluated.images) {
      ClassCounts counts(evaluated.classes);
      image.AddTo(counts);
      const Scores of_image = ComputeScores(counts);
      scores.push_back({image.name, of_image.mean_iou, of_image.pixel_acc});
    }
  } catch (const Error&) {
    return {};
  }
  return scores;
}

bool WriteImageScores(const ExperimentResult& result, const std::string& path) {
  bool any = false;
  for (const RunResult& run : result.runs)
    any = any || (!IsPreTraining(run) &&
                  FileExists(JoinPath(run.folder, ImageCountsFile(run.evaluation))));
  if (!any) return false;
  const auto percent = [](double part) { return CsvNumber(100 * part); };
  WriteFileAtomically(path, [&](std::ostream& out) {
    out << "run,group,seed,image,pixel_acc,mean_iou\n";
    for (const RunResult& run : result.runs) {
      if (IsPreTraining(run)) continue;
      const std::string head =
          StrCat(QuoteCsv(run.name), ",", QuoteCsv(run.group), ",", run.seed, ",");
      for (const ImageScore& score : ReadImageScores(run))
        out << head << QuoteCsv(score.name) << "," << percent(score.pixel_acc) << ","
            << percent(score.mean_iou) << "\n";
    }
  });
  return true;
}

std::string ImageScoresPlot(const ExperimentResult& result) {
  std::vector<Series> spread;
  const ShownRows shown(result, ShownRows::Drawn::kRows);
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run)) continue;
    std::vector<double> scores;
    for (const ImageScore& score : ReadImageScores(run)) {
      if (std::isfinite(score.mean_iou)) scores.push_back(100 * score.mean_iou);
    }
    if (scores.size() < 5) continue;
    std::sort(scores.begin(), scores.end());
    Series series = shown.SeriesOf(run.name, run.group);
    for (size_t i = 0; i < scores.size(); ++i)
      series.x.push_back(100 * (static_cast<double>(i) + 0.5) / static_cast<double>(scores.size()));
    series.y = std::move(scores);
    spread.push_back(std::move(series));
  }
  return PlotHtml(spread, {.title = "mean IU of each image, in ascending order",
                           .x_label = "percent of the images",
                           .y_label = "mean IU of the image, %",
                           .points = false});
}

}  // namespace seglab
