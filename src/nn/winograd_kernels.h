#pragma once

#include <cstdint>

namespace seglab {

/// Rows and columns of a tile's outputs and of the inputs that they are made of: F(4 x 4, 3 x 3).
inline constexpr int kWinogradOut = 4;
inline constexpr int kWinogradIn = 6;
inline constexpr int kWinogradPoints = kWinogradIn * kWinogradIn;

// The transforms of Winograd's minimal filtering (Lavin and Gray 2016, arXiv:1509.09308), for all
// channels of a place at once, which lie together; compiled for several instruction sets, of which
// the best one is taken at run time. `channels` is a multiple of 16.

/// points[k * stride + c] of a tile, k = 0 ... 35: B' d B of its inputs.
/// @param places  of the 6 x 6 inputs, row after row, each `channels` floats
void WinogradInput(const float* const* places, int64_t channels, float* points, int64_t stride);

/// A' m A + bias of a tile's 36 points, brought into [low, high], written where it has pixels.
/// @param bias    `channels` floats
/// @param places  of the 4 x 4 outputs, row after row; null: outside the map
void WinogradOutput(const float* points, int64_t stride, int64_t channels, const float* bias,
                    float low, float high, float* const* places);

/// The adjoint of the output's transform without bias: points[k * stride + c] = A g A'.
/// @param places  of the 4 x 4 gradients, row after row
void WinogradGradient(const float* const* places, int64_t channels, float* points, int64_t stride);

}  // namespace seglab
