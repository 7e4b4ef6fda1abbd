#include <cmath>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/random.h"
#include "bench/bench.h"
#include "bench/machine.h"
#include "crf/dense_crf.h"
#include "data/loader.h"
#include "data/shapes/shapes.h"
#include "metrics/confusion_matrix.h"
#include "regions/propose.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

/// A textured scene with objects.
Sample Scene(int height, int width) {
  ShapesOptions options;
  options.size = 1;
  options.height = height;
  options.width = width;
  return MakeShapes(options)->Get(0);
}

std::string SizeText(int height, int width) { return StrCat(height, " x ", width, " pixels"); }

std::string ThreadsText(int threads) {
  return StrCat(threads, threads == 1 ? " thread" : " threads");
}

}  // namespace

BenchResult BenchData(const DataBench& data, const RepeatOptions& repeats) {
  LoaderOptions options;
  options.batch = data.batch;
  options.threads = data.threads;
  Loader loader(data.dataset, data.transforms, options);
  BenchResult result{
      .kind = "data",
      .what =
          StrCat(data.name, ", batches of ", data.batch, ", ",
                 data.threads == 0 ? "no loader thread"
                                   : ThreadsText(data.threads < 0 ? UsableCores() : data.threads)),
      .item = "image",
      .items = static_cast<double>(data.batch),
      .timing = Repeat([&] { loader.Next(); }, repeats)};
  return result;
}

BenchResult BenchCrf(const CrfBench& crf, const RepeatOptions& repeats) {
  const Sample scene = Scene(crf.height, crf.width);
  const auto pixels = static_cast<size_t>(crf.height) * static_cast<size_t>(crf.width);
  const auto labels = static_cast<size_t>(crf.labels);
  // Right at 7 pixels of 10, as a network that is sure of itself would be.
  std::vector<float> unary(labels * pixels, -std::log(0.4f / static_cast<float>(crf.labels - 1)));
  RandomStream random(1);
  for (size_t i = 0; i < pixels; ++i) {
    size_t label = scene.truth.LabelMap().data[i] % labels;
    if (random.Uniform() >= 0.7) label = static_cast<size_t>(random.Int(crf.labels));
    unary[label * pixels + i] = -std::log(0.6f);
  }
  DenseCrf field(crf.options, crf.threads);
  std::vector<int32_t> map(pixels);
  const auto run = [&] {
    field.SetImage(scene.image.data, crf.height, crf.width, unary.data(), crf.labels);
    field.Run();
    field.CopyMap(map.data());
  };
  BenchResult result{
      .kind = "crf",
      .what = StrCat("dense CRF, ", SizeText(crf.height, crf.width), ", ", crf.labels, " labels, ",
                     crf.options.iterations, " iterations, ", ThreadsText(crf.threads)),
      .item = "image",
      .items = 1,
      .timing = Repeat(run, repeats)};
  const double bytes =
      2.0 * sizeof(float) * static_cast<double>(labels * pixels) * crf.options.iterations;
  const double bandwidth = PeakBandwidth();
  result.floor = {
      bytes / bandwidth,
      StrCat(Significant(bytes * 1e-6, 3), " MB, every label's map read and written in ",
             "each iteration, at ", Significant(bandwidth * 1e-9, 3), " GB/s")};
  result.figures["mpixel_labels_per_second"] =
      1e-6 * static_cast<double>(labels * pixels) * crf.options.iterations / result.timing.Median();
  return result;
}

BenchResult BenchProposals(const ProposalBench& proposals, const RepeatOptions& repeats) {
  const Sample scene = Scene(proposals.height, proposals.width);
  size_t count = 0;
  const auto run = [&] {
    count = Propose(scene.image, proposals.options, proposals.threads).regions().size();
  };
  BenchResult result{
      .kind = "proposals",
      .what = StrCat("region proposals, ", SizeText(proposals.height, proposals.width), ", ",
                     ThreadsText(proposals.threads)),
      .item = "image",
      .items = 1,
      .timing = Repeat(run, repeats)};
  result.figures["proposals"] = count;
  return result;
}

BenchResult BenchMetrics(int classes, int64_t pixels, const RepeatOptions& repeats) {
  std::vector<uint8_t> truth(static_cast<size_t>(pixels)), guess(truth.size());
  RandomStream random(1);
  for (size_t i = 0; i < truth.size(); ++i) {
    // Runs of a class, as in a row of a label map, which are found a few pixels beside the truth.
    truth[i] = i % 64 == 0 ? static_cast<uint8_t>(random.Int(classes)) : truth[i - 1];
    guess[i] = truth[i < 5 ? i : i - 5];
  }
  ConfusionMatrix matrix(classes);
  BenchResult result{
      .kind = "metrics",
      .what = StrCat("confusion matrix of ", classes, " classes, 1 thread"),
      .item = "pixel",
      .items = static_cast<double>(pixels),
      .timing =
          Repeat([&] { matrix.Add(truth.data(), guess.data(), pixels, /*ignore=*/255, "bench"); },
                 repeats)};
  const double bandwidth = PeakBandwidth();
  result.floor = {2 * static_cast<double>(pixels) / bandwidth,
                  StrCat("two bytes a pixel at ", Significant(bandwidth * 1e-9, 3), " GB/s")};
  return result;
}

}  // namespace seglab
