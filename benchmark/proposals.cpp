// Region proposals beside OpenCV's selective search on the same images, in one run.
//
//   proposals_benchmark ROOT SPLIT OBJECTS [IMAGES] [THREADS]
//
// ROOT is a folder in VOC's layout, SPLIT a list of it, OBJECTS a folder with the objects of each
// image (palette PNGs, 0 background, 255 void); images without them are left out. Times are those
// of the proposals alone, of each image the better one of two; boxes are compared at equal numbers.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <opencv2/ximgproc/segmentation.hpp>

#include "base/error.h"
#include "base/files.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "regions/propose.h"
#include "regions/recall.h"

namespace seglab {
namespace {

namespace search = cv::ximgproc::segmentation;

/// Seconds of the better one of two calls.
template <typename Call>
double Time(const Call& call) {
  double best = 1e9;
  for (int i = 0; i < 2; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

/// One way to make proposals: its time, its number of boxes, how they cover the objects.
struct Way {
  const char* name;
  double seconds = 0;
  size_t boxes = 0;
  CoverageCurve curve;

  void Add(double taken, const std::vector<cv::Rect>& proposals,
           const std::vector<cv::Rect>& objects) {
    seconds += taken;
    boxes += proposals.size();
    std::vector<double> overlaps(proposals.size());
    for (const cv::Rect& object : objects) {
      for (size_t i = 0; i < proposals.size(); ++i) overlaps[i] = BoxOverlap(proposals[i], object);
      curve.AddObject(overlaps);
    }
  }
  void Print(int images) const {
    std::printf("%-28s %7.1f ms, %6.0f boxes an image\n", name, 1e3 * seconds / images,
                static_cast<double>(boxes) / images);
    for (const CoveragePoint& point : curve.Points()) {
      std::printf("  %5s boxes: recall %.3f at 0.5, %.3f at 0.7, mean best overlap %.3f\n",
                  point.proposals == 0 ? "all" : std::to_string(point.proposals).c_str(),
                  point.recall_50, point.recall_70, point.mean_best);
    }
  }
};

void AddOurs(const cv::Mat& image, const ProposalOptions& options, int threads,
             const std::vector<cv::Rect>& objects, Way* way) {
  std::vector<cv::Rect> boxes;
  const double seconds = Time([&] {
    boxes.clear();
    const RegionSet set = Propose(image, options, threads);
    for (const Region& region : set.regions()) boxes.push_back(region.box);
  });
  way->Add(seconds, boxes, objects);
}

void AddTheirs(const cv::Mat& image, const std::vector<cv::Rect>& objects, Way* way) {
  cv::Mat bgr;
  cv::cvtColor(image, bgr, cv::COLOR_RGB2BGR);
  std::vector<cv::Rect> boxes;
  const double seconds = Time([&] {
    boxes.clear();
    const auto selective = search::createSelectiveSearchSegmentation();
    selective->setBaseImage(bgr);
    selective->switchToSelectiveSearchFast();
    selective->process(boxes);
  });
  way->Add(seconds, boxes, objects);
}

int Main(const std::string& root, const std::string& split, const std::string& folder, int limit,
         int threads) {
  cv::setNumThreads(threads);
  ProposalOptions masks, boxes;
  boxes.duplicates = Duplicates::kBoxes;
  Way by_masks{"seglab, fast", 0, 0, CoverageCurve()};
  Way by_boxes{"seglab, fast, no equal boxes", 0, 0, CoverageCurve()};
  Way theirs{"OpenCV ximgproc, fast", 0, 0, CoverageCurve()};
  int images = 0;
  for (const std::string& id : ReadLines(root + "/ImageSets/Segmentation/" + split + ".txt")) {
    const std::string file = folder + "/" + id + ".png";
    if (images == limit || !FileExists(file)) continue;
    const cv::Mat image = ReadImage(root + "/JPEGImages/" + id + ".jpg");
    const std::vector<cv::Rect> objects = ObjectBoxes(ReadMask(file));
    AddOurs(image, masks, threads, objects, &by_masks);
    AddOurs(image, boxes, threads, objects, &by_boxes);
    AddTheirs(image, objects, &theirs);
    ++images;
  }
  if (images == 0) throw Error(folder, ": has no PNG of an image of ", split);
  std::printf("%d images, %lld objects, %d threads\n", images,
              static_cast<long long>(theirs.curve.objects()), threads);
  for (const Way* way : {&by_masks, &by_boxes, &theirs}) way->Print(images);
  std::printf("%.1f times as fast\n", theirs.seconds / by_masks.seconds);
  return 0;
}

}  // namespace
}  // namespace seglab

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "proposals_benchmark ROOT SPLIT OBJECTS [IMAGES] [THREADS]\n");
    return 2;
  }
  try {
    return seglab::Main(argv[1], argv[2], argv[3], argc > 4 ? std::atoi(argv[4]) : -1,
                        argc > 5 ? std::atoi(argv[5]) : 2);
  } catch (const seglab::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
