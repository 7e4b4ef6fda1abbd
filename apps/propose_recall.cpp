#include "propose_recall.h"

#include <iostream>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/prefetch.h"
#include "data/objects.h"
#include "regions/recall.h"

namespace seglab {
namespace {

struct Proposed {
  RegionSet regions;
  cv::Mat objects;  // empty: the image is left out
};

Proposed ProposeOne(const Dataset& dataset, int64_t index, bool drawn, ProposalCache& cache) {
  if (drawn && dataset.Objects(index).empty()) return {};
  const Sample sample = dataset.Get(index);
  const ObjectMap map = drawn ? ObjectsOf(dataset, index, sample.truth.LabelMap())
                              : ConnectedObjects(sample.truth.LabelMap());
  return {cache.Get(sample.image, 1), map.ids};
}

Json PointsToJson(const CoverageCurve& curve) {
  Json points = Json::array();
  for (const CoveragePoint& point : curve.Points()) {
    points.push_back({{"proposals", point.proposals == 0 ? Json("all") : Json(point.proposals)},
                      {"recall_50", point.recall_50},
                      {"recall_70", point.recall_70},
                      {"mean_best_overlap", point.mean_best}});
  }
  return points;
}

std::string RecallTable(const RecallStudy& study) {
  const auto cell = [](const std::string& text) {
    return std::string(text.size() < 7 ? 7 - text.size() : 1, ' ') + text;
  };
  const auto cells = [&cell](const CoveragePoint& point) {
    return cell(FormatPercent(100 * point.recall_50)) + cell(FormatPercent(100 * point.recall_70)) +
           cell(FormatPercent(100 * point.mean_best));
  };
  std::string text =
      "           boxes                   masks\nproposals   @0.5   @0.7   mean       "
      "@0.5   @0.7   mean best overlap\n";
  const std::vector<CoveragePoint> boxes = study.boxes().Points(), masks = study.masks().Points();
  for (size_t i = 0; i < boxes.size(); ++i) {
    const int n = boxes[i].proposals;
    text += "  " + cell(n == 0 ? "all" : std::to_string(n)) + cells(boxes[i]) + "    " +
            cells(masks[i]) + "\n";
  }
  return text;
}

}  // namespace

void PrintRecall(const Dataset& dataset, bool drawn, ProposalCache& cache, int threads,
                 const std::string& json) {
  const double start = Seconds();
  RecallStudy study;
  int64_t left_out = 0;
  {
    Progress progress("proposals", dataset.Size());
    OrderedPrefetch<Proposed> images(
        [&](int64_t index) { return ProposeOne(dataset, index, drawn, cache); }, 0, dataset.Size(),
        threads);
    for (int64_t done = 1; const std::optional<Proposed> image = images.Next(); ++done) {
      if (image->objects.empty()) {
        ++left_out;
      } else {
        study.Add(image->regions, image->objects);
      }
      progress.Update(done);
    }
  }
  if (study.masks().objects() == 0) {
    throw Error("propose: no image of the data set has ", drawn ? "drawn objects" : "an object",
                "; name a folder of object masks <image>.png with --set data.objects=DIR");
  }
  const double seconds = Seconds() - start;
  const auto images = static_cast<double>(study.images());
  std::cout << study.images() << " images, " << study.masks().objects() << " objects, "
            << Fixed(static_cast<double>(study.proposals()) / images, 0) << " proposals an image\n"
            << RecallTable(study);
  if (left_out > 0) Log::Info(left_out, " images have no drawn objects, left out");
  Log::Info(study.images(), " images in ", FormatDuration(seconds), ", ",
            Significant(seconds / images, 3), " s each; proposals of ", cache.found(),
            " were there already");
  if (json.empty()) return;
  const Json written = {{"images", study.images()},
                        {"objects", study.masks().objects()},
                        {"proposals", study.proposals()},
                        {"seconds", seconds},
                        {"options", cache.options().ToJson()},
                        {"boxes", PointsToJson(study.boxes())},
                        {"masks", PointsToJson(study.masks())}};
  WriteFileAtomically(json, JsonText(written));
}

}  // namespace seglab
