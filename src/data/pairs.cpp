#include "data/pairs.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "base/files.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/sbd.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void Apply(const MaskValues& values, cv::Mat& mask) {
  if (!values.changes()) return;
  const cv::Mat table(1, 256, CV_8UC1, const_cast<uint8_t*>(values.meanings().data()));
  cv::LUT(mask, table, mask);
}

}  // namespace

Sample ReadPair(const std::string& name, const std::string& image_path,
                const std::string& mask_path, const LabelSet& labels, const MaskValues& values) {
  Sample sample;
  sample.name = name;
  sample.image = ReadImage(image_path);
  sample.truth.LabelMap() =
      EndsWith(mask_path, ".mat") ? ReadSbdMask(mask_path) : ReadMask(mask_path);
  if (sample.image.size() != sample.truth.LabelMap().size()) {
    throw Error(mask_path, ": the mask is ", sample.truth.LabelMap().cols, "x",
                sample.truth.LabelMap().rows, " pixels (width x height), its image ", image_path,
                " is ", sample.image.cols, "x", sample.image.rows,
                "; they must have the same size");
  }
  Apply(values, sample.truth.LabelMap());
  CheckLabels(sample.truth.LabelMap(), labels.size(), mask_path);
  return sample;
}

Json MaskValuesToJson(const MaskValues& values) {
  return values.changes() ? Json(values.meanings()) : Json();
}

std::vector<std::string> ReadIdList(const std::string& path) {
  std::vector<std::string> ids = ReadLines(path);
  if (ids.empty()) throw Error(path, ": the list is empty, it must name one id a line");
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].find_first_of(" \t/") != std::string::npos) {
      throw Error(path, ": entry ", i + 1, " is \"", ids[i],
                  "\"; a list names one id a line, without folder, extension or further columns");
    }
    const auto [earlier, is_new] = seen.emplace(ids[i], i + 1);
    if (!is_new) {
      throw Error(path, ": \"", ids[i], "\" is entry ", earlier->second, " and again entry ", i + 1,
                  "; take one out");
    }
  }
  return ids;
}

std::vector<std::string> ListImages(const std::string& folder) {
  std::vector<std::string> names = ListFiles(folder, {".jpg", ".jpeg", ".png", ".bmp"});
  if (names.empty()) throw Error(folder, ": holds no image (.jpg, .jpeg, .png, .bmp)");
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return Stem(a) != Stem(b) ? Stem(a) < Stem(b) : a < b;
  });
  for (size_t i = 1; i < names.size(); ++i) {
    if (Stem(names[i - 1]) == Stem(names[i])) {
      throw Error(folder, ": ", names[i - 1], " and ", names[i],
                  " have the same name but for the extension; take one out");
    }
  }
  return names;
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
  if (!FolderExists(root)) throw Error(dataset, ": no such folder ", root);
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
