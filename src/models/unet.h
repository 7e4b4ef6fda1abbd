#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "nn/upsampling.h"

namespace seglab {

/// What the convolutions of a U-Net do at the border of a map.
enum class UnetGeometry {
  kSame,       ///< pad it with zeros: maps keep their sizes
  kPublished,  ///< go no further than it: maps shrink, and the image is mirrored around itself
};

struct UnetOptions {
  UnetGeometry geometry = UnetGeometry::kSame;
  int64_t in_channels = 3;  ///< 3, or 1: the mean of the image's three, for grey pictures
  int64_t levels = 5;       ///< of resolution, 2..6; published 5
  double width = 1;         ///< factor on the channels 64, 128, ..., 1/64..4
  bool batch_norm = false;  ///< behind each 3x3 convolution; not in the paper
  double dropout = 0.5;     ///< behind the two deepest levels' convolutions, 0..0.95
  UpsamplingKind upsampling = UpsamplingKind::kTransposed;  ///< published: transposed
  /// In evaluation, published geometry: side of the tiles that the image's scores are made of, one
  /// after the other; the network sees the image around each, mirrored beyond the border, so that
  /// the scores are those of the image as a whole. 0: the image as a whole; published 388.
  int64_t tile = 0;

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "UnetOptions") const;
};

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeUnet(const UnetOptions& options, int classes);

/// Reads geometry ("same", "published"), in_channels, levels, width, batch_norm, dropout,
/// upsampling and tile from `reader`.
std::shared_ptr<SegModel> MakeUnet(JsonReader& reader, int classes);

/// What unpadded convolutions leave of a map in a U-Net.
struct UnetSizes {
  int64_t input, output;
};
/// The smallest input of the published geometry whose output has at least `side` rows: 572 -> 388.
UnetSizes PublishedUnetSizes(int64_t levels, int64_t side);

}  // namespace seglab
