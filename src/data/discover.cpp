#include "data/discover.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <opencv2/core.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/classes.h"
#include "data/file_table.h"
#include "data/folder.h"
#include "data/image_file.h"
#include "data/label_map.h"
#include "data/labels.h"
#include "data/pair_list.h"
#include "data/pairs.h"

namespace seglab {
namespace {

constexpr std::array kMaskPatterns = {
    "{stem}",       "{stem}_mask",   "{stem}_masks",        "{stem}-mask",
    "{stem}_label", "{stem}_labels", "{stem}_labelIds",     "{stem}_gt",
    "{stem}_GT",    "{stem}_seg",    "{stem}_segmentation", "{stem}_annotation",
    "{stem}_L",     "{stem}_P",      "mask_{stem}",         "label_{stem}"};
constexpr size_t kMostClasses = 64;

/// How a folder is called where it holds masks.
bool SoundsLikeMasks(const std::string& folder) {
  std::string lower = folder;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"mask", "label", "annot", "gt", "truth", "seg", "target"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

/// The root, the folders in it, and those in them.
std::vector<std::string> FoldersIn(const std::string& root) {
  std::vector<std::string> folders = {"."};
  for (const std::string& outer : ListFolders(root)) {
    if (IsSystemName(outer)) continue;
    folders.push_back(outer);
    for (const std::string& inner : ListFolders(JoinPath(root, outer))) {
      if (!IsSystemName(inner)) folders.push_back(outer + "/" + inner);
    }
  }
  return folders;
}

struct Layout {
  std::string images, masks, pattern;
  std::vector<PairFiles> pairs;  ///< those that have both
  int64_t without_mask = 0;
};

using Table = std::shared_ptr<const FileTable>;

/// The images that have a mask; none where the two folders do not go together.
Layout LayoutOf(const std::string& images, const Table& of_images, const std::string& masks,
                const Table& of_masks) {
  Layout layout{images, masks, of_masks->pattern(), {}, 0};
  try {
    for (PairFiles& pair : AllPairs(*of_images, {of_masks})) {
      if (pair.mask.empty()) {
        ++layout.without_mask;
      } else {
        layout.pairs.push_back(std::move(pair));
      }
    }
  } catch (const Error&) {
    layout.pairs.clear();  // two of one stem, an image that is its own mask
  }
  return layout;
}

/// The layout in which most images have a mask; no pairs where none has.
Layout FindLayout(const std::string& root) {
  std::map<std::string, Table> of_images;
  std::vector<std::pair<std::string, Table>> of_masks;
  for (const std::string& folder : FoldersIn(root)) {
    const std::string path = folder == "." ? root : JoinPath(root, folder);
    if (ListFiles(path, PictureExtensions()).empty()) continue;
    of_images[folder] = std::make_shared<FileTable>(path);
    for (const char* pattern : kMaskPatterns) {
      FileTableOptions options;
      options.pattern = pattern;
      const auto table = std::make_shared<FileTable>(path, options);
      if (!table->entries().empty()) of_masks.emplace_back(folder, table);
    }
  }
  Layout best;
  for (const auto& [images, image_table] : of_images) {
    for (const auto& [masks, mask_table] : of_masks) {
      if (images == masks && mask_table->pattern() == "{stem}") continue;
      // Of two folders alike, the one that sounds so holds the masks.
      if (images != masks && SoundsLikeMasks(images) && !SoundsLikeMasks(masks)) continue;
      Layout layout = LayoutOf(images, image_table, masks, mask_table);
      if (layout.pairs.size() > best.pairs.size()) best = std::move(layout);
    }
  }
  return best;
}

/// What stands in masks, by how many pixels have it.
struct Seen {
  std::map<int, int64_t> values;
  std::map<std::array<int, 3>, int64_t> colors;
  int64_t lossy = 0, deep = 0, masks = 0;  ///< deep: of 16 bits
};

void CountMask(const RawMask& mask, Seen& seen) {
  ++seen.masks;
  seen.lossy += mask.lossy ? 1 : 0;
  seen.deep += mask.pixels.type() == CV_16UC1 ? 1 : 0;
  const bool colored = HoldsColors(mask);
  for (int y = 0; y < mask.pixels.rows; ++y) {
    for (int x = 0; x < mask.pixels.cols; ++x) {
      if (mask.pixels.type() == CV_8UC3) {
        const cv::Vec3b& c = mask.pixels.at<cv::Vec3b>(y, x);
        if (colored) {
          ++seen.colors[{c[0], c[1], c[2]}];
        } else {
          ++seen.values[c[0]];
        }
      } else if (mask.pixels.type() == CV_16UC1) {
        ++seen.values[mask.pixels.at<uint16_t>(y, x)];
      } else {
        ++seen.values[mask.pixels.at<uint8_t>(y, x)];
      }
    }
    if (seen.colors.size() > 100 * kMostClasses) return;  // a photograph
  }
}

Json Names(size_t count) {
  Json names = Json::array();
  for (size_t i = 0; i < count; ++i) names.push_back(StrCat("class ", i));
  return names;
}

/// Whether nearly all pixels are 0 or 255, and both are there.
bool HasSoftEdges(const std::map<int, int64_t>& values) {
  int64_t all = 0, ends = 0;
  for (const auto& [value, count] : values) {
    all += count;
    if (value == 0 || value == 255) ends += count;
  }
  return values.count(0) != 0 && values.count(255) != 0 && 10 * ends >= 8 * all;
}

/// The classes of masks of values.
/// @param deep  16-bit masks, whose values mean only what is said of them
Json ClassesOfValues(const std::map<int, int64_t>& values, bool deep,
                     std::vector<std::string>& notes) {
  std::vector<int> kinds;
  for (const auto& [value, count] : values) kinds.push_back(value);
  std::string listed;
  for (int value : kinds) listed += (listed.empty() ? "" : ", ") + std::to_string(value);
  if (kinds == std::vector<int>{0, 255} || kinds == std::vector<int>{255}) {
    notes.push_back("masks of 0 and 255: background and object");
    return {{"names", {"background", "object"}}, {"values", {{"255", 1}}}};
  }
  const bool has_void = !deep && kinds.size() > 2 && kinds.back() == kIgnoreLabel;
  if (has_void) kinds.pop_back();
  if (deep && kinds.size() > kMostClasses) {
    Json meaning = Json::object();
    for (int value : kinds) meaning[std::to_string(value)] = value == 0 ? 0 : 1;
    notes.push_back(StrCat("16-bit masks of ", kinds.size(),
                           " values, taken as numbers of objects: background and object"));
    return {{"names", {"background", "object"}}, {"values", std::move(meaning)}};
  }
  if (kinds.size() > kMostClasses && HasSoftEdges(values)) {
    notes.push_back("masks of 0 and 255 with soft edges: background and object, parted at 128");
    return {{"names", {"background", "object"}}, {"threshold", 128}};
  }
  if (kinds.size() > kMostClasses) {
    notes.push_back(StrCat("masks of ", kinds.size(),
                           " values, taken as numbers of objects: background and object"));
    return {{"names", {"background", "object"}}, {"threshold", 1}};
  }
  const std::string beside = has_void ? ", and 255, taken as void" : "";
  const bool whole = kinds.back() == static_cast<int>(kinds.size()) - 1;
  if (!deep && (whole || kinds.back() < static_cast<int>(kMostClasses))) {
    notes.push_back(StrCat("masks of the values ", listed, ": ", kinds.back() + 1, " classes",
                           whole ? "" : " (those that do not occur included)", beside));
    return {{"names", Names(static_cast<size_t>(kinds.back()) + 1)}};
  }
  Json meaning = Json::object();
  for (size_t i = 0; i < kinds.size(); ++i) meaning[std::to_string(kinds[i])] = i;
  Json classes = {{"names", Names(kinds.size())}, {"values", std::move(meaning)}};
  if (has_void) classes["ignore"] = {kIgnoreLabel};
  notes.push_back(StrCat("masks of the values ", listed, ": a class each, in this order", beside));
  return classes;
}

Json ClassesOfColors(const std::map<std::array<int, 3>, int64_t>& colors,
                     std::vector<std::string>& notes) {
  std::vector<std::array<int, 3>> kinds;
  for (const auto& [color, count] : colors) kinds.push_back(color);
  // The darkest first: black is the background wherever there is one.
  std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return a[0] + a[1] + a[2] < b[0] + b[1] + b[2];
  });
  Json names = Json::array(), palette = Json::array();
  for (const auto& c : kinds) {
    const bool black = c == std::array<int, 3>{0, 0, 0};
    names.push_back(black ? "background" : StrCat("color ", c[0], " ", c[1], " ", c[2]));
    palette.push_back({c[0], c[1], c[2]});
  }
  notes.push_back(StrCat("masks of ", kinds.size(), " colors: a class each"));
  return {{"names", std::move(names)}, {"palette", std::move(palette)}};
}

/// Every n-th of the pairs, so that there are no more than `at_most`.
std::vector<PairFiles> Some(const std::vector<PairFiles>& pairs, int64_t at_most) {
  const auto count = static_cast<int64_t>(pairs.size());
  const int64_t taken = std::min(count, at_most);
  std::vector<PairFiles> some;
  for (int64_t i = 0; i < taken; ++i) some.push_back(pairs[i * count / taken]);
  return some;
}

Json LookAtMasks(const std::vector<PairFiles>& pairs, std::vector<std::string>& notes) {
  Seen seen;
  for (const PairFiles& pair : pairs) CountMask(ReadRawMask(pair.mask), seen);
  if (seen.lossy > 0) {
    notes.push_back(StrCat(seen.lossy, " of ", seen.masks,
                           " masks are JPEG files, which blur labels: read with a threshold, as "
                           "background and object; better made again as PNG"));
    return {{"names", {"background", "object"}}, {"threshold", 128}};
  }
  if (!seen.colors.empty() && !seen.values.empty()) {
    // Grey masks among colored ones are those without an object: their greys are colors.
    for (const auto& [value, count] : seen.values) seen.colors[{value, value, value}] += count;
    seen.values.clear();
  }
  const size_t kinds = std::max(seen.colors.size(), seen.values.size());
  if (kinds > 256 || seen.colors.size() > kMostClasses) {
    throw Error(pairs.front().mask, ": masks of ", kinds,
                seen.colors.empty() ? " values" : " colors",
                " are no label maps; are these photographs, or masks with soft edges? Write a "
                "classes.json with a \"threshold\", or make them again");
  }
  return seen.colors.empty() ? ClassesOfValues(seen.values, seen.deep > 0, notes)
                             : ClassesOfColors(seen.colors, notes);
}

/// "images" of "images/train" and "train/images"; the same where no split is in it.
std::string WithoutSplit(const std::string& folder) {
  for (const std::string split : {"train", "val"}) {
    if (folder.starts_with(split + "/")) return folder.substr(split.size() + 1);
    if (folder.ends_with("/" + split)) return folder.substr(0, folder.size() - split.size() - 1);
  }
  return folder;
}

/// Whether there are train and val, by folders or lists; then images and masks are said without.
void FindSplits(const std::string& root, FoundData& found) {
  if (found.images == ".") return;
  FolderOptions folders;
  folders.root = root;
  folders.images = WithoutSplit(found.images);
  folders.masks = WithoutSplit(found.masks);
  const std::vector<std::string> splits = FolderSplits(folders);
  for (const char* split : {"train", "val"}) {
    if (std::find(splits.begin(), splits.end(), split) == splits.end()) return;
  }
  found.has_splits = true;
  if (folders.images != found.images)
    found.notes.push_back("the other split lies likewise and is not counted here");
  found.images = folders.images;
  found.masks = folders.masks;
}

}  // namespace

FoundData DiscoverData(const std::string& root, int64_t at_most) {
  if (!FolderExists(root))
    throw Error(root, ": no such folder; name the one that holds images and masks");
  const Layout layout = FindLayout(root);
  if (layout.pairs.empty()) {
    throw Error(root, ": no picture with a mask was found; put them into ",
                JoinPath(root, "images"), " and ", JoinPath(root, "masks"),
                ", of the same names but for the ending");
  }
  FoundData found;
  found.images = layout.images;
  found.masks = layout.masks;
  found.mask_pattern = layout.pattern;
  found.pairs = static_cast<int64_t>(layout.pairs.size());
  found.without_mask = layout.without_mask;
  FindSplits(root, found);
  const std::string own = JoinPath(root, "classes.json");
  const std::vector<PairFiles> some = Some(layout.pairs, at_most);
  if (FileExists(own)) {
    found.classes = ReadJsonFile(own);
    ClassesFromJson(found.classes, own);
    found.classes_are_there = true;
    found.notes.push_back("classes of " + own);
  } else {
    found.classes = LookAtMasks(some, found.notes);
  }
  found.min_height = found.min_width = std::numeric_limits<int>::max();
  for (const PairFiles& pair : some) {
    const cv::Mat image = ReadImage(pair.image);
    found.min_height = std::min(found.min_height, image.rows);
    found.max_height = std::max(found.max_height, image.rows);
    found.min_width = std::min(found.min_width, image.cols);
    found.max_width = std::max(found.max_width, image.cols);
  }
  return found;
}

}  // namespace seglab
