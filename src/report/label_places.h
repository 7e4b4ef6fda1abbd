#pragma once

#include <vector>

// Where the labels of a plot's points stand.
namespace seglab {

inline constexpr double kLabelHeight = 14;  ///< of a label's box, in the SVG's units

/// In the SVG's units; y grows downwards.
struct Place {
  double x = 0, y = 0;
};

/// A rectangle in the SVG's units; y grows downwards.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;

  double Right() const { return x + width; }
  double Bottom() const { return y + height; }
};

/// True when they share more than an edge.
bool Overlap(const Box& a, const Box& b);

/// A point in the SVG and what its label needs.
struct Mark {
  double x = 0, y = 0;
  double bar = 0;  ///< half of its bar's height
  double label_width = 0;
};

/// The point of a box that is nearest to a mark.
Place Nearest(const Box& box, const Mark& mark);

/// From a mark to the nearest point of a box.
double Distance(const Box& box, const Mark& mark);

/// The box of each mark's label: inside `area`, over no other label, point or bar, as near to its
/// own point as the labels before it leave room.
/// @return empty when they do not all find room
std::vector<Box> PlaceLabels(const std::vector<Mark>& marks, const Box& area);

}  // namespace seglab
