#include "data/elastic.h"

#include <algorithm>

namespace seglab {

ElasticField::ElasticField(const std::vector<Displacement>& nodes, int grid, const cv::Size& image)
    : side_(grid + 2), image_(image) {
  nodes_.reserve(static_cast<size_t>(side_) * side_);
  for (int y = -1; y <= grid; ++y) {
    for (int x = -1; x <= grid; ++x)
      nodes_.push_back(nodes[static_cast<size_t>(std::clamp(y, 0, grid - 1) * grid +
                                                 std::clamp(x, 0, grid - 1))]);
  }
  for (int x = 0; x < image.width; ++x) columns_.push_back(TapsOf(x, image.width, grid));
}

ElasticField::Taps ElasticField::TapsOf(int pixel, int length, int grid) {
  const double at = length > 1 ? static_cast<double>(pixel) * (grid - 1) / (length - 1) : 0;
  const int node = std::min(static_cast<int>(at), grid - 2);
  const double t = at - node;
  // Keys 1981, equation 15. Node -1 of the grid is node 0 of the padded one.
  return {node,
          {((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1,
           ((-1.5 * t + 2) * t + 0.5) * t, (0.5 * t - 0.5) * t * t}};
}

void ElasticField::Row(int y, Place* places) const {
  const Taps rows = TapsOf(y, image_.height, side_ - 2);
  std::vector<Displacement> line(static_cast<size_t>(side_));
  for (int node = 0; node < side_; ++node) {
    for (int k = 0; k < 4; ++k) {
      const Displacement& from = nodes_[static_cast<size_t>((rows.first + k) * side_ + node)];
      line[static_cast<size_t>(node)].x += rows.weights[k] * from.x;
      line[static_cast<size_t>(node)].y += rows.weights[k] * from.y;
    }
  }
  for (int x = 0; x < image_.width; ++x) {
    const Taps& taps = columns_[static_cast<size_t>(x)];
    const Displacement* from = &line[static_cast<size_t>(taps.first)];
    double dx = 0, dy = 0;
    for (int k = 0; k < 4; ++k) {
      dx += taps.weights[k] * from[k].x;
      dy += taps.weights[k] * from[k].y;
    }
    places[x] = {PlaceOf(x + dx), PlaceOf(y + dy)};
  }
}

std::vector<Displacement> DrawDisplacements(int grid, double sigma, RandomStream& random) {
  std::vector<Displacement> nodes(static_cast<size_t>(grid) * grid);
  for (Displacement& node : nodes) {
    node.x = sigma * random.Normal();
    node.y = sigma * random.Normal();
  }
  return nodes;
}

}  // namespace seglab
