#pragma once

#include <c10/core/Device.h>

#include "tensor/precision.h"

namespace seglab {

/// Waits until a device has done all that it was given.
void Synchronize(const c10::Device& device);

/// Floating-point operations a second that this machine reaches, a multiply and an add counted as
/// two: the best of a few seconds' trials of a large 3x3 convolution and of a large matrix product,
/// on LibTorch's threads. What runs beside it makes it smaller.
double PeakFlops(const c10::Device& device, Precision precision);

/// Bytes a second that LibTorch's threads read and write in adding arrays far larger than caches.
double PeakBandwidth();

}  // namespace seglab
