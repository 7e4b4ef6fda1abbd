#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace seglab {

/// Names of rows as short as plots and narrow tables need them, which keep what differs: parts that
/// all names share go ("FCN-8s [vgg16, lr=0.1]", "FCN-8s [alexnet, lr=0.1]": "vgg16", "alexnet"),
/// then, where that is too long, the keys that
/// all have in the same places ("vgg16 0.1"), then the middle. Names that differ stay different.
/// @param longest  in characters, at least 8
/// @return one for each name, in their order
std::vector<std::string> ShortNames(const std::vector<std::string>& names, size_t longest);

/// The names without their middle where they are too long. Names that differ stay different.
std::vector<std::string> CutNames(const std::vector<std::string>& names, size_t longest);

}  // namespace seglab
