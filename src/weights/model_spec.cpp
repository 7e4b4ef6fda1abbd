#include "weights/model_spec.h"

#include "base/error.h"
#include "base/files.h"
#include "models/registry.h"

namespace seglab {

Json ParseModelSpec(const std::string& text, const std::string& where) {
  if (FileExists(text)) return NetworkOrBackbone(ReadJsonFile(text), text);
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && text[first] == '{';
  return NetworkOrBackbone(json ? ParseJson(text, where) : Json(text), where);
}

Json ParseModelSpec(const std::string& text, const std::string& backbone,
                    const std::string& where) {
  Json spec = ParseModelSpec(text, where);
  if (backbone.empty()) return spec;
  if (spec.contains("backbone")) {
    throw UsageError("--backbone: ", text, " names a backbone itself; leave one of them out");
  }
  spec["backbone"] = backbone.starts_with('{') ? ParseJson(backbone, "--backbone") : Json(backbone);
  return spec;
}

Json ParsePreprocessing(const std::string& text, const std::string& where) {
  return text.starts_with('{') ? ParseJson(text, where) : Json(text);
}

}  // namespace seglab
