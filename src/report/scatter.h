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

}  // namespace seglab
