#include "base/error.h"
#include "base/names.h"
#include "models/backbones/backbone.h"
#include "models/backbones/vgg.h"

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
  static const char kSimonyan[] = "Simonyan, Zisserman 2015, arXiv:1409.1556";
  static const char kIoffe[] = "Simonyan, Zisserman 2015; batch norm: Ioffe, Szegedy 2015";
  static const std::vector<BackboneRow> rows = {
      {"vgg11", "VGG A, 8 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg13", "VGG B, 10 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg16", "VGG D, 13 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg19", "VGG E, 16 convolutions", kSimonyan, MakeVggTrunk, MakeVggClassifier},
      {"vgg11_bn", "VGG A with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg13_bn", "VGG B with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg16_bn", "VGG D with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
      {"vgg19_bn", "VGG E with batch norm", kIoffe, MakeVggTrunk, MakeVggClassifier},
  };
  return rows;
}

std::shared_ptr<Trunk> MakeTrunk(const Json& spec, const TrunkOptions& options,
                                 const std::string& path) {
  return WithRow(spec, path, [&](const BackboneRow& row, JsonReader& reader) {
    return row.make_trunk(row.name, reader, options);
  });
}

std::shared_ptr<SegModel> MakeClassifier(const Json& spec, int classes, const std::string& path) {
  return WithRow(spec, path, [&](const BackboneRow& row, JsonReader& reader) {
    return row.make_classifier(row.name, reader, classes);
  });
}

}  // namespace seglab
