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

/// At most `most` letters of a UTF-8 text, the rest as "…".
inline std::string ShortText(const std::string& text, size_t most) {
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_letter = (text[i] & 0xC0) != 0x80;
    if (starts_letter && ++letters > most) return text.substr(0, i) + "…";
  }
  return text;
}

}  // namespace seglab
