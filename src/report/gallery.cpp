#include "report/gallery.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "report/columns.h"
#include "report/image_scores.h"
#include "report/short_names.h"

namespace seglab {
namespace {

constexpr size_t kAllShown = 8;  ///< images, at most, that need no choice
constexpr size_t kOfEach = 6;    ///< worst, most disputed, best
constexpr size_t kMostRuns = 12, kLongestName = 40;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct KeptPicture {
  int64_t index = 0;
  std::string name, image, truth, prediction;  // the files as they stand in the list

  bool SameImage(const KeptPicture& other) const {
    return index == other.index && image == other.image && truth == other.truth;
  }
};

struct KeptRun {
  const RunResult* run = nullptr;
  std::vector<KeptPicture> pictures;
  std::vector<ImageScore> scores;

  double ScoreOf(const KeptPicture& picture) const {
    const auto at = static_cast<size_t>(picture.index);
    return at < scores.size() && scores[at].name == picture.name ? scores[at].mean_iou : kNan;
  }
};

/// A file's name without folders, so that nothing outside is read.
std::string FileName(const Json& entry, const char* key) {
  const Json name = entry.value(key, Json());
  if (!name.is_string()) return "";
  const auto text = name.get<std::string>();
  return text.find('/') == std::string::npos ? text : "";
}

std::vector<KeptPicture> ReadKept(const RunResult& run) {
  const std::string path =
      JoinPath(JoinPath(run.folder, PicturesFolder(run.evaluation)), "kept.json");
  if (!FileExists(path)) return {};
  const Json list = Json::parse(ReadFile(path), nullptr, /*allow_exceptions=*/false);
  std::vector<KeptPicture> kept;
  for (const Json& entry : list.is_array() ? list : Json::array()) {
    if (!entry.is_object() || !entry.contains("index") || !entry["index"].is_number_unsigned())
      continue;
    const Json name = entry.value("name", Json());
    kept.push_back({entry["index"].get<int64_t>(), name.is_string() ? name.get<std::string>() : "",
                    FileName(entry, "image"), FileName(entry, "truth"),
                    FileName(entry, "prediction")});
  }
  if (kept.empty()) Log::Warn(path, ": is damaged; the report shows no pictures of ", run.name);
  return kept;
}

/// Runs that were scored on the same images.
std::vector<std::vector<KeptRun>> ReadRuns(const ExperimentResult& result) {
  std::vector<std::vector<KeptRun>> groups;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run)) continue;
    KeptRun kept{&run, ReadKept(run), ReadImageScores(run)};
    if (kept.pictures.empty()) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      const std::vector<KeptPicture>& first = group.front().pictures;
      return std::equal(first.begin(), first.end(), kept.pictures.begin(), kept.pictures.end(),
                        [](const KeptPicture& a, const KeptPicture& b) { return a.SameImage(b); });
    });
    if (same == groups.end()) {
      groups.push_back({std::move(kept)});
    } else {
      same->push_back(std::move(kept));
    }
  }
  return groups;
}

double MeanIu(const RunResult& run) {
  const double score = MetricValue(run.metrics, "mean_iou");
  return std::isfinite(score) ? score : -1;
}

/// The first run of each row where there are many, the best of them and the baseline.
std::vector<KeptRun> ShownRuns(std::vector<KeptRun> runs, const std::string& baseline) {
  if (runs.size() <= kMostRuns) return runs;
  std::set<std::string> rows;
  std::vector<size_t> order;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (rows.insert(runs[i].run->group).second) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const bool first = runs[a].run->group == baseline, second = runs[b].run->group == baseline;
    return first != second ? first : MeanIu(*runs[a].run) > MeanIu(*runs[b].run);
  });
  order.resize(std::min(order.size(), kMostRuns));
  std::sort(order.begin(), order.end());
  std::vector<KeptRun> shown;
  for (size_t i : order) shown.push_back(std::move(runs[i]));
  return shown;
}

GalleryImage ImageOf(const std::vector<KeptRun>& runs, size_t at, const std::string& folder) {
  const KeptPicture& picture = runs.front().pictures[at];
  const std::string shared = JoinPath(folder, kPicturesFolder);
  GalleryImage image;
  image.name = picture.name;
  image.image = JoinPath(shared, picture.image);
  image.truth = JoinPath(shared, picture.truth);
  for (const KeptRun& run : runs) {
    const KeptPicture& own = run.pictures[at];
    const std::string pictures = JoinPath(run.run->folder, PicturesFolder(run.run->evaluation));
    image.predictions.push_back(own.prediction.empty() ? "" : JoinPath(pictures, own.prediction));
    image.scores.push_back(run.ScoreOf(own));
  }
  return image;
}

/// Of the images that are not taken yet, those with the largest value, the largest first.
std::vector<size_t> Largest(const std::map<size_t, double>& values, std::set<size_t>& taken) {
  std::vector<size_t> order;
  for (const auto& [at, value] : values) {
    if (taken.count(at) == 0) order.push_back(at);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values.at(a) > values.at(b); });
  order.resize(std::min(order.size(), kOfEach));
  taken.insert(order.begin(), order.end());
  return order;
}

/// The median of a run's images by their scores; the first where it has none.
const GalleryImage& MedianOf(const std::vector<GalleryImage>& images, size_t run) {
  std::vector<size_t> order;
  for (size_t at = 0; at < images.size(); ++at) {
    if (std::isfinite(images[at].scores[run])) order.push_back(at);
  }
  if (order.empty()) return images.front();
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return images[a].scores[run] < images[b].scores[run];
  });
  return images[order[order.size() / 2]];
}

Gallery GalleryOf(const std::vector<KeptRun>& all, const ExperimentResult& result) {
  const std::vector<KeptRun> runs = ShownRuns(all, result.baseline);
  Gallery gallery;
  gallery.left_out = all.size() - runs.size();
  gallery.kept = runs.front().pictures.size();
  std::vector<GalleryImage> images;
  for (size_t at = 0; at < gallery.kept; ++at) images.push_back(ImageOf(runs, at, result.folder));
  for (const KeptRun& run : runs) gallery.runs.push_back(run.run);
  std::vector<std::string> names;
  for (const RunResult* run : gallery.runs) names.push_back(run->name);
  gallery.names = ShortNames(names, kLongestName);
  std::map<size_t, double> worst, best, disputed;
  for (size_t at = 0; at < images.size(); ++at) {
    std::vector<double> scores;  // of the runs that have some
    for (double score : images[at].scores) {
      if (std::isfinite(score)) scores.push_back(score);
    }
    if (scores.empty()) continue;
    double sum = 0;
    for (double score : scores) sum += score;
    best[at] = sum / static_cast<double>(scores.size());
    worst[at] = -best[at];
    const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
    if (*high > *low) disputed[at] = *high - *low;
  }
  for (size_t run = 0; run < runs.size(); ++run) gallery.typical.push_back(MedianOf(images, run));
  if (images.size() <= kAllShown || best.empty()) {
    images.resize(std::min(images.size(), kAllShown));
    gallery.parts.push_back({"", std::move(images)});
    return gallery;
  }
  std::set<size_t> taken;
  const std::pair<const char*, const std::map<size_t, double>*> parts[] = {
      {"Worst", &worst}, {"Most disputed", &disputed}, {"Best", &best}};
  for (const auto& [title, values] : parts) {
    GalleryPart part{title, {}};
    for (size_t at : Largest(*values, taken)) part.images.push_back(images[at]);
    if (!part.images.empty()) gallery.parts.push_back(std::move(part));
  }
  return gallery;
}

}  // namespace

std::vector<Gallery> MakeGalleries(const ExperimentResult& result) {
  std::vector<Gallery> galleries;
  for (const std::vector<KeptRun>& runs : ReadRuns(result))
    galleries.push_back(GalleryOf(runs, result));
  return galleries;
}

}  // namespace seglab
