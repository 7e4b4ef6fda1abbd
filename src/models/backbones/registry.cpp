#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/alexnet.h"
#include "models/backbones/backbone.h"
#include "models/backbones/googlenet.h"
#include "models/backbones/mobilenet_v1.h"
#include "models/backbones/mobilenet_v2.h"
#include "models/backbones/resnet.h"
#include "models/backbones/squeezenet.h"
#include "models/backbones/vgg.h"
#include "tensor/state.h"

namespace seglab {
namespace {

/// Finds the row of "vgg16" or {"name": "vgg16", ...} and calls `make` with it and its options.
template <typename Make>
auto WithRow(const Json& spec, const std::string& path, Make make) {
  const Json object = spec.is_string() ? Json{{"name", spec}} : spec;
  JsonReader reader(object, path);
  const std::string name = reader.Require<std::string>("name");
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) {
    names.push_back(row.name);
    if (row.name != name) continue;
    auto made = make(row, reader);
    reader.Finish();
    return made;
  }
  throw Error(reader.Path("name"), ": ", UnknownName("backbone", name, names));
}

}  // namespace

const std::vector<BackboneRow>& BackboneRows() {
  static const char kKrizhevsky[] = "Krizhevsky, Sutskever, Hinton 2012; Krizhevsky 2014";
  static const char kSimonyan[] = "Simonyan, Zisserman 2015, arXiv:1409.1556";
  static const char kIoffe[] = "Simonyan, Zisserman 2015; batch norm: Ioffe, Szegedy 2015";
  static const char kSzegedy[] = "Szegedy et al. 2015, arXiv:1409.4842";
  static const char kHe[] = "He, Zhang, Ren, Sun 2016, arXiv:1512.03385";
  static const char kIandola[] = "Iandola et al. 2016, arXiv:1602.07360";
  static const char kHoward[] = "Howard et al. 2017, arXiv:1704.04861";
  static const char kSandler[] = "Sandler et al. 2018, arXiv:1801.04381";
  static const std::vector<BackboneRow> rows = {
      {"alexnet", "5 convolutions; \"caffe\": CaffeNet", kKrizhevsky, MakeAlexNetTrunk,
       MakeAlexNetClassifier},
      {"vgg11", "VGG A, 8 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg13", "VGG B, 10 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg16", "VGG D, 13 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg19", "VGG E, 16 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg11_bn", "VGG A with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg13_bn", "VGG B with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg16_bn", "VGG D with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg19_bn", "VGG E with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"googlenet", "9 inception modules; \"caffe\": BVLC's network", kSzegedy, MakeGoogLeNetTrunk,
       MakeGoogLeNetClassifier},
      {"resnet18", "8 basic blocks", kHe, MakeResNetTrunk, MakeResNetClassifier},
      {"resnet34", "16 basic blocks", kHe, MakeResNetTrunk, MakeResNetClassifier},
      {"resnet50", "16 bottlenecks", kHe, MakeResNetTrunk, MakeResNetClassifier},
      {"resnet101", "33 bottlenecks", kHe, MakeResNetTrunk, MakeResNetClassifier},
      {"resnet152", "50 bottlenecks", kHe, MakeResNetTrunk, MakeResNetClassifier},
      {"squeezenet1_0", "8 fire modules", kIandola, MakeSqueezeNetTrunk, MakeSqueezeNetClassifier},
      {"squeezenet1_1", "8 fire modules, 2.4 times fewer operations", kIandola, MakeSqueezeNetTrunk,
       MakeSqueezeNetClassifier},
      {"mobilenet_v1", "13 depthwise separable convolutions", kHoward, MakeMobileNetV1Trunk,
       MakeMobileNetV1Classifier},
      {"mobilenet_v2", "17 inverted residuals", kSandler, MakeMobileNetV2Trunk,
       MakeMobileNetV2Classifier},
  };
  return rows;
}

std::shared_ptr<Trunk> MakeTrunk(const Json& spec, const TrunkOptions& options,
                                 const std::string& path) {
  options.Check();
  return WithRow(spec, path, [&](const BackboneRow& row, JsonReader& reader) {
    return row.make_trunk(row.name, reader, options);
  });
}

std::shared_ptr<SegModel> MakeClassifier(const Json& spec, int classes, const std::string& path) {
  return WithRow(spec, path, [&](const BackboneRow& row, JsonReader& reader) {
    return row.make_classifier(row.name, reader, classes);
  });
}

SegModel::Start StartOnTrunk(const Trunk& trunk, const NamedTensors& source,
                             const std::vector<std::string>& new_layers) {
  for (const auto& [name, tensor] : source) {
    if (HasPrefix(name, "backbone")) return {source, {}, {}};
  }
  SegModel::Start start = trunk.StartFromClassifier(source);
  for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
  for (std::string& layer : start.new_layers) layer = "backbone." + layer;
  for (std::string& layer : start.dropped_layers) layer = "backbone." + layer;
  start.new_layers.insert(start.new_layers.end(), new_layers.begin(), new_layers.end());
  return start;
}

std::vector<int> Trunk::Strides() const {
  std::vector<int> strides;
  for (const auto& [stride, map] : maps_) strides.push_back(stride);
  return strides;
}

const Trunk::Map& Trunk::Find(int stride) const {
  const auto found = maps_.find(stride);
  if (found != maps_.end()) return found->second;
  std::vector<std::string> strides;
  for (const auto& [known, map] : maps_) strides.push_back(std::to_string(known));
  throw Error("backbone: has no features of stride ", stride, "; it has ", Join(strides));
}

void CheckOutputStride(const std::string& where, int output_stride) {
  for (int allowed : {32, 16, 8, 4}) {
    if (output_stride == allowed) return;
  }
  throw Error(where, ".output_stride: must be 32, 16, 8 or 4, found ", output_stride);
}

void TrunkOptions::Check(const std::string& where) const {
  CheckOutputStride(where, output_stride);
  if (published_fcn && deeplab) {
    throw Error(where, ".deeplab: published_fcn is the geometry of another network; leave one of ",
                "them out");
  }
  if (deepest != 32 && deepest != 16 && deepest != 8 && deepest != 4)
    throw Error(where, ".deepest: must be 32, 16, 8 or 4, found ", deepest);
  if ((published_fcn || deeplab) && (!fc || deepest != 32)) {
    throw Error(where, fc ? ".deepest" : ".fc", ": FCN's published geometry and DeepLab's trunks ",
                "have their own end; leave one of them out");
  }
  if (output_stride == 32) return;
  if (published_fcn) {
    throw Error(where, ".output_stride: FCN's published geometry has stride 32, found ",
                output_stride, "; leave published_fcn out");
  }
  if (pooling_indices) {
    throw Error(where, ".pooling_indices: only at output stride 32, found ", output_stride,
                "; leave one of them out");
  }
}

int64_t WholeNumber(double x) {
  if (x != std::floor(x)) throw std::logic_error(StrCat("maps: cells lie ", x, " cells apart"));
  return static_cast<int64_t>(x);
}

}  // namespace seglab
