#include "metrics/image_counts.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

namespace seglab {
namespace {

std::vector<int64_t> Counts(const Json& line, const char* key, const std::string& where) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_array())
    throw Error(where, ": has no list \"", key, "\"; evaluate again");
  std::vector<int64_t> counts;
  for (const Json& count : *found) {
    if (!count.is_number_integer() || count.get<int64_t>() < 0)
      throw Error(where, ": \"", key, "\" holds ", count.dump(), ", no count; evaluate again");
    counts.push_back(count.get<int64_t>());
  }
  return counts;
}

ImageCounts Read(const Json& line, size_t& classes, const std::string& where) {
  if (!line.is_object()) throw Error(where, ": is no object; evaluate again");
  ImageCounts image;
  const Json name = line.value("name", Json(""));
  if (!name.is_string()) throw Error(where, ": \"name\" is no text; evaluate again");
  image.name = name.get<std::string>();
  const std::vector<int64_t> truth = Counts(line, "truth", where),
                             predicted = Counts(line, "predicted", where),
                             hit = Counts(line, "hit", where);
  if (classes == 0) classes = truth.size();
  if (truth.size() != classes || predicted.size() != classes || hit.size() != classes)
    throw Error(where, ": counts of other than ", classes, " classes; evaluate again");
  for (size_t i = 0; i < classes; ++i) {
    if (truth[i] > 0 || predicted[i] > 0)
      image.classes.push_back({static_cast<int>(i), truth[i], predicted[i], hit[i]});
  }
  return image;
}

}  // namespace

void ImageCounts::AddTo(ClassCounts& sum, int64_t times) const {
  for (const One& one : classes) {
    sum.truth[one.label] += times * one.truth;
    sum.predicted[one.label] += times * one.predicted;
    sum.hit[one.label] += times * one.hit;
  }
}

ClassCounts EvaluatedImages::Sum() const {
  ClassCounts sum(classes);
  for (const ImageCounts& image : images) image.AddTo(sum);
  return sum;
}

EvaluatedImages ReadImageCounts(const std::string& path) {
  EvaluatedImages found;
  const std::vector<std::string> lines = ReadLines(path);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = StrCat(path, ", line ", i + 1);
    found.images.push_back(Read(ParseJson(lines[i], where), found.classes, where));
  }
  return found;
}

}  // namespace seglab
