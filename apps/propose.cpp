#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "command_line.h"
#include "commands.h"
#include "data/image_file.h"
#include "option_groups.h"
#include "propose_recall.h"
#include "regions/hierarchy_picture.h"
#include "regions/proposal_cache.h"
#include "regions/run_length.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

Json RegionsToJson(const RegionSet& set, const ProposalOptions& options, bool masks) {
  Json json = {{"height", set.height()}, {"width", set.width()},    {"options", options.ToJson()},
               {"boxes", Json::array()}, {"scores", Json::array()}, {"levels", Json::array()},
               {"areas", Json::array()}};
  if (masks) json["masks"] = Json::array();
  for (size_t i = 0; i < set.regions().size(); ++i) {
    const Region& r = set.regions()[i];
    json["boxes"].push_back({r.box.x, r.box.y, r.box.width, r.box.height});
    json["scores"].push_back(r.score);
    json["levels"].push_back(r.level);
    json["areas"].push_back(r.area);
    if (!masks) continue;
    json["masks"].push_back(
        {{"size", {set.height(), set.width()}},
         {"counts", RunLengths(set.Mask(i), r.box, set.height(), set.width())}});
  }
  return json;
}

void ProposeImage(const std::string& path, const std::string& out, const std::string& picture,
                  bool masks, ProposalCache& cache, int threads) {
  const cv::Mat image = ReadImage(path);
  const double start = Seconds();
  const RegionSet set = cache.Get(image, threads);
  const double seconds = Seconds() - start;
  WriteFileAtomically(out, RegionsToJson(set, cache.options(), masks).dump() + "\n");
  if (!picture.empty()) {
    WriteImage(picture, HierarchyPicture(FirstHierarchy(image, cache.options())));
  }
  Log::Info(set.regions().size(), " proposals of ", set.hierarchies().size(), " hierarchies in ",
            Significant(seconds, 3), " s");
}

/// VOC's own folder of object masks, where it is there and no other is named. Trainings that need
/// no objects shall not read them, so the data set does not take it by itself.
void FindObjects(Json& data) {
  if (data.value("name", "") != "voc" || data.contains("objects")) return;
  const std::string own = "SegmentationObject";
  if (FolderExists(JoinPath(data.value("root", ""), own))) data["objects"] = own;
}

}  // namespace

int ProposeCommand(const Args& args) {
  std::string image, mode = "fast", out, picture, cache_folder, json;
  DataOptions data("val", "score on");
  int threads = 0;
  bool masks = false;
  std::vector<std::string> settings;
  CommandLine line(
      "propose --image FILE --out FILE [--masks] [--picture FILE]\n"
      "       seglab propose --dataset NAME [--data-root DIR] [--split NAME]",
      "Region proposals by selective search: those of an image as JSON, or how well "
      "those of a data set's images cover its objects.");
  line.Option("image", &image, "the image")
      .Option("out", &out, "JSON to write: boxes [x, y, width, height], scores, levels, areas")
      .Flag("masks", &masks, "write masks too, as COCO's run lengths")
      .Option("picture", &picture, "picture of the first hierarchy to write, PNG or JPEG");
  data.AddTo(line);
  AddScoresFile(line, &json);
  line.Option("mode", &mode, "fast (8 hierarchies) or quality (80)")
      .Many("set", &settings,
            "colors, similarities, ks, sigma, width, min_side, seed, max_regions, duplicates "
            "(masks, boxes); data.KEY=VALUE for an option of the data set (voc: data.objects=DIR, "
            "palette PNGs <image>.png; else SegmentationObject, or connected pieces of a class)")
      .Option("cache", &cache_folder, "folder that keeps proposals for the next time")
      .Option("threads", &threads, "0 = as many as cores");
  if (!line.Parse(args)) return 0;
  if (image.empty() == data.name().empty()) {
    throw UsageError("propose: name one of --image and --dataset");
  }
  if (!image.empty() && out.empty()) throw UsageError("propose: --image needs --out");
  for (const char* name : {"out", "masks", "picture"}) {
    if (image.empty() && line.Given(name)) throw UsageError("propose: --", name, " needs --image");
  }
  for (const char* name : {"data-root", "split", "json"}) {
    if (!image.empty() && line.Given(name))
      throw UsageError("propose: --", name, " needs --dataset");
  }
  Json options = {{"mode", mode}};
  const std::string of_data = "data.";
  std::vector<std::string> data_settings;
  for (const std::string& setting : settings) {
    if (setting.rfind(of_data, 0) == 0) {
      data_settings.push_back(setting.substr(of_data.size()));
    } else {
      ApplySetting(options, setting);
    }
  }
  ProposalCache cache(cache_folder, ProposalOptions::FromJson(options, "propose"));
  if (threads <= 0) threads = UsableCores();
  if (!image.empty()) {
    ProposeImage(image, out, picture, masks, cache, threads);
    return 0;
  }
  Json spec = data.Spec(line, data_settings);
  FindObjects(spec);
  PrintRecall(*MakeSegmentationData(spec), spec.contains("objects"), cache, threads, json);
  return 0;
}

}  // namespace seglab
