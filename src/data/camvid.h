#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// CamVid in the SegNet layout: root/<split>/, root/<split>annot/, 11 classes, label 11 = void
/// (becomes kIgnoreLabel). Brostow et al. 2009; split of Badrinarayanan et al. 2017.
struct CamvidOptions {
  std::string root;
  std::string split = "train";  ///< train, val, test
  int64_t limit = 0;            ///< use only the first n; 0 = all
  static CamvidOptions FromJson(const Json& json, const std::string& path);
};
const LabelSet& CamvidLabels();
std::shared_ptr<const Dataset> MakeCamvid(const CamvidOptions& options);

}  // namespace seglab
