#include "inference/crf_search.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/joining_thread.h"
#include "base/log.h"
#include "base/signals.h"
#include "crf/dense_crf.h"
#include "data/convert.h"
#include "metrics/confusion_matrix.h"
#include "tensor/runtime.h"
#include "tensor/tensor_file.h"

namespace seglab {
namespace {

constexpr int kVoid = 255;

/// What the search keeps of its images: a file for each.
class ScoreStore {
 public:
  ScoreStore(std::string folder, const Dataset& dataset, int images)
      : folder_(JoinPath(folder, "scores")), dataset_(dataset) {
    const int64_t size = dataset.Size();
    const int64_t count = std::min<int64_t>(size, images);
    for (int64_t i = 0; i < count; ++i) indices_.push_back(i * size / count);
    MakeFolders(folder_);
  }

  int64_t size() const { return static_cast<int64_t>(indices_.size()); }

  void Fill(Predictor& predictor) {
    Progress progress("scoring images", size());
    for (int64_t i = 0; i < size(); ++i) {
      if (const int signal = StopRequested()) throw Stopped(signal, "search stopped");
      if (!FileExists(PathOf(i))) {
        const Sample sample = dataset_.Get(indices_[static_cast<size_t>(i)]);
        const at::Tensor image = ImageTensor(sample.image);
        const at::Tensor scores = predictor.Scores(image, sample.name);
        WriteSafetensors(PathOf(i), {{"image", image[0]},
                                     {"truth", TensorFromMask(sample)},
                                     {"scores", scores[0].cpu().to(at::kHalf)}});
      }
      progress.Update(i + 1);
    }
  }

  TensorFile Read(int64_t i) const { return ReadSafetensors(PathOf(i)); }

 private:
  static at::Tensor TensorFromMask(const Sample& sample) {
    const cv::Mat mask = sample.truth.LabelMap().clone();
    return at::from_blob(mask.data, {mask.rows, mask.cols}, at::kByte).clone();
  }
  std::string PathOf(int64_t i) const {
    return JoinPath(folder_, StrCat(indices_[static_cast<size_t>(i)], ".safetensors"));
  }

  std::string folder_;
  const Dataset& dataset_;
  std::vector<int64_t> indices_;
};

/// Images on several threads at once, each a whole image with a CRF of its own.
CrfTrial Try(const ScoreStore& store, const CrfOptions& options, int classes, int threads,
             AbsentPolicy policy) {
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  ConfusionMatrix sum(classes);
  std::exception_ptr error;
  const auto work = [&] {
    try {
      DenseCrf crf(options, 1, "crf");
      ConfusionMatrix own(classes);
      for (int64_t i = next++; i < store.size(); i = next++) {
        const TensorFile file = store.Read(i);
        const at::Tensor scores = file.Find("scores")->to(at::kFloat).contiguous();
        const at::Tensor& truth = *file.Find("truth");
        const at::Tensor image = file.Find("image")->contiguous();
        crf.SetImage(image.data_ptr<uint8_t>(), scores.size(1), scores.size(2),
                     scores.data_ptr<float>(), static_cast<int>(scores.size(0)), -1);
        crf.Run();
        std::vector<int32_t> map(static_cast<size_t>(truth.numel()));
        crf.CopyMap(map.data());
        const std::vector<uint8_t> labels(map.begin(), map.end());
        own.Add(truth.contiguous().data_ptr<uint8_t>(), labels.data(), truth.numel(), kVoid,
                StrCat("image ", i));
      }
      const std::lock_guard lock(mutex);
      sum.Merge(own);
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  };
  {
    std::vector<JoiningThread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
  const Scores scores = ComputeScores(sum, policy);
  return {options, scores.mean_iou, scores.pixel_acc};
}

/// tried.jsonl: what is known already.
class Trials {
 public:
  explicit Trials(const std::string& folder) : path_(JoinPath(folder, "tried.jsonl")) {
    std::ifstream file(path_);
    std::string line;
    while (std::getline(file, line)) {
      const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      // A line that was cut off by a kill is tried again.
      if (!json.is_object() || !json.contains("mean_iou") || !json.contains("crf")) continue;
      known_.push_back({CrfOptions::FromJson(json["crf"], path_), json["mean_iou"].get<double>(),
                        json["pixel_acc"].get<double>()});
    }
    if (known_.empty()) return;
    WriteFileAtomically(path_, [&] {
      std::string text;
      for (const CrfTrial& trial : known_) text += Line(trial);
      return text;
    }());
  }

  const CrfTrial* Find(const CrfOptions& options) const {
    for (const CrfTrial& trial : known_) {
      if (trial.options.ToJson() == options.ToJson()) return &trial;
    }
    return nullptr;
  }

  void Add(const CrfTrial& trial) {
    known_.push_back(trial);
    std::ofstream file(path_, std::ios::app);
    file << Line(trial) << std::flush;
    if (!file) throw Error(path_, ": cannot be written; is the disk full?");
  }

 private:
  static std::string Line(const CrfTrial& trial) {
    const Json json = {{"mean_iou", trial.mean_iou},
                       {"pixel_acc", trial.pixel_acc},
                       {"crf", trial.options.ToJson()}};
    return json.dump() + "\n";
  }

  std::string path_;
  std::vector<CrfTrial> known_;
};

void ClaimSearch(const std::string& folder, const Json& identity) {
  MakeFolders(folder);
  const std::string path = JoinPath(folder, "search.json");
  if (!FileExists(path)) return WriteFileAtomically(path, JsonText(identity));
  const Json found = ReadJsonFile(path);
  if (CanonicalJson(found) != CanonicalJson(identity)) {
    throw Error(folder, ": holds a search of ", found.dump(), ", this one is of ", identity.dump(),
                "; choose another --out, or remove that folder");
  }
}

}  // namespace

void CrfSearchOptions::Check(const std::string& where) const {
  start.Check(where);
  if (rounds < 1 || rounds > 10) throw Error(where, ": rounds is ", rounds, ", must be 1 to 10");
  if (images < 1) throw Error(where, ": images is ", images, ", must be 1 or more");
  for (const auto& [name, values] :
       {std::pair{"weights", &weights}, {"sigmas_xy", &sigmas_xy}, {"sigmas_rgb", &sigmas_rgb}}) {
    if (values->empty()) throw Error(where, ": ", name, " is empty; give a value");
    for (double value : *values) {
      if (!(value > 0) || !std::isfinite(value)) {
        throw Error(where, ": ", name, " has ", value, ", must be above 0");
      }
    }
  }
}

std::vector<double> FinerValues(const std::vector<double>& values, double best, int round) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  double step = 0;
  for (size_t i = 1; i < sorted.size(); ++i) {
    const double gap = sorted[i] - sorted[i - 1];
    if (gap > 0 && (step == 0 || gap < step)) step = gap;
  }
  if (step == 0) return {best};
  step /= std::pow(2.0, round);
  std::vector<double> finer;
  for (double value : {best - step, best, best + step}) {
    if (value > 0) finer.push_back(value);
  }
  return finer;
}

CrfSearchResult SearchCrf(Predictor& predictor, const Dataset& dataset, const std::string& folder,
                          const Json& identity, const CrfSearchOptions& options) {
  options.Check("crf tune");
  ClaimSearch(folder, identity);
  ScoreStore store(folder, dataset, options.images);
  store.Fill(predictor);
  Trials known(folder);
  const int classes = dataset.Labels().size();
  const int threads = options.threads > 0 ? options.threads : UsableCores();

  CrfSearchResult result;
  const auto score = [&](const CrfOptions& crf) {
    if (const CrfTrial* trial = known.Find(crf)) return *trial;
    if (const int signal = StopRequested()) throw Stopped(signal, "search stopped");
    const CrfTrial trial = Try(store, crf, classes, threads, options.policy);
    known.Add(trial);
    return trial;
  };
  CrfOptions none = options.start;
  none.iterations = 0;
  result.plain = score(none);

  std::vector<double> weights = options.weights, sigmas_xy = options.sigmas_xy,
                      sigmas_rgb = options.sigmas_rgb;
  for (int round = 0; round < options.rounds; ++round) {
    if (round > 0) {
      const CrfOptions& best = result.trials.front().options;
      weights = FinerValues(options.weights, best.bilateral_weight, round);
      sigmas_xy = FinerValues(options.sigmas_xy, best.bilateral_sigma_xy, round);
      sigmas_rgb = FinerValues(options.sigmas_rgb, best.bilateral_sigma_rgb, round);
    }
    const auto total = static_cast<int64_t>(weights.size() * sigmas_xy.size() * sigmas_rgb.size());
    Progress progress(StrCat("round ", round + 1, " of ", options.rounds), total);
    int64_t done = 0;
    for (double weight : weights) {
      for (double sigma_xy : sigmas_xy) {
        for (double sigma_rgb : sigmas_rgb) {
          CrfOptions crf = options.start;
          crf.bilateral_weight = weight;
          crf.bilateral_sigma_xy = sigma_xy;
          crf.bilateral_sigma_rgb = sigma_rgb;
          const auto same = [&](const CrfTrial& trial) {
            return trial.options.ToJson() == crf.ToJson();
          };
          if (std::none_of(result.trials.begin(), result.trials.end(), same)) {
            result.trials.push_back(score(crf));
          }
          const auto best = std::max_element(
              result.trials.begin(), result.trials.end(),
              [](const CrfTrial& a, const CrfTrial& b) { return a.mean_iou < b.mean_iou; });
          progress.Update(++done, "best mean IU " + FormatPercent(100 * best->mean_iou));
        }
      }
    }
    std::stable_sort(result.trials.begin(), result.trials.end(),
                     [](const CrfTrial& a, const CrfTrial& b) { return a.mean_iou > b.mean_iou; });
  }
  return result;
}

}  // namespace seglab
