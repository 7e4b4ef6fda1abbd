#include "experiment/pictures.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "data/convert.h"
#include "data/masks.h"
#include "tensor/argmax.h"
#include "train/evaluator.h"

namespace seglab {

void WritePictures(SegModel& model, const Dataset& dataset, int count,
                   const std::string& experiment_folder, const std::string& run_folder) {
  const std::string shared = JoinPath(experiment_folder, "pictures");
  const std::string own = JoinPath(run_folder, "pictures");
  MakeFolders(shared);
  MakeFolders(own);
  const int64_t shown = std::min<int64_t>(count, dataset.Size());
  Json names = Json::array();
  for (int64_t k = 0; k < shown; ++k) {
    const Sample sample = dataset.Get(k * dataset.Size() / shown);
    const at::Tensor logits = PredictLogits(model, ImageTensor(sample.image));
    const std::string number = std::to_string(k);
    WriteMask(JoinPath(own, number + ".png"), MaskFromTensor(ArgMaxLabels(logits)),
              dataset.Labels());
    WriteImage(JoinPath(shared, number + "_image.jpg"), sample.image);
    WriteMask(JoinPath(shared, number + "_truth.png"), sample.label, dataset.Labels());
    names.push_back(sample.name);
  }
  WriteFileAtomically(JoinPath(shared, "names.json"), JsonText(names));
}

}  // namespace seglab
