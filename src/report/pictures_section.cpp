#include "report/pictures_section.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "data/encode.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/html.h"

namespace seglab {
namespace {

// Pixels of a picture inside the page, at most.
constexpr int kWidth = 360;
constexpr int kHeight = 480;
constexpr int kJpegQuality = 82;
// Smaller pictures are drawn enlarged and keep their square pixels.
constexpr int kSmall = 160;

struct Picture {
  std::string uri;
  bool small = false;
};

Picture ReadPhoto(const std::string& path) {
  const cv::Mat photo = ReadImage(path);
  const std::string bytes = EncodeJpeg(ShrinkImage(photo, kWidth, kHeight), kJpegQuality);
  return {DataUri("image/jpeg", bytes), photo.cols < kSmall};
}

Picture ReadMaskPicture(const std::string& path, const LabelSet& labels) {
  const cv::Mat mask = ReadMask(path);
  const std::string bytes = EncodeMaskPng(ShrinkMask(mask, kWidth, kHeight), labels);
  return {DataUri("image/png", bytes), mask.cols < kSmall};
}

/// A cell with the picture, or with a dash where the file is missing or broken.
std::string Cell(const std::string& path, const std::string& description,
                 const std::function<Picture(const std::string&)>& read) {
  if (!FileExists(path)) return "<td class=\"none\">–</td>";
  try {
    const Picture picture = read(path);
    return "<td><img alt=\"" + EscapeHtml(description) + "\"" +
           (picture.small ? " class=\"small\"" : "") + " src=\"" + picture.uri + "\"></td>";
  } catch (const Error& error) {
    Log::Warn("the report leaves out a picture: ", error.what());
    return "<td class=\"none\">–</td>";
  }
}

std::vector<std::string> SampleNames(const std::string& pictures) {
  std::vector<std::string> names;
  const std::string path = JoinPath(pictures, "names.json");
  if (!FileExists(path)) return names;
  const Json json = Json::parse(ReadFile(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return names;
  for (const Json& name : json) names.push_back(name.is_string() ? name.get<std::string>() : "");
  return names;
}

std::string Legend(const LabelSet& labels) {
  const auto item = [&labels](int index, const std::string& name) {
    return "<li>" + Swatch(MaskColor(labels, index)) + EscapeHtml(name) + "</li>";
  };
  std::string html = "<ul class=\"legend classes\">";
  for (int i = 0; i < labels.size(); ++i) html += item(i, labels.names[static_cast<size_t>(i)]);
  return html + item(kIgnoreLabel, "void") + "</ul>\n";
}

/// The runs whose pictures are of the same images.
struct Group {
  std::string shared;  ///< folder of the images and their truth
  std::vector<const RunResult*> runs;
};

std::vector<Group> Groups(const ExperimentResult& result) {
  std::vector<Group> groups;
  for (const RunResult& run : result.runs) {
    const std::string own = JoinPath(run.folder, PicturesFolder(run.evaluation));
    if (IsPreTraining(run) || !FolderExists(own)) continue;
    const std::string path = JoinPath(own, kSharedPictures);
    const std::string name = FileExists(path) ? ReadFile(path) : kPicturesFolder;
    const std::string shared = JoinPath(result.folder, name);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& other) { return other.shared == shared; });
    if (group == groups.end()) group = groups.insert(groups.end(), {shared, {}});
    group->runs.push_back(&run);
  }
  return groups;
}

/// A row for each image, a column for each run.
std::string PicturesTable(const Group& group, const std::vector<std::string>& names,
                          const LabelSet& labels) {
  const std::string& shared = group.shared;
  const std::vector<const RunResult*>& runs = group.runs;
  const auto read_mask = [&labels](const std::string& path) {
    return ReadMaskPicture(path, labels);
  };
  std::string html =
      "<div class=\"scroll\"><table class=\"pictures\">\n<thead><tr><th>image</th><th>truth</th>";
  for (const RunResult* run : runs) html += "<th>" + EscapeHtml(run->name) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (size_t k = 0; k < names.size(); ++k) {
    const std::string number = std::to_string(k);
    html += StrCat("<tr class=\"caption\"><th scope=\"row\" colspan=\"", runs.size() + 2,
                   "\"><span>", EscapeHtml(names[k]), "</span></th></tr>\n<tr>");
    html += Cell(JoinPath(shared, number + "_image.jpg"), names[k], ReadPhoto);
    html += Cell(JoinPath(shared, number + "_truth.png"), "truth of " + names[k], read_mask);
    for (const RunResult* run : runs) {
      html +=
          Cell(JoinPath(JoinPath(run->folder, PicturesFolder(run->evaluation)), number + ".png"),
               "prediction of " + run->name + " for " + names[k], read_mask);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

}  // namespace

std::string PicturesSection(const ExperimentResult& result) {
  std::string tables;
  for (const Group& group : Groups(result)) {
    const std::vector<std::string> names = SampleNames(group.shared);
    if (!names.empty()) tables += PicturesTable(group, names, result.labels);
  }
  if (tables.empty()) return "";
  return "<section id=\"pictures\">\n<h2>Pictures</h2>\n" + Legend(result.labels) + tables +
         "</section>\n";
}

}  // namespace seglab
