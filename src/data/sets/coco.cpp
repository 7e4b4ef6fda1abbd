#include "data/sets/coco.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "data/file_table.h"
#include "data/label_map.h"
#include "data/pairs.h"
#include "data/sets/coco_shapes.h"
#include "data/sets/set_source.h"

namespace seglab {
namespace {

/// An object or a segment.
struct CocoObject {
  uint8_t label = 0;
  double area = 0;       // pixels
  uint32_t segment = 0;  // its number in the panoptic picture
  CocoShape shape;
};

struct CocoImage {
  std::string name, file, mask;  // mask: of a panoptic one
  std::vector<CocoObject> objects;
};

/// What a JSON of COCO says.
struct CocoFile {
  bool panoptic = false;
  LabelSet labels;
  std::unordered_map<int64_t, size_t> at;  // index of an image by its id
  std::vector<CocoImage> images;
  std::string hash;
};

const Json& Member(const Json& object, const char* key, const std::string& file) {
  if (!object.is_object() || !object.contains(key))
    throw Error(file, ": holds no \"", key, "\", as COCO's annotations do");
  return object.at(key);
}

/// An annotation, of which the JSON may be forgotten; what it refers to may stand behind it.
struct CocoRow {
  int64_t image = 0;
  std::string mask;  // of a panoptic one
  struct Object {
    int64_t category = 0;
    bool crowd = false;
    CocoObject object;
  };
  std::vector<Object> objects;
};

CocoRow RowOf(const Json& json, const std::string& file) {
  CocoRow row;
  JsonReader reader(json, file + ": annotations");
  row.image = reader.Require<int64_t>("image_id");
  if (json.contains("segments_info")) {
    row.mask = reader.Require<std::string>("file_name");
    for (const Json& segment : json["segments_info"]) {
      JsonReader members(segment, file + ": segments_info");
      CocoRow::Object& object = row.objects.emplace_back();
      object.category = members.Require<int64_t>("category_id");
      int64_t id = members.Require<int64_t>("id");
      members.Get<int64_t>("id", id, 0, 0xffffff);  // a color of the panoptic picture
      object.object.segment = static_cast<uint32_t>(id);
    }
    return row;
  }
  CocoRow::Object& object = row.objects.emplace_back();
  object.category = reader.Require<int64_t>("category_id");
  int crowd = 0;
  reader.Get("iscrowd", crowd);
  object.crowd = crowd != 0;
  reader.Get("area", object.object.area);
  object.object.shape = CocoShapeOf(Member(json, "segmentation", file),
                                    StrCat(file, ": an object of image ", row.image));
  return row;
}

/// The lists of a file, of which the annotations are many times larger in JSON.
struct CocoLists {
  Json categories = Json::array(), images = Json::array();
  std::vector<CocoRow> rows;
};

CocoLists ReadLists(const std::string& text, const std::string& file) {
  CocoLists lists;
  const Json rest = ParseJsonRows(text, file, [&](const std::string& list, Json&& row) {
    if (list == "annotations") lists.rows.push_back(RowOf(row, file));
    if (list == "categories") lists.categories.push_back(std::move(row));
    if (list == "images") {
      JsonReader reader(row, file + ": images");
      lists.images.push_back({{"id", reader.Require<int64_t>("id")},
                              {"file_name", reader.Require<std::string>("file_name")}});
    }
  });
  for (const char* list : {"annotations", "categories", "images"}) Member(rest, list, file);
  return lists;
}

void AddRow(CocoRow row, const std::unordered_map<int64_t, uint8_t>& labels,
            const std::string& file, CocoFile& content) {
  const auto image = content.at.find(row.image);
  if (image == content.at.end()) return;
  CocoImage& of = content.images[image->second];
  of.mask = row.mask;
  for (CocoRow::Object& object : row.objects) {
    const auto found = labels.find(object.category);
    if (found == labels.end()) {
      throw Error(file, ": category ", object.category, " of image ", of.name,
                  " is not in \"categories\"");
    }
    object.object.label = object.crowd ? uint8_t{kIgnoreLabel} : found->second;
    of.objects.push_back(std::move(object.object));
  }
}

CocoFile ReadCoco(const std::string& file) {
  CocoFile content;
  CocoLists lists;
  {
    const std::string text = ReadFile(file);
    content.hash = HashHex(text);
    lists = ReadLists(text, file);
  }
  content.panoptic = !lists.rows.empty() && !lists.rows.front().mask.empty();
  std::unordered_map<int64_t, uint8_t> labels;
  if (!content.panoptic) content.labels.names.push_back("background");
  for (const Json& category : lists.categories) {
    if (content.labels.size() == kIgnoreLabel)
      throw Error(file, ": more than ", kIgnoreLabel, " classes; labels are of 8 bits");
    JsonReader reader(category, file + ": categories");
    labels[reader.Require<int64_t>("id")] = static_cast<uint8_t>(content.labels.size());
    content.labels.names.push_back(reader.Require<std::string>("name"));
  }
  content.labels.palette = NumberedLabels(content.labels.size()).palette;
  for (const Json& image : lists.images) {
    const auto name = image["file_name"].get<std::string>();
    content.at[image["id"].get<int64_t>()] = content.images.size();
    content.images.push_back({PictureStem(name), name, "", {}});
  }
  for (CocoRow& row : lists.rows) AddRow(std::move(row), labels, file, content);
  for (CocoImage& image : content.images) {
    // Drawn in this order: crowds lie below all, small objects on large ones.
    std::stable_sort(
        image.objects.begin(), image.objects.end(), [](const CocoObject& a, const CocoObject& b) {
          const bool a_void = a.label == kIgnoreLabel, b_void = b.label == kIgnoreLabel;
          return a_void != b_void ? a_void : a.area > b.area;
        });
  }
  return content;
}

class Coco : public Dataset {
 public:
  Coco(CocoFile content, std::vector<size_t> chosen, std::string images, std::string masks,
       ImageView view)
      : content_(std::move(content)),
        chosen_(std::move(chosen)),
        images_(std::move(images)),
        masks_(std::move(masks)),
        view_(view) {}

  int64_t Size() const override { return static_cast<int64_t>(chosen_.size()); }
  std::string Name(int64_t index) const override { return Of(index).name; }
  const LabelSet& Labels() const override { return content_.labels; }
  Json Settings() const override { return {{"annotations", content_.hash}}; }
  std::vector<std::string> Files(int64_t index) const override {
    std::vector<std::string> files = {JoinPath(images_, Of(index).file)};
    if (content_.panoptic) files.push_back(JoinPath(masks_, Of(index).mask));
    return files;
  }

  Sample Get(int64_t index) const override {
    const CocoImage& of = Of(index);
    Sample sample;
    sample.name = of.name;
    const std::string file = JoinPath(images_, of.file);
    sample.image = ReadImage(file, view_);
    cv::Mat map = content_.panoptic ? Segments(of) : Objects(of, sample.image.size());
    if (map.size() != sample.image.size()) {
      throw Error(JoinPath(masks_, of.mask), ": is ", map.cols, "x", map.rows,
                  " pixels, its image ", file, " ", sample.image.cols, "x", sample.image.rows);
    }
    sample.truth = std::move(map);
    return sample;
  }

 private:
  const CocoImage& Of(int64_t index) const { return content_.images[chosen_.at(index)]; }

  static cv::Mat Objects(const CocoImage& of, cv::Size size) {
    cv::Mat map = cv::Mat::zeros(size, CV_8UC1);
    for (const CocoObject& object : of.objects) DrawCocoShape(object.shape, object.label, map);
    return map;
  }

  cv::Mat Segments(const CocoImage& of) const {
    const std::string file = JoinPath(masks_, of.mask);
    const RawMask raw = ReadRawMask(file);
    if (raw.pixels.type() != CV_8UC3)
      throw Error(file, ": is ", raw.kind, ", but panoptic masks are RGB");
    std::unordered_map<uint32_t, uint8_t> labels;
    for (const CocoObject& object : of.objects) labels[object.segment] = object.label;
    cv::Mat map(raw.pixels.size(), CV_8UC1);
    uint32_t last = 0;
    uint8_t label = kIgnoreLabel;
    for (int y = 0; y < map.rows; ++y) {
      const uint8_t* at = raw.pixels.ptr<uint8_t>(y);
      for (int x = 0; x < map.cols; ++x, at += 3) {
        const uint32_t segment = at[0] | at[1] << 8 | at[2] << 16;
        if (segment != last) {
          const auto found = labels.find(segment);
          if (found == labels.end() && segment != 0) {
            throw Error(file, ": segment ", segment, " at (", x, ", ", y,
                        ") is not in \"segments_info\" of the JSON");
          }
          label = segment == 0 ? uint8_t{kIgnoreLabel} : found->second;
          last = segment;
        }
        map.at<uint8_t>(y, x) = label;
      }
    }
    return map;
  }

  const CocoFile content_;
  const std::vector<size_t> chosen_;
  const std::string images_, masks_;
  const ImageView view_;
};

/// The first of some places below the root that is there. @throws Error naming all
std::string FirstThere(const SetOptions& options, const std::vector<std::string>& places,
                       bool (*is_there)(const std::string&)) {
  std::string tried;
  for (const std::string& place : places) {
    const std::string path = JoinPath(options.root, place);
    if (is_there(path)) return path;
    tried += (tried.empty() ? "" : ", ") + path;
  }
  throw Error(options.title, ": there is none of ", tried,
              NearestPathHint(JoinPath(options.root, places.front())),
              "; \"images\" and \"annotations\" name others");
}

std::vector<size_t> Choose(const CocoFile& content, const std::string& list,
                           const std::string& images, const std::string& file) {
  std::vector<size_t> chosen;
  if (list.empty()) {
    for (size_t i = 0; i < content.images.size(); ++i) {
      // Panoptic images without annotation have no truth.
      if (!content.panoptic || !content.images[i].mask.empty()) chosen.push_back(i);
    }
  } else {
    std::unordered_map<std::string, size_t> by_name;
    for (size_t i = 0; i < content.images.size(); ++i) by_name[content.images[i].name] = i;
    for (const std::string& line : ReadLines(list)) {
      const auto found = by_name.find(PictureStem(line));
      if (found == by_name.end()) throw Error(list, ": \"", line, "\" is no image of ", file);
      chosen.push_back(found->second);
    }
  }
  if (chosen.empty()) throw Error(list.empty() ? file : list, ": names no image");
  const std::string first = JoinPath(images, content.images[chosen.front()].file);
  if (!FileExists(first))
    throw Error(first, ": no such image, but ", file, " names it", NearestPathHint(first));
  return chosen;
}

}  // namespace

std::shared_ptr<const Dataset> MakeCoco(const Json& json, const std::string& path) {
  SetOptions options;
  options.title = "coco";
  std::string annotations;
  JsonReader reader(json, path);
  options.Read(reader);
  reader.Get("annotations", annotations);
  reader.Finish();
  CheckRoot(options.root, options.title);
  const std::string split = options.split.empty() ? "train" : options.split;
  const std::string year = split.find("20") == std::string::npos ? split + "2017" : split;
  const std::string file = FirstThere(
      options,
      annotations.empty()
          ? std::vector<std::string>{"annotations/instances_" + year + ".json", "annotations.json"}
          : std::vector<std::string>{annotations},
      FileExists);
  const std::string images =
      FirstThere(options,
                 options.images.empty() ? std::vector<std::string>{year, "images/" + year, "images"}
                                        : std::vector<std::string>{options.images},
                 FolderExists);
  std::string list;
  for (const std::string& place : {JoinPath(options.root, split + ".txt"), split}) {
    if (list.empty() && FileExists(place)) list = place;
  }
  // One JSON for all: without a list every split would be the same images.
  if (list.empty() && Stem(file).find(split) == std::string::npos) {
    throw Error(options.title, ": neither does ", file, " belong to split \"", split,
                "\" nor is there a list ", JoinPath(options.root, split + ".txt"));
  }
  CocoFile content = ReadCoco(file);
  const std::string masks = options.masks.empty() ? file.substr(0, file.rfind('.'))
                                                  : JoinPath(options.root, options.masks);
  std::vector<size_t> chosen = Choose(content, list, images, file);
  KeepFirst(chosen, options.limit);
  return std::make_shared<Coco>(std::move(content), std::move(chosen), images, masks, options.view);
}

}  // namespace seglab
