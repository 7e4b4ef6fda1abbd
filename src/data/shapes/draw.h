#pragma once

#include <vector>

#include "base/random.h"
#include "data/dataset.h"
#include "data/shapes/raster.h"
#include "data/shapes/texture.h"

namespace seglab::shapes {

/// A piece of an object in local units: the object fills about [-kUnit/2, kUnit/2] of its longer
/// side.
struct Part {
  Path path;
  Paint paint;
};

/// What an object is drawn from.
struct Sketch {
  int size;      ///< longer side, pixel units
  int thinnest;  ///< the narrowest stroke, pixel units
  Color under;   ///< color of the scene where it will stand: the object's colors keep away from it
};

/// One class of objects.
struct Kind {
  const char* name;
  Color color;  ///< in masks
  int weight;   ///< how often it is chosen, so that the classes get comparable shares of the pixels
  int smallest;       ///< its smallest size in percent of the picture's shorter side
  int width, height;  ///< extent in percent of its size
  int tilt;           ///< rotated by at most this, kTurn units
  std::vector<Part> (*draw)(const Sketch& sketch, RandomStream& random);
};

/// In label order, from label 1 on.
const std::vector<Kind>& Kinds();

/// A color that is well told from `under`.
Color ContrastingColor(const Color& under, RandomStream& random);

}  // namespace seglab::shapes
