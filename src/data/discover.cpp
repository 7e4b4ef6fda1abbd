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
  int64_t lossy = 0, masks = 0;
};

void CountMask(const RawMask& mask, Seen& seen) {
  ++seen.masks;
  seen.lossy += mask.lossy ? 1 : 0;
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

/// The classes of masks of values.
Json ClassesOfValues(const std::map<int, int64_t>& values, std::vector<std::string>& notes) {
  std::vector<int> kinds;
  for (const auto& [value, count] : values) kinds.push_back(value);
  std::string listed;
  for (int value : kinds) listed += (listed.empty() ? "" : ", ") + std::to_string(value);
  if (kinds == std::vector<int>{0, 255} || kinds == std::vector<int>{255}) {
    notes.push_back("masks of 0 and 255: background and object");
    return {{"names", {"background", "object"}}, {"values", {{"255", 1}}}};
  }
  const bool has_void = kinds.size() > 2 && kinds.back() == kIgnoreLabel;
  if (has_void) kinds.pop_back();
  if (kinds.size() > kMostClasses && kinds.back() <= 255) {
    notes.push_back(StrCat("masks of ", kinds.size(),
                           " values, taken as numbers of objects: background and object"));
    return {{"names", {"background", "object"}}, {"threshold", 1}};
  }
  const std::string beside = has_void ? ", and 255, taken as void" : "";
  const bool whole = kinds.back() == static_cast<int>(kinds.size()) - 1;
  if (whole || kinds.back() < static_cast<int>(kMostClasses)) {
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
  return seen.colors.empty() ? ClassesOfValues(seen.values, notes)
                             : ClassesOfColors(seen.colors, notes);
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
  FolderOptions folders;
  folders.root = root;
  folders.images = layout.images;
  folders.masks = layout.masks;
  const std::vector<std::string> splits = FolderSplits(folders);
  const auto has = [&splits](const char* split) {
    return std::find(splits.begin(), splits.end(), split) != splits.end();
  };
  found.has_splits = layout.images != "." && has("train") && has("val");
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
