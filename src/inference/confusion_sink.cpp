#include "inference/confusion_sink.h"

#include "data/labels.h"

namespace seglab {

void ConfusionSink::Add(const EvalItem& item) {
  const at::Tensor truth = item.truth.contiguous(), labels = item.labels.contiguous();
  matrix_.Add(truth.data_ptr<uint8_t>(), labels.data_ptr<uint8_t>(), truth.numel(), kIgnoreLabel,
              item.name);
}

}  // namespace seglab
