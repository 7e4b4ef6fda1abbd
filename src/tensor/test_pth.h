#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tensor/pth.h"
#include "tensor/test_reader.h"

// Files of torch.save by hand, in both of its formats.
namespace seglab {

using NameList = std::vector<std::string>;
using Maker = std::string (*)(const std::string&,
                              const std::vector<std::pair<std::string, std::string>>&);
inline std::string Legacy(const std::string& value,
                          const std::vector<std::pair<std::string, std::string>>& storages) {
  return test_files::LegacyPth(value, storages);
}
inline constexpr Maker kFormats[] = {test_files::ZipPth, Legacy};

class PthTest : public ReaderTest {
 protected:
  PthTest() : ReaderTest(ReadPth, "a.pth") {}

  /// Of a file in each format with storage "0" of `elements` floats.
  std::vector<std::string> Messages(const std::string& value, int elements = 6) {
    std::vector<std::string> messages;
    for (Maker format : kFormats)
      messages.push_back(Message(format(value, {{"0", test_files::Counting<float>(elements)}})));
    return messages;
  }

  std::vector<std::string> Names(const TensorFile& file) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : file.tensors) names.push_back(name);
    return names;
  }

  const std::string small_ = test_files::Tensor(test_files::Storage("0", 6), 0, {2, 3}, {3, 1});
};

}  // namespace seglab
