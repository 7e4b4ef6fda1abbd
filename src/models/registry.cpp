#include "models/registry.h"

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/backbone.h"
#include "models/fcn.h"

namespace seglab {
namespace {

constexpr char kLong2015[] = "Long, Shelhamer, Darrell 2015, section 4";
constexpr char kShelhamer2017[] = "Shelhamer, Long, Darrell 2017, section 4.3";

std::shared_ptr<SegModel> MakeFcn32s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k32s); }
std::shared_ptr<SegModel> MakeFcn16s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k16s); }
std::shared_ptr<SegModel> MakeFcn8s(JsonReader& r, int n) { return MakeFcn(r, n, FcnKind::k8s); }
std::shared_ptr<SegModel> MakeFcn8sAtOnce(JsonReader& r, int n) {
  return MakeFcn(r, n, FcnKind::k8sAtOnce);
}
std::shared_ptr<SegModel> MakeClassifierRow(JsonReader& reader, int classes) {
  Json backbone = "vgg16";
  reader.Get("backbone", backbone);
  return MakeClassifier(backbone, classes, reader.Path("backbone"));
}

Json AsObject(const Json& spec) { return spec.is_string() ? Json{{"name", spec}} : spec; }

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
  throw Error(path, ": ", UnknownName("model", name, names));
}

Task ModelTask(const Json& spec, const std::string& path) {
  const Json object = AsObject(spec);
  if (!object.is_object() || !object.contains("name") || !object["name"].is_string()) {
    throw Error(path, ": must be a model's name or an object with \"name\"");
  }
  return FindModel(object["name"].get<std::string>(), path + ".name").task;
}

std::shared_ptr<SegModel> MakeModel(const Json& spec, int classes, const std::string& path) {
  const Json object = AsObject(spec);
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
  return model;
}

}  // namespace seglab
