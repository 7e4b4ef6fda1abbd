#include <torch/torch.h>

#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "crf/dense_crf.h"
#include "data/convert.h"
#include "data/image_file.h"
#include "data/labels.h"
#include "data/overlay.h"
#include "tensor/element_type.h"
#include "tensor/runtime.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

namespace seglab {
namespace {

at::Tensor ReadUnary(const std::string& path, const cv::Mat& image) {
  const TensorFile file = ReadSafetensors(path);
  const at::Tensor* unary = file.Find("unary");
  if (unary == nullptr) {
    throw Error(path, ": has no tensor \"unary\", the cost of each label, -log p, (labels, H, W)");
  }
  const std::string where = path + ": unary";
  if (unary->dim() != 3 || unary->numel() == 0) {
    throw Error(where, ": is ", ShapeText(unary->sizes()), ", must be (labels, H, W)");
  }
  if (!at::isFloatingType(unary->scalar_type())) {
    throw Error(where, ": is ", ElementTypeName(unary->scalar_type()), ", must be F32, -log p");
  }
  if (unary->size(1) != image.rows || unary->size(2) != image.cols) {
    throw Error(where, ": is of ", unary->size(1), " x ", unary->size(2),
                " pixels (rows x columns), the image of ", image.rows, " x ", image.cols,
                "; resize one of them");
  }
  return unary->to(at::kFloat).contiguous();
}

at::Tensor MapOf(const DenseCrf& crf, int64_t height, int64_t width) {
  at::Tensor map = at::empty({height, width}, at::kInt);
  crf.CopyMap(map.data_ptr<int32_t>());
  return map;
}

/// Pictures of the labels after some iterations.
class Snapshots {
 public:
  Snapshots(std::string folder, const cv::Mat& image, const LabelSet& labels)
      : folder_(std::move(folder)), image_(image), labels_(labels) {
    if (!folder_.empty()) CheckWritableFolder(folder_);
  }

  void Take(const DenseCrf& crf, int iteration) {
    if (folder_.empty()) return;
    const at::Tensor map = MapOf(crf, image_.rows, image_.cols).to(at::kByte);
    WriteImage(JoinPath(folder_, StrCat("iteration_", iteration, ".png")),
               Overlay(image_, MaskFromTensor(map), labels_, 0.7, false));
  }

 private:
  std::string folder_;
  const cv::Mat& image_;
  const LabelSet& labels_;
};

}  // namespace

int CrfCommand(const Args& args) {
  if (!args.empty() && args[0] == "tune") return CrfTuneCommand(Args(args.begin() + 1, args.end()));
  std::string image_path, unary_path, out, preset, snapshots, label_names = "voc";
  int threads = 0;
  bool energy = false;
  std::vector<std::string> settings;
  CommandLine line("crf --image FILE --unary FILE --out FILE [--set KEY=VALUE]...",
                   "Mean field in a dense CRF: reads tensor \"unary\" (labels, H, W), -log p, and "
                   "writes \"q\" (labels, H, W) and \"map\" (H, W). `seglab crf tune --help`: the "
                   "search for its parameters.");
  std::vector<std::string> names;
  for (const CrfPreset& row : CrfPresets()) names.push_back(row.name);
  line.Required("image", &image_path, "the image")
      .Required("unary", &unary_path, "safetensors file with the unaries")
      .Required("out", &out, "safetensors file to write")
      .Option("preset", &preset, "published parameters: " + Join(names))
      .Many("set", &settings,
            "bilateral_weight, bilateral_sigma_xy, bilateral_sigma_rgb, gaussian_weight, "
            "gaussian_sigma_xy, normalisation (none, before, after, symmetric), iterations, "
            "compatibility")
      .Flag("energy", &energy, "print the free energy at each iteration")
      .Option("snapshots", &snapshots, "folder for pictures after 0, 1, 2, 5, 10, ... iterations")
      .Option("labels", &label_names, "their colors: voc, camvid or a JSON file {\"names\": [...]}")
      .Option("threads", &threads, "0 = as many as cores");
  if (!line.Parse(args)) return 0;
  Json json = Json::object();
  if (!preset.empty()) json["preset"] = preset;
  for (const std::string& setting : settings) ApplySetting(json, setting);
  DenseCrf crf(CrfOptions::FromJson(json, "--set"), threads > 0 ? threads : UsableCores(), "--set");
  const cv::Mat image = ReadImage(image_path);
  const at::Tensor unary = ReadUnary(unary_path, image);
  const LabelSet labels = ParseLabels(label_names, "--labels");
  Snapshots pictures(snapshots, image, labels);

  const double start = Seconds();
  crf.SetImage(image.data, image.rows, image.cols, unary.data_ptr<float>(),
               static_cast<int>(unary.size(0)), 1, unary_path + ": unary");
  const int iterations = crf.options().iterations;
  std::vector<double> energies;
  if (snapshots.empty()) {
    crf.Step(iterations, energy ? &energies : nullptr);
  } else {
    pictures.Take(crf, 0);
    for (int i = 1; i <= iterations; ++i) {
      crf.Step(1, energy ? &energies : nullptr);
      const bool round = i == 1 || i == 2 || i == 5 || i % 10 == 0 || i == iterations;
      if (round) pictures.Take(crf, i);
    }
  }
  if (energy) energies.push_back(crf.FreeEnergy());
  const double seconds = Seconds() - start;

  at::Tensor q = at::empty_like(unary);
  crf.CopyQ(q.data_ptr<float>());
  at::Tensor map = MapOf(crf, image.rows, image.cols);
  if (unary.size(0) <= 256) map = map.to(at::kByte);
  WriteSafetensors(out, {{"q", q}, {"map", map}}, {{"crf", crf.options().ToJson().dump()}});
  for (size_t i = 0; i < energies.size(); ++i) {
    std::cout << "free energy after " << i << " iterations: " << Fixed(energies[i], 1) << "\n";
  }
  Log::Info(image.rows, " x ", image.cols, " pixels, ", unary.size(0), " labels, ", iterations,
            " iterations in ", Significant(seconds, 3), " s");
  return 0;
}

}  // namespace seglab
