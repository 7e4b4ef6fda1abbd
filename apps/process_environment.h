#pragma once

namespace seglab {

/// Sets variables for the program that this one becomes, which the C library and the libraries of
/// LibTorch read only when they are loaded, unless the user has set them:
///
///   GOMP_SPINCOUNT    threads that wait for each other soon sleep, so that other processes can
///   work
///                     (docs/performance.md, "Beside other programs")
///   OPENBLAS_CORETYPE where OpenBLAS does not know the processor, the one whose kernels are best
///   GLIBC_TUNABLES    freed memory of tensors is kept for the next ones instead of being given
///                     back and cleared by the kernel again, and lies on huge pages
///
/// The second alone changes bits of results.
/// @param computes  whether the last one is worth its memory
void ProvideEnvironment(bool computes);

}  // namespace seglab
