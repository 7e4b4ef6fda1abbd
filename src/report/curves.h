#pragma once

#include <string>
#include <vector>

namespace seglab {

/// One line of a plot. Points whose y is not finite are left out.
struct Series {
  std::string name;   ///< of the run
  std::string group;  ///< series of one group share legend and color
  int color = 0;
  std::vector<double> x = {};
  std::vector<double> y = {};
  std::string label = "";  ///< at the end of the line, and in the legend; "" = the group
  bool quiet = false;      ///< a pale line without a name, below the others
};

struct PlotOptions {
  std::string title = "";
  std::string x_label = "";
  std::string y_label = "";
  bool smooth = false;   ///< a moving average over a pale raw line; else a line with points
  bool points = true;    ///< with points on the line, where it is not smooth
  bool may_log = false;  ///< a logarithmic y axis where the values span more than a factor of 20
};

/// A <figure class="plot"> with caption, legend and inline SVG; its colors are the classes c0..c6
/// of the page's style. Empty when there is nothing to draw.
std::string PlotHtml(const std::vector<Series>& series, const PlotOptions& options);

/// The mean over a window around each value, narrower towards the ends so that it stays symmetric.
/// @param window  number of values; 1 changes nothing
std::vector<double> MovingAverage(const std::vector<double>& values, int window);

}  // namespace seglab
