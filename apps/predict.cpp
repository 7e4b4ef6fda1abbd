#include <filesystem>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "command_line.h"
#include "commands.h"
#include "data/convert.h"
#include "data/file_table.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/overlay.h"
#include "inference/predictor.h"
#include "option_groups.h"
#include "predict_flags.h"

namespace seglab {
namespace {

constexpr char kMaskEnding[] = ".png", kOverlayEnding[] = "_overlay.jpg";

/// An image and the name of its results: below --out, without ending.
struct Input {
  std::string path, name;
};

/// Files stand for themselves, a folder for the images in it and below.
std::vector<Input> ExpandImages(const std::vector<std::string>& inputs) {
  std::vector<Input> images;
  std::set<std::string> names;
  for (const std::string& input : inputs) {
    std::vector<Input> found = {
        {input, PictureStem(std::filesystem::path(input).filename().string())}};
    if (FolderExists(input)) {
      found.clear();
      const FileTable table(input);
      for (const FileTable::Entry& entry : table.entries())
        found.push_back({table.Path(entry), entry.stem});
      if (found.empty()) throw Error(input, ": holds no images (", Join(PictureExtensions()), ")");
    } else if (!FileExists(input)) {
      throw Error(input, ": no such image", NearestPathHint(input));
    }
    for (Input& image : found) {
      if (!names.insert(image.name).second) {
        throw Error(image.path,
                    ": another image has the same name, and so would its mask; predict it into "
                    "another folder");
      }
      images.push_back(std::move(image));
    }
  }
  return images;
}

/// A mask may not take an image's place.
void RefuseOverwriting(const std::vector<Input>& images, const std::vector<std::string>& endings,
                       const std::string& out) {
  std::set<std::filesystem::path> inputs;
  for (const Input& image : images) inputs.insert(std::filesystem::weakly_canonical(image.path));
  for (const Input& image : images) {
    for (const std::string& ending : endings) {
      const std::string result = JoinPath(out, image.name + ending);
      if (inputs.count(std::filesystem::weakly_canonical(result)) == 0) continue;
      throw Error(result,
                  ": is an image that is to be segmented and would be overwritten; choose "
                  "another --out");
    }
  }
}

/// Ends the command where images could not be read: one line, or one for each and a last one.
void SayBroken(const std::vector<std::string>& broken, size_t all) {
  if (broken.empty()) return;
  if (all == 1) throw Error(broken.front());
  if (broken.size() == 1)
    throw Error(broken.front(), "; the other ", all - 1, " images were segmented");
  for (const std::string& text : broken) Log::Warn(text);
  throw Error(broken.size(), " of ", all, " images could not be read, see above; the others were ",
              "segmented");
}

}  // namespace

int PredictCommand(const Args& args) {
  std::string labels, out;
  NetworkOptions network;
  PredictFlags flags;
  double alpha = 0.55;
  bool no_overlay = false;
  std::vector<std::string> inputs;
  CommandLine line(
      "predict --checkpoint DIR|FILE --out DIR [--crf] [--tta] IMAGE...",
      "Segments images: <name>.png is the mask of class indices, <name>_overlay.jpg shows it.");
  network.AddTo(line);
  line.Required("out", &out, "folder for the results")
      .Positional(&inputs, 1, -1)
      .Option("labels", &labels,
              "its classes: a data set's name or a classes.json {\"names\": [...]}")
      .Option("alpha", &alpha, "strength of the colors in the overlay, 0 to 1")
      .Flag("no-overlay", &no_overlay, "write masks only");
  flags.AddTo(line, "");
  if (!line.Parse(args)) return 0;
  if (!(alpha >= 0 && alpha <= 1))
    throw UsageError("predict: --alpha must be 0 to 1, found ", alpha);
  const PredictOptions predict = flags.Options();
  const std::vector<Input> images = ExpandImages(inputs);
  std::vector<std::string> endings = {kMaskEnding};
  if (!no_overlay) endings.push_back(kOverlayEnding);
  RefuseOverwriting(images, endings, out);
  const LoadedModel loaded =
      network.Load(labels.empty() ? LabelSet() : ParseLabels(labels, "--labels"), "--labels");
  RefuseClassifier(loaded, "segments no images");
  CheckWritableFolder(out);
  Predictor predictor(loaded.model, predict);
  const bool clear_background = loaded.labels.names.front() == "background";
  std::vector<std::string> broken;
  int64_t turned = 0;
  Progress progress("predicting", static_cast<int64_t>(images.size()));
  for (size_t i = 0; i < images.size(); ++i) {
    if (const int signal = StopRequested())
      throw Stopped(signal, StrCat("stopped after ", i, " images"));
    int orientation = 1;
    cv::Mat image;
    try {
      image = ReadImage(images[i].path, ImageView::kAsSeen, &orientation);
    } catch (const Error& error) {
      broken.push_back(error.what());
      continue;
    }
    if (orientation != 1) ++turned;
    if (const size_t slash = images[i].name.rfind('/'); slash != std::string::npos)
      MakeFolders(JoinPath(out, images[i].name.substr(0, slash)));
    const std::string result = JoinPath(out, images[i].name);
    const cv::Mat mask = MaskFromTensor(predictor.Labels(ImageTensor(image), images[i].path));
    WriteMask(result + kMaskEnding, mask, loaded.labels);
    if (!no_overlay) {
      WriteImage(result + kOverlayEnding,
                 Overlay(image, mask, loaded.labels, alpha, clear_background));
    }
    progress.Update(static_cast<int64_t>(i) + 1);
  }
  if (turned > 0) {
    Log::Info(turned,
              " images have an EXIF orientation: they were read as people see them, and so "
              "lie their masks");
  }
  SayBroken(broken, images.size());
  return 0;
}

}  // namespace seglab
