#pragma once

namespace seglab {

/// Where the cells of a map lie in the image that it was made from: cell i, in rows and in columns
/// alike, is centred on pixel `center` + i * `stride`. Pixel 0 is the first one's middle.
struct MapGrid {
  double stride = 1;  ///< pixels between neighbours; not whole where the input was scaled
  double center = 0;  ///< pixels

  bool operator==(const MapGrid&) const = default;
};

}  // namespace seglab
