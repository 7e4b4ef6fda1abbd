#pragma once

#include <string>
#include <vector>

namespace seglab {

/// One labelled point of a plot.
struct ScatterPoint {
  std::string label;
  std::string title;  ///< what a pointer over it shows
  int color = 0;      ///< points of one color are joined in their order
  double x = 0;
  double y = 0;
  double deviation = 0;  ///< half of the bar in y; 0 or NaN: no bar
};

struct ScatterOptions {
  std::string title = "";
  std::string x_label = "";
  std::string y_label = "";
  bool log_x = false;  ///< points whose x is not positive are left out
};

/// A <figure class="plot"> with caption and inline SVG; its colors are the classes c0..c6 of the
/// page's style. Points that are not finite are left out. Empty when none is left.
std::string ScatterHtml(const std::vector<ScatterPoint>& points, const ScatterOptions& options);

/// A rectangle in the SVG's units; y grows downwards.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;

  double Right() const { return x + width; }
  double Bottom() const { return y + height; }
};

bool Overlap(const Box& a, const Box& b);

/// A point in the SVG and what its label needs.
struct Mark {
  double x = 0, y = 0;
  double bar = 0;  ///< half of its bar's height
  double label_width = 0;
};

/// The box of each mark's label: inside `area`, over no other label, point or bar, as near to its
/// own point as the labels before it leave room.
/// @return empty when they do not all find room
std::vector<Box> PlaceLabels(const std::vector<Mark>& marks, const Box& area);

}  // namespace seglab
