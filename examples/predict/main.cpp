// Segments an image: prints of each class how many pixels are its own, and its largest score.
//
//   predict WEIGHTS IMAGE             the network that a run folder or checkpoint was trained as
//   predict WEIGHTS IMAGE NETWORK     a network by name, or JSON: {"name": "fcn8s", ...}

#include <iostream>

#include "base/error.h"
#include "data/convert.h"
#include "data/image_file.h"
#include "inference/predictor.h"
#include "tensor/argmax.h"
#include "weights/load.h"
#include "weights/model_spec.h"

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4) throw seglab::Error("usage: predict WEIGHTS IMAGE [NETWORK]");
  seglab::ModelChoice choice;
  if (argc == 4) choice.model = seglab::ParseModelSpec(argv[3], "NETWORK");
  const seglab::LoadedModel loaded = seglab::LoadModelFile(argv[1], choice);

  seglab::Predictor predictor(loaded.model);
  const at::Tensor scores = predictor.Scores(seglab::ImageTensor(seglab::ReadImage(argv[2])));
  const at::Tensor labels = seglab::ArgMaxLabels(scores);
  for (int64_t i = 0; i < scores.size(1); ++i) {
    std::cout << loaded.labels.names[i] << ": " << labels.eq(i).sum().item<int64_t>()
              << " pixels, largest score " << scores.select(1, i).max().item<float>() << "\n";
  }
} catch (const seglab::Error& error) {
  std::cerr << "predict: " << error.what() << "\n";
  return 1;
}
