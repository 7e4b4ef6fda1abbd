#include "weights/weight_preprocessing.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "weights/traits.h"

namespace seglab {
namespace {

/// A tensor by which a file is recognised; -1: any size.
struct Mark {
  std::string_view name;
  std::vector<int64_t> shape;
};

struct KnownRow {
  const char* what;
  const char* preprocessing;
  std::vector<Mark> marks;  // all must be there
};

// The files that torchvision publishes hold nothing but tensors, so that their names, and 1000 rows
// for ImageNet's classes or 21 for VOC's, are all there is to know them by. All take "imagenet";
// GoogLeNet is TensorFlow's and torchvision turns its input to [-1, 1] inside (transform_input).
// Weights of Caffe have been published under the same names (VGG, SqueezeNet): hence a row is
// reported when it is used, and gives way to what the user names.
const std::vector<KnownRow>& KnownRows() {
  static const std::vector<KnownRow> rows = {
      {"torchvision's ResNet for ImageNet",
       "imagenet",
       {{"conv1.weight", {64, 3, 7, 7}},
        {"layer4.0.conv1.weight", {512, -1, -1, -1}},
        {"fc.weight", {1000, -1}}}},
      {"torchvision's VGG for ImageNet",
       "imagenet",
       {{"features.0.weight", {64, 3, 3, 3}}, {"classifier.6.weight", {1000, 4096}}}},
      {"torchvision's AlexNet for ImageNet",
       "imagenet",
       {{"features.0.weight", {64, 3, 11, 11}}, {"classifier.6.weight", {1000, 4096}}}},
      {"torchvision's SqueezeNet for ImageNet",
       "imagenet",
       {{"features.3.squeeze.weight", {16, -1, 1, 1}}, {"classifier.1.weight", {1000, 512, 1, 1}}}},
      {"torchvision's MobileNet v2 for ImageNet",
       "imagenet",
       {{"features.0.0.weight", {32, 3, 3, 3}}, {"classifier.1.weight", {1000, 1280}}}},
      {"torchvision's GoogLeNet for ImageNet",
       "unit",
       {{"conv1.conv.weight", {64, 3, 7, 7}},
        {"inception3a.branch1.bn.weight", {64}},
        {"fc.weight", {1000, 1024}}}},
      {"torchvision's segmentation network for VOC's classes",
       "imagenet",
       {{"backbone.conv1.weight", {64, 3, 7, 7}},
        {"backbone.layer4.0.conv1.weight", {512, -1, -1, -1}},
        {"classifier.4.weight", {21, -1, 1, 1}}}},
  };
  return rows;
}

bool HasMark(const TensorFile& file, const Mark& mark) {
  const at::Tensor* tensor = file.Find(std::string(mark.name));
  if (tensor == nullptr || tensor->dim() != static_cast<int64_t>(mark.shape.size())) return false;
  for (size_t i = 0; i < mark.shape.size(); ++i) {
    if (mark.shape[i] >= 0 && mark.shape[i] != tensor->size(static_cast<int64_t>(i))) return false;
  }
  return true;
}

Preprocessing Named(const char* name) { return Preprocessing::FromJson(name, "preprocessing"); }

/// Whether the network, a GoogLeNet with "transform_input", itself turns "imagenet" into the "unit"
/// that torchvision's weights were trained on.
bool TransformsInput(const NetworkTraits& traits) { return HasTrait(traits, "input", "unit"); }

/// Whether every pixel becomes the same input in both, to a grey level.
bool Agree(const Preprocessing& a, const Preprocessing& b) {
  if (a.channel_order != b.channel_order) return false;
  for (size_t c = 0; c < 3; ++c) {
    const double level = std::min(a.scale / a.std[c], b.scale / b.std[c]);
    for (double pixel : {0.0, 255.0}) {
      const double x = (pixel * a.scale - a.mean[c]) / a.std[c],
                   y = (pixel * b.scale - b.mean[c]) / b.std[c];
      if (!(std::abs(x - y) <= level)) return false;
    }
  }
  return true;
}

constexpr char kHowToSay[] =
    "; name another one in the network's JSON: \"preprocessing\": \"imagenet\", \"caffe\", "
    "\"unit\" or an object";

}  // namespace

WeightPreprocessing PreprocessingOf(const TensorFile& file, const NetworkTraits& traits,
                                    const std::string& path) {
  WeightPreprocessing found;
  if (found.value.FromMetadata(file.metadata, path)) {
    found.source = PreprocessingSource::kStated;
    if (!TransformsInput(traits) || Agree(found.value, Named("imagenet"))) return found;
    if (!Agree(found.value, Named("unit"))) {
      throw Error(path, ": states that its weights take the preprocessing ",
                  PreprocessingText(found.value),
                  ", which \"transform_input\" cannot make; leave that out");
    }
    found.value = Named("imagenet");
    return found;
  }
  if (file.format == "caffemodel") {
    // Caffe's model zoo, with OpenCV's order of channels. Others than its mean are off by little.
    return {PreprocessingSource::kKnown, Named("caffe"), "Caffe's file format"};
  }
  if (HasTrait(traits, "variant", "caffe")) return found;
  for (const KnownRow& row : KnownRows()) {
    if (!std::all_of(row.marks.begin(), row.marks.end(),
                     [&](const Mark& mark) { return HasMark(file, mark); })) {
      continue;
    }
    const char* name = TransformsInput(traits) ? "imagenet" : row.preprocessing;
    return {PreprocessingSource::kKnown, Named(name), StrCat("tensors as those of ", row.what)};
  }
  return found;
}

PreprocessingChoice ChoosePreprocessing(const TensorFile& file, const NetworkTraits& traits,
                                        const Preprocessing* named, const std::string& path) {
  const WeightPreprocessing found = PreprocessingOf(file, traits, path);
  const std::string theirs = PreprocessingText(found.value);
  switch (found.source) {
    case PreprocessingSource::kStated:
      if (named != nullptr && !Agree(*named, found.value)) {
        throw Error(path, ": states that its weights take the preprocessing ", theirs,
                    ", but the network is given ", PreprocessingText(*named),
                    "; leave \"preprocessing\" out");
      }
      return {found.value};
    case PreprocessingSource::kKnown:
      if (named == nullptr) {
        return {found.value, StrCat(path, ": the preprocessing ", theirs, " is taken, known from ",
                                    found.basis, kHowToSay)};
      }
      if (Agree(*named, found.value)) return {*named};
      return {*named,
              StrCat(path, ": the preprocessing is ", PreprocessingText(*named),
                     " as the network's JSON says, but ", found.basis, " take ", theirs),
              /*warning=*/true};
    case PreprocessingSource::kUnknown:
      break;
  }
  if (named != nullptr) return {*named};
  return {found.value,
          StrCat(path, ": does not say how its images were normalised, the preprocessing ", theirs,
                 " is assumed; if that is wrong, so is every result", kHowToSay),
          /*warning=*/true, /*assumed=*/true};
}

void PreprocessingChoice::Log() const {
  if (remark.empty()) return;
  if (warning) {
    seglab::Log::Warn(remark);
  } else {
    seglab::Log::Info(remark);
  }
}

const Preprocessing* NamedPreprocessing(const SegModel& model, const Json& spec) {
  const bool named = spec.is_null() ? !(model.preprocessing == Preprocessing())
                                    : spec.is_object() && spec.contains("preprocessing");
  return named ? &model.preprocessing : nullptr;
}

}  // namespace seglab
