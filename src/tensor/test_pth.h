#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tensor/pth.h"
#include "tensor/test_reader.h"

// Files of PyTorch by hand, in both formats.
namespace seglab {

using namespace test_files;  // NOLINT: of tests alone

using Maker = std::string (*)(const std::string&,
                              const std::vector<std::pair<std::string, std::string>>&);
inline std::string Legacy(const std::string& value,
                          const std::vector<std::pair<std::string, std::string>>& storages) {
  return LegacyPth(value, storages);
}
inline constexpr Maker kFormats[] = {ZipPth, Legacy};

class PthTest : public ReaderTest {
 protected:
  PthTest() : ReaderTest(ReadPth, "a.pth") {}

  /// Of a file in each format with storage "0" of `elements` floats.
  std::vector<std::string> Messages(const std::string& value, int elements = 6) {
    std::vector<std::string> messages;
    for (Maker format : kFormats)
      messages.push_back(Message(format(value, {{"0", Counting<float>(elements)}})));
    return messages;
  }

  std::vector<std::string> Names(const TensorFile& file) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : file.tensors) names.push_back(name);
    return names;
  }

  const std::string small_ = Tensor(Storage("0", 6), 0, {2, 3}, {3, 1});
};

}  // namespace seglab
