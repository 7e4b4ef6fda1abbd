#include "data/pairs.h"

#include <algorithm>
#include <deque>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "data/exif.h"
#include "data/file_table.h"
#include "data/image_file.h"
#include "data/label_map.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

/// Why sizes may differ.
std::string ExifNote(int orientation, ImageView view) {
  if (orientation == 1) return "";
  const std::string turned =
      StrCat(" (its EXIF orientation, ", orientation, ", says that it is to be ", "seen ",
             OrientationText(orientation));
  return turned + (view == ImageView::kAsSeen
                       ? ", and so it is read; \"orientation\": \"stored\" reads it as it lies in "
                         "the file)"
                       : ", and it is read as it lies in the file)");
}

}  // namespace

Sample ReadPair(const std::string& name, const std::string& image_path,
                const std::string& mask_path, const LabelSet& labels, const MaskValues& values,
                ImageView view) {
  Sample sample;
  sample.name = name;
  int orientation = 1;
  sample.image = ReadImage(image_path, view, &orientation);
  sample.truth.LabelMap() = ReadLabelMap(mask_path, labels, values);
  if (sample.image.size() != sample.truth.LabelMap().size()) {
    throw Error(mask_path, ": the mask is ", sample.truth.LabelMap().cols, "x",
                sample.truth.LabelMap().rows, " pixels (width x height), its image ", image_path,
                " is ", sample.image.cols, "x", sample.image.rows, ExifNote(orientation, view),
                "; they must have the same size");
  }
  return sample;
}

std::string RequireRoot(JsonReader& reader) {
  std::string root;
  if (!reader.Get("root", root)) {
    throw Error(reader.Path("root"), ": is missing; name the data set's folder, with --data-root");
  }
  return root;
}

void CheckRoot(const std::string& root, const std::string& dataset) {
  if (root.empty()) throw Error(dataset, ": \"root\" is empty, it must name the data set's folder");
  if (!FolderExists(root)) throw Error(dataset, ": no such folder ", root, NearestPathHint(root));
}

std::vector<std::string> ListFolders(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code unreadable;
    if (it->is_directory(unreadable)) names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string NearbyRootHint(const std::string& root, const std::string& name) {
  constexpr int kMaxDepth = 3;
  constexpr int kMaxFolders = 200;  // a hint must not take a walk through a whole disk
  struct Place {
    std::string folder;
    int depth;
  };
  std::deque<Place> places;
  // From the root downwards, level by level; last the folder above.
  places.push_back({root, 0});
  for (int looked_at = 0; !places.empty() && looked_at < kMaxFolders; ++looked_at) {
    const Place place = places.front();
    places.pop_front();
    if (FolderExists(JoinPath(place.folder, name))) {
      return StrCat(" (did you mean ", place.folder, "? It holds ", name, ")");
    }
    if (place.depth == kMaxDepth) continue;
    for (const std::string& below : ListFolders(place.folder)) {
      places.push_back({JoinPath(place.folder, below), place.depth + 1});
    }
  }
  const std::string above = (fs::path(root) / "..").lexically_normal().string();
  if (FolderExists(JoinPath(above, name))) {
    return StrCat(" (did you mean ", above, "? It holds ", name, ")");
  }
  return "";
}

}  // namespace seglab
