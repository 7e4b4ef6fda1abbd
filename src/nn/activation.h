#pragma once

namespace seglab {

/// What follows a convolution value by value: max(x, 0), and that cut at 6.
enum class Activation { kNone, kRelu, kRelu6 };

}  // namespace seglab
