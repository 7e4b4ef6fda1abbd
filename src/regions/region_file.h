#pragma once

#include <string>
#include <string_view>

#include "regions/region_set.h"

namespace seglab {

/// The version of the bytes below, and of what Propose makes of an image and its options.
inline constexpr int kProposalVersion = 1;

/// A set of regions as bytes: a line of text with a hash of what follows, then, compressed by zlib,
/// numbers of variable length: segment maps as differences from pixel to pixel, hierarchies,
/// regions.
std::string EncodeRegions(const RegionSet& set);

/// @throws Error when the bytes are not what EncodeRegions gave
RegionSet DecodeRegions(std::string_view bytes);

}  // namespace seglab
