#include "models/registry.h"

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/backbone.h"
#include "models/deconvnet.h"
#include "models/deeplab_v1.h"
#include "models/deeplab_v2.h"
#include "models/deeplab_v3.h"
#include "models/deeplab_v3_mobilenet.h"
#include "models/deeplab_v3plus.h"
#include "models/fcn.h"
#include "models/rcnn.h"
#include "models/reseg.h"
#include "models/segnet.h"
#include "models/segnet_basic.h"
#include "models/torchvision_seg.h"
#include "models/unet.h"

namespace seglab {
namespace {

constexpr char kLong2015[] = "Long, Shelhamer, Darrell 2015, section 4";
constexpr char kShelhamer2017[] = "Shelhamer, Long, Darrell 2017, section 4.3";
constexpr char kChen2015[] = "Chen et al. 2015, arXiv:1412.7062";
constexpr char kChen2018[] = "Chen et al. 2018, arXiv:1606.00915";
constexpr char kSegNet[] = "Badrinarayanan et al. 2017, arXiv:1511.00561";
constexpr char kTorchvisionFcn[] = "torchvision, after Long, Shelhamer, Darrell 2015";
constexpr char kTorchvisionDeepLab[] = "torchvision, after Chen et al. 2017, arXiv:1706.05587";

std::shared_ptr<SegModel> MakeFcn32s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k32s); }
std::shared_ptr<SegModel> MakeFcn16s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k16s); }
std::shared_ptr<SegModel> MakeFcn8s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k8s); }
std::shared_ptr<SegModel> MakeFcn8sAtOnce(JsonReader& r, int n) {
  return MakeFcn(r, n, FcnKind::k8sAtOnce);
}
std::shared_ptr<SegModel> MakeFcnResNet50(JsonReader& r, int n) {
  return MakeTorchvisionSeg(r, n, {"resnet50", /*deeplab=*/false});
}
std::shared_ptr<SegModel> MakeFcnResNet101(JsonReader& r, int n) {
  return MakeTorchvisionSeg(r, n, {"resnet101", /*deeplab=*/false});
}
std::shared_ptr<SegModel> MakeDeepLabV3ResNet50(JsonReader& r, int n) {
  return MakeTorchvisionSeg(r, n, {"resnet50", /*deeplab=*/true});
}
std::shared_ptr<SegModel> MakeDeepLabV3ResNet101(JsonReader& r, int n) {
  return MakeTorchvisionSeg(r, n, {"resnet101", /*deeplab=*/true});
}
std::shared_ptr<SegModel> MakeClassifierRow(JsonReader& reader, int classes) {
  Json backbone = "vgg16";
  reader.Get("backbone", backbone);
  return MakeClassifier(backbone, classes, reader.Path("backbone"));
}

/// ModelObject, of which the name is sure to be there.
Json Named(const Json& spec, const std::string& path) {
  Json object = ModelObject(spec);
  if (!object.is_object() || !object.contains("name") || !object["name"].is_string()) {
    throw Error(path, ": must be a model's name or an object with \"name\"");
  }
  return object;
}

const ModelRow& RowOf(const Json& spec, const std::string& path) {
  return FindModel(Named(spec, path)["name"].get<std::string>(), path + ".name");
}

/// Whether the network itself makes another input of the "imagenet" that it takes.
bool TransformsInput(const SegModel& model) { return model.Traits().count("input") != 0; }

}  // namespace

const std::vector<ModelRow>& ModelRows() {
  static const std::vector<ModelRow> rows = {
      {"fcn32s", Task::kSegmentation, "one score map at stride 32, upsampled", kLong2015,
       MakeFcn32s},
      {"fcn16s", Task::kSegmentation, "score map at stride 32 plus a skip from stride 16",
       kLong2015, MakeFcn16s},
      {"fcn8s", Task::kSegmentation, "skips from strides 16 and 8", kLong2015, MakeFcn8s},
      {"fcn8s_atonce", Task::kSegmentation, "fcn8s trained in one stage, skips scaled",
       kShelhamer2017, MakeFcn8sAtOnce},
      {"deeplab_v1", Task::kSegmentation, "dilated VGG-16 with a wide fc6; \"msc\"", kChen2015,
       MakeDeepLabV1},
      {"deeplab_v2", Task::kSegmentation, "dilated ResNet-101 with summed ASPP; \"scales\"",
       kChen2018, MakeDeepLabV2},
      {"deeplabv3", Task::kSegmentation, "multi-grid, ASPP with image pooling",
       "Chen et al. 2017, arXiv:1706.05587", MakeDeepLabV3},
      {"deeplabv3plus", Task::kSegmentation, "deeplabv3 with a decoder, separable convolutions",
       "Chen et al. 2018, arXiv:1802.02611", MakeDeepLabV3Plus},
      {"unet", Task::kSegmentation, "encoder and decoder with skips of all maps",
       "Ronneberger et al. 2015, arXiv:1505.04597", MakeUnet},
      {"segnet", Task::kSegmentation, "VGG and its mirror, max unpooling", kSegNet, MakeSegNet},
      {"segnet_basic", Task::kSegmentation, "4 + 4 layers; any decoder, upsampling, convolution",
       kSegNet, MakeSegNetBasic},
      {"deconvnet", Task::kSegmentation, "VGG with fc6, fc7 and its mirror of deconvolutions",
       "Noh et al. 2015, arXiv:1505.04366", MakeDeconvNet},
      {"reseg", Task::kSegmentation, "a trunk's fine map, recurrent layers over rows and columns",
       "Visin et al. 2016, arXiv:1511.07053", MakeReSeg},
      {"fcn_resnet50", Task::kSegmentation, "dilated ResNet-50 with a convolutional head",
       kTorchvisionFcn, MakeFcnResNet50},
      {"fcn_resnet101", Task::kSegmentation, "dilated ResNet-101 with a convolutional head",
       kTorchvisionFcn, MakeFcnResNet101},
      {"deeplabv3_resnet50", Task::kSegmentation, "dilated ResNet-50 with an ASPP head",
       kTorchvisionDeepLab, MakeDeepLabV3ResNet50},
      {"deeplabv3_resnet101", Task::kSegmentation, "dilated ResNet-101 with an ASPP head",
       kTorchvisionDeepLab, MakeDeepLabV3ResNet101},
      {"deeplabv3_mobilenet_v2", Task::kSegmentation,
       "dilated MobileNet v2 with image-level features", "Sandler et al. 2018, section 6.3",
       MakeDeepLabV3MobileNetV2},
      {"rcnn", Task::kSegmentation, "proposed regions, features, linear SVMs, pasting",
       "Girshick et al. 2014, section 5, arXiv:1311.2524", MakeRcnn, Recipe::kFitted},
      {"classifier", Task::kClassification, "a backbone with its own classification head",
       "the backbone's paper", MakeClassifierRow},
  };
  return rows;
}

const ModelRow& FindModel(const std::string& name, const std::string& path) {
  std::vector<std::string> names;
  for (const ModelRow& row : ModelRows()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  for (const BackboneRow& row : BackboneRows()) {
    if (row.name == name) {
      throw Error(path, ": ", name, " is a backbone; name a network on it, as in ",
                  Json{{"name", "classifier"}, {"backbone", name}}.dump());
    }
  }
  throw Error(path, ": ", UnknownName("model", name, names));
}

Json NetworkOrBackbone(const Json& spec, const std::string& path) {
  Json object = Named(spec, path);
  const std::string name = object["name"];
  std::vector<std::string> names;
  for (const ModelRow& row : ModelRows()) {
    if (row.name == name) return object;
    names.push_back(row.name);
  }
  for (const BackboneRow& row : BackboneRows()) {
    if (row.name == name) {
      return {{"name", "classifier"}, {"backbone", object.size() == 1 ? object["name"] : object}};
    }
    names.push_back(row.name);
  }
  throw Error(path, spec.is_string() ? "" : ".name", ": ",
              UnknownName("network or backbone", name, names));
}

Json ModelObject(const Json& spec) { return spec.is_string() ? Json{{"name", spec}} : spec; }

Task ModelTask(const Json& spec, const std::string& path) { return RowOf(spec, path).task; }

Recipe ModelRecipe(const Json& spec, const std::string& path) { return RowOf(spec, path).recipe; }

std::shared_ptr<SegModel> MakeModel(const Json& spec, int classes, const std::string& path) {
  const Json object = ModelObject(spec);
  JsonReader reader(object, path);
  const std::string name = reader.Require<std::string>("name"), name_path = reader.Path("name");
  const ModelRow& row = FindModel(name, name_path);
  int wanted = classes;
  reader.Get("num_classes", wanted, 1, 100000);
  if (classes > 0 && wanted != classes) {
    throw Error(reader.Path("num_classes"), ": is ", wanted, ", but the data has ", classes,
                " classes");
  }
  if (wanted < 1) throw Error(path, ": needs \"num_classes\"");
  Json preprocessing = "imagenet";
  reader.Get("preprocessing", preprocessing);
  std::shared_ptr<SegModel> model = row.make(reader, wanted);
  reader.Finish();
  model->preprocessing = Preprocessing::FromJson(preprocessing, reader.Path("preprocessing"));
  if (TransformsInput(*model) && !(model->preprocessing == Preprocessing())) {
    throw Error(reader.Path("preprocessing"),
                ": a network with \"transform_input\" takes \"imagenet\", found ",
                PreprocessingText(model->preprocessing), "; leave one of them out");
  }
  return model;
}

}  // namespace seglab
