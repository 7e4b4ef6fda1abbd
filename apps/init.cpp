#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "data/discover.h"
#include "experiment/resolve.h"
#include "models/backbones/backbone.h"

namespace seglab {
namespace {

void CheckBackboneName(const std::string& name) {
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) {
    if (row.name == name) return;
    names.push_back(row.name);
  }
  throw Error("--backbone: ", UnknownName("backbone", name, names));
}

/// A side that crops of training get: a multiple of 32, and one, as FCN's strides like it.
int CropSide(int pixels) {
  constexpr int kLargest = 321, kSmallest = 65;
  return std::clamp((pixels - 1) / 32 * 32 + 1, kSmallest, kLargest);
}

Json DataOf(const std::string& root, const FoundData& found) {
  Json data = {{"name", "folder"}, {"root", std::filesystem::absolute(root).string()}};
  if (found.images != "images") data["images"] = found.images;
  if (found.masks != "masks") data["masks"] = found.masks;
  if (found.mask_pattern != "{stem}") data["mask_pattern"] = found.mask_pattern;
  if (!found.classes_are_there) data["classes"] = found.classes;
  for (const char* part : {"train", "val"}) {
    data[part]["split"] =
        found.has_splits ? Json(part) : Json{{"fraction", 0.8}, {"seed", 1}, {"part", part}};
  }
  data["transforms"] = {{{"name", "flip"}},
                        {{"name", "random_crop"},
                         {"height", CropSide(found.max_height)},
                         {"width", CropSide(found.max_width)}}};
  return data;
}

Json ExperimentOf(const std::string& name, const std::string& root, const FoundData& found,
                  const std::string& backbone, const std::string& weights) {
  Json trunk = backbone.empty() ? Json{{"name", "vgg11_bn"}, {"width", 0.25}, {"fc6_kernel", 3}}
                                : Json(backbone);
  Json run = {{"name", "FCN-8s"}, {"model", {{"name", "fcn8s"}, {"backbone", trunk}}}};
  if (!weights.empty()) run["init"] = std::filesystem::absolute(weights).string();
  const Json train = {{"iterations", 600},  {"batch", 4},           {"lr", 0.01},
                      {"schedule", "poly"}, {"weight_decay", 5e-4}, {"eval_every", 150}};
  return {{"title", name},
          {"description",
           "Written by seglab init. What may be worth changing: train.iterations, "
           "train.lr, data.transforms, the backbone."},
          {"seed", 1},
          {"data", DataOf(root, found)},
          {"train", train},
          {"runs", Json::array({run})}};
}

std::string Sides(int least, int most) {
  return least == most ? std::to_string(least) : StrCat(least, " to ", most);
}

void PrintFound(const std::string& root, const FoundData& found) {
  std::cout << root << ": " << found.pairs << " pictures with masks";
  if (found.without_mask > 0) {
    std::cout << ", and " << found.without_mask
              << " without: run refuses them, make their masks or move them away";
  }
  std::cout << "\n  images in " << found.images << ", masks in " << found.masks << " as "
            << found.mask_pattern << ", " << Sides(found.min_height, found.max_height) << " rows, "
            << Sides(found.min_width, found.max_width) << " columns\n";
  for (const std::string& note : found.notes) std::cout << "  " << note << "\n";
  std::cout << "  classes: ";
  std::vector<std::string> names;
  constexpr size_t kShown = 12;
  for (const Json& name : found.classes["names"]) {
    if (names.size() < kShown) names.push_back(name.get<std::string>());
  }
  const size_t more = found.classes["names"].size() - names.size();
  std::cout << Join(names) << (more > 0 ? StrCat(" and ", more, " more") : "") << "\n  "
            << (found.has_splits ? "split into train and val as it says"
                                 : "80 % are trained on, drawn with seed 1, the others scored")
            << "\n";
}

}  // namespace

int InitCommand(const Args& args) {
  std::vector<std::string> folders;
  std::string out, backbone, weights;
  CommandLine line("init DIR [--out FILE.json]",
                   "Looks at a folder of images and masks and writes an experiment for it.");
  line.Positional(&folders, 1, 1)
      .Option("out", &out, "file to write; \"\" = the folder's name.json, here")
      .Option("backbone", &backbone, "of the network; \"\" = a narrow VGG-11 that starts fresh")
      .Option("weights", &weights, "weight file of the backbone, to start from");
  if (!line.Parse(args)) return 0;
  if (!weights.empty() && backbone.empty())
    throw UsageError("init: --weights needs --backbone, the network that the file is of");
  if (!backbone.empty()) CheckBackboneName(backbone);
  if (!weights.empty() && !FileExists(weights)) throw Error(weights, ": no such file");
  const std::string& root = folders[0];
  const FoundData found = DiscoverData(root);
  if (out.empty()) out = std::filesystem::weakly_canonical(root).filename().string() + ".json";
  const std::string name = Stem(out);  // as the experiment is called
  if (FileExists(out)) throw Error(out, ": is there already; name another file with --out");
  const Json experiment = ExperimentOf(name, root, found, backbone, weights);
  ResolveExperiment(experiment, out, name, {}, "");  // what is wrong in it is said before
  WriteFileAtomically(out, JsonText(experiment));
  PrintFound(root, found);
  std::cout << "wrote " << out << "; next:\n  seglab run " << out << " --dry-run\n  seglab run "
            << out << "\n  seglab predict --checkpoint runs/" << name
            << "/FCN-8s --out predicted IMAGE...\n";
  return 0;
}

}  // namespace seglab
