#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/signals.h"
#include "command_line.h"
#include "commands.h"
#include "data/convert.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/overlay.h"
#include "inference/predictor.h"
#include "models/registry.h"
#include "predict_flags.h"
#include "tensor/runtime.h"
#include "weights/load.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

constexpr char kMaskEnding[] = ".png", kOverlayEnding[] = "_overlay.jpg";

/// Files stand for themselves, a folder for the images in it.
std::vector<std::string> ExpandImages(const std::vector<std::string>& inputs) {
  std::vector<std::string> images;
  std::set<std::string> stems;
  for (const std::string& input : inputs) {
    std::vector<std::string> found = {input};
    if (FolderExists(input)) {
      found.clear();
      for (const std::string& name : ListFiles(input, {".jpg", ".jpeg", ".png", ".bmp"})) {
        found.push_back(JoinPath(input, name));
      }
      if (found.empty()) throw Error(input, ": holds no images (.jpg, .jpeg, .png, .bmp)");
    }
    for (const std::string& image : found) {
      if (!FileExists(image)) throw Error(image, ": no such image");
      if (!stems.insert(Stem(image)).second) {
        throw Error(image,
                    ": another image has the same name, and so would its mask; predict it into "
                    "another folder");
      }
      images.push_back(image);
    }
  }
  return images;
}

/// A mask may not take an image's place.
void RefuseOverwriting(const std::vector<std::string>& images,
                       const std::vector<std::string>& endings, const std::string& out) {
  std::set<std::filesystem::path> inputs;
  for (const std::string& image : images) inputs.insert(std::filesystem::weakly_canonical(image));
  for (const std::string& image : images) {
    for (const std::string& ending : endings) {
      const std::string result = JoinPath(out, Stem(image) + ending);
      if (inputs.count(std::filesystem::weakly_canonical(result)) == 0) continue;
      throw Error(result,
                  ": is an image that is to be segmented and would be overwritten; choose "
                  "another --out");
    }
  }
}

}  // namespace

int PredictCommand(const Args& args) {
  std::string checkpoint, model, labels, out, device = "auto";
  PredictFlags flags;
  double alpha = 0.55;
  bool no_overlay = false;
  std::vector<std::string> inputs;
  CommandLine line(
      "predict --checkpoint DIR|FILE --out DIR [--crf] [--tta] IMAGE...",
      "Segments images: <name>.png is the mask of class indices, <name>_overlay.jpg shows it.");
  line.Required("checkpoint", &checkpoint, "run folder or weight file")
      .Required("out", &out, "folder for the results")
      .Positional(&inputs, 1, -1)
      .Option("model", &model,
              "network of a weight file that does not name it: its name, JSON or a file")
      .Option("labels", &labels, "its classes: voc, camvid or a JSON file {\"names\": [...]}")
      .Option("alpha", &alpha, "strength of the colors in the overlay, 0 to 1")
      .Flag("no-overlay", &no_overlay, "write masks only")
      .Option("device", &device, "auto, cpu, cuda, cuda:1");
  flags.AddTo(line, "");
  if (!line.Parse(args)) return 0;
  if (!(alpha >= 0 && alpha <= 1))
    throw UsageError("predict: --alpha must be 0 to 1, found ", alpha);
  const PredictOptions predict = flags.Options();
  const std::vector<std::string> images = ExpandImages(inputs);
  std::vector<std::string> endings = {kMaskEnding};
  if (!no_overlay) endings.push_back(kOverlayEnding);
  RefuseOverwriting(images, endings, out);
  ModelChoice choice;
  if (!model.empty()) choice.model = ParseModelSpec(model, "--model");
  if (!labels.empty()) choice.labels = ParseLabels(labels, "--labels");
  choice.labels_from = "--labels";
  const LoadedModel loaded = LoadModelFile(checkpoint, choice);
  if (ModelTask(loaded.spec, loaded.path) == Task::kClassification) {
    throw Error(loaded.path,
                ": is a classifier, which segments no images; take a segmentation "
                "network");
  }
  loaded.model->to(PickDevice(device));
  CheckWritableFolder(out);
  Predictor predictor(loaded.model, predict);
  const bool clear_background = loaded.labels.names.front() == "background";
  Progress progress("predicting", static_cast<int64_t>(images.size()));
  for (size_t i = 0; i < images.size(); ++i) {
    if (const int signal = StopRequested())
      throw Stopped(signal, StrCat("stopped after ", i, " images"));
    const cv::Mat image = ReadImage(images[i]);
    const cv::Mat mask = MaskFromTensor(predictor.Labels(ImageTensor(image), images[i]));
    WriteMask(JoinPath(out, Stem(images[i]) + kMaskEnding), mask, loaded.labels);
    if (!no_overlay) {
      WriteImage(JoinPath(out, Stem(images[i]) + kOverlayEnding),
                 Overlay(image, mask, loaded.labels, alpha, clear_background));
    }
    progress.Update(static_cast<int64_t>(i) + 1);
  }
  return 0;
}

}  // namespace seglab
