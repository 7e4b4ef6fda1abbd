#include "data/label_map.h"
#include "data/masks.h"
#include "fuzz_text.h"

// As class indices, and as a mask of any kind whose colors and values mean classes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seglab;
  static const LabelSet labels = NumberedLabels(4);
  static const MaskValues values = [] {
    MaskValues some;
    some.Set(255, 1);
    some.SetPalette(labels);
    return some;
  }();
  fuzz::TryFile([](const std::string& path) { ReadMask(path); }, data, size);
  return fuzz::TryFile([](const std::string& path) { ReadLabelMap(path, labels, values); }, data,
                       size);
}
