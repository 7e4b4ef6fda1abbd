#pragma once

#include <algorithm>
#include <string>

#include "base/format.h"
#include "report/html.h"

// What the report's plots are written with.
namespace seglab {

/// Colors of the page's style, c0 .. c6.
inline constexpr int kPlotColors = 7;

/// "12.5", in the SVG's own units.
inline std::string SvgNumber(double value) { return Fixed(value, 1); }

/// @param attributes  as they stand in the tag: "text-anchor=\"end\""
inline std::string SvgText(double x, double y, const std::string& attributes,
                           const std::string& text) {
  return "<text x=\"" + SvgNumber(x) + "\" y=\"" + SvgNumber(y) + "\" " + attributes + ">" +
         EscapeHtml(text) + "</text>\n";
}

}  // namespace seglab
