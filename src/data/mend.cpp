#include "data/mend.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/names.h"
#include "data/identity.h"
#include "data/label_map.h"

namespace seglab {
namespace {

constexpr int64_t kMasks = 100;     // that are looked at
constexpr size_t kMostColors = 40;  // of a mask that holds classes

/// What raw masks hold.
struct RawContent {
  std::set<int> values;
  std::map<Color, int64_t> colors;  // pixels of each
  bool lossy = false, wide = false;
};

void AddColors(const cv::Mat& rgb, std::map<Color, int64_t>& colors) {
  for (int y = 0; y < rgb.rows; ++y) {
    const uint8_t* at = rgb.ptr<uint8_t>(y);
    for (int x = 0; x < rgb.cols; ++x, at += 3) {
      if (colors.size() > kMostColors) return;
      ++colors[{at[0], at[1], at[2]}];
    }
  }
}

void AddContent(const RawMask& mask, RawContent& content) {
  content.lossy = content.lossy || mask.lossy;
  if (HoldsColors(mask)) return AddColors(mask.pixels, content.colors);
  content.wide = content.wide || mask.pixels.depth() == CV_16U;
  const int channels = mask.pixels.channels();
  std::vector<bool> seen(65536);
  for (int y = 0; y < mask.pixels.rows; ++y) {
    for (int x = 0; x < mask.pixels.cols; ++x) {
      seen[mask.pixels.depth() == CV_16U ? mask.pixels.at<uint16_t>(y, x)
                                         : mask.pixels.ptr<uint8_t>(y)[x * channels]] = true;
    }
  }
  for (int value = 0; value < 65536; ++value) {
    if (seen[value]) content.values.insert(value);
  }
}

RawContent ContentOf(const Dataset& dataset) {
  RawContent content;
  const int64_t size = dataset.Size(), count = std::min(size, kMasks);
  for (int64_t k = 0; k < count; ++k) {
    const std::vector<std::string> files = dataset.Files(k * size / count);
    if (files.size() < 2) continue;
    try {
      AddContent(ReadRawMask(files[1]), content);
    } catch (const Error&) {  // the audit says it
    }
  }
  return content;
}

/// `values` from `first` on as classes 0, 1, ...: "\"values\": {\"128\": 1}"; those that mean
/// themselves are left out unless all are to stand there.
std::string ValuesLine(const std::vector<int>& values, size_t first, bool all) {
  Json meanings = Json::object();
  for (size_t i = first; i < values.size(); ++i) {
    const int label = static_cast<int>(i - first);
    if (all || values[i] != label) meanings[std::to_string(values[i])] = label;
  }
  return "\"values\": " + meanings.dump();
}

std::string ColorsLine(const std::map<Color, int64_t>& colors, int classes) {
  if (colors.size() > kMostColors) {
    return "save the masks as they were drawn, without smoothing and as PNG: they hold more than " +
           std::to_string(kMostColors) + " colors";
  }
  std::vector<std::pair<int64_t, Color>> sorted;
  for (const auto& [color, count] : colors) sorted.push_back({count, color});
  std::sort(sorted.rbegin(), sorted.rend());
  Json list = Json::array();
  for (const auto& [count, color] : sorted) list.push_back(color);
  const std::string text = list.dump();
  if (static_cast<int>(colors.size()) == classes)
    return "\"palette\": " + text + ", in the order of \"names\" (these stand by frequency)";
  return StrCat("\"palette\": the colors of the ", classes,
                " classes, and \"ignore\": the others; found, by frequency: ", text);
}

std::string GreyLine(const RawContent& content, int classes) {
  const std::vector<int> values(content.values.begin(), content.values.end());
  const auto count = static_cast<int>(values.size());
  const bool ends = content.values.count(0) != 0 && content.values.count(255) != 0;
  if (content.lossy || (classes == 2 && count > 3 && ends && !content.wide)) {
    return classes == 2 ? "\"threshold\": 128"
                        : "save the masks as PNG: what they are stored in changes values";
  }
  if (count == classes) return ValuesLine(values, 0, content.wide);
  const bool without_void = content.values.count(255) != 0 && count == classes + 1;
  if (without_void && values.front() != 0)
    return ValuesLine({values.begin(), values.end() - 1}, 0, content.wide);
  if (count == classes + 1 && values.front() == 0 && !without_void)
    return ValuesLine(values, 1, true) + ", \"ignore\": [0]";
  if (count > 60) return "";
  std::vector<std::string> texts;
  for (const int value : values) texts.push_back(std::to_string(value));
  return StrCat("\"values\": what each raw value means, and \"ignore\": the others; found: ",
                Join(texts));
}

}  // namespace

std::vector<std::string> ProposeMends(const Dataset& dataset, const Audit& audit) {
  const int classes = dataset.Labels().size();
  const bool sound = audit.error_count == 0 && audit.AbsentClasses(dataset.Labels()).empty();
  if (sound || audit.task == Task::kClassification) return {};
  const RawContent content = ContentOf(dataset);
  // Values that the data set understands are left as they are, unless classes are missing because
  // all is void or there is another number of values.
  const bool understood = audit.error_count == 0 && audit.void_pixels == 0;
  std::vector<std::string> lines;
  if (!content.colors.empty() && audit.error_count > 0)
    lines.push_back(ColorsLine(content.colors, classes));
  if (content.values.empty() || understood) return lines;
  const bool two_ends = content.values == std::set<int>{0, 255};
  if (audit.error_count == 0 && !(two_ends && classes == 2)) return lines;
  const bool own_values = dataset.Settings().value("values", Json()).is_null();
  if (!own_values && audit.error_count == 0) return lines;
  const std::string line = GreyLine(content, classes);
  if (!line.empty() && line != "\"values\": {}") lines.push_back(line);
  return lines;
}

std::string WhyHopeless(const Audit& audit, const LabelSet& labels) {
  if (audit.looked_at == audit.error_count) return "";  // errors say more
  const auto occurs = std::count_if(audit.counts.begin(), audit.counts.end(),
                                    [](int64_t count) { return count > 0; });
  if (occurs == 0) return "not one pixel has a label, so nothing can be learnt or scored";
  if (occurs > 1) return "";
  const size_t only = std::find_if(audit.counts.begin(), audit.counts.end(),
                                   [](int64_t count) { return count > 0; }) -
                      audit.counts.begin();
  return StrCat("\"", labels.names.at(only),
                "\" is the only class that occurs, so nothing can be learnt");
}

SharedPictures FindSharedPictures(const Dataset& one, const Dataset& other, size_t max_kept) {
  const auto size_of = [](const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? uintmax_t{0} : size;
  };
  const auto image_of = [](const Dataset& dataset, int64_t index) {
    const std::vector<std::string> files = dataset.Files(index);
    return files.empty() ? "" : files.front();
  };
  SharedPictures shared;
  if (one.Size() == 0 || other.Size() == 0) return shared;
  if (image_of(one, 0).empty() || image_of(other, 0).empty()) return shared;
  std::unordered_multimap<uintmax_t, int64_t> by_size;
  for (int64_t i = 0; i < other.Size(); ++i) by_size.emplace(size_of(image_of(other, i)), i);
  ContentHashes hashes;
  std::unordered_map<std::string, std::string> known;
  const auto hash_of = [&](const std::string& file) {
    const auto [found, is_new] = known.try_emplace(file);
    if (is_new) found->second = hashes.Of(file);
    return found->second;
  };
  for (int64_t i = 0; i < one.Size(); ++i) {
    const std::string file = image_of(one, i);
    const uintmax_t size = size_of(file);
    if (size == 0) continue;
    const auto [first, last] = by_size.equal_range(size);
    for (auto at = first; at != last; ++at) {
      const std::string twin = image_of(other, at->second);
      if (twin != file && hash_of(twin) != hash_of(file)) continue;
      const std::string name = one.Name(i), other_name = other.Name(at->second);
      if (shared.names.size() < max_kept)
        shared.names.push_back(name == other_name ? name : name + " = " + other_name);
      ++shared.count;
      break;
    }
  }
  return shared;
}

}  // namespace seglab
