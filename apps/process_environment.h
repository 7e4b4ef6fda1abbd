#pragma once

namespace seglab {

/// Starts the program anew in its own process, with variables that the C library and OpenMP read
/// only when they are loaded, unless the user has set them:
///
///   GLIBC_TUNABLES    freed memory of tensors is kept for the next ones instead of being given
///   back
///                     and cleared by the kernel again, and lies on huge pages
///   OMP_WAIT_POLICY   threads that wait for each other sleep, so that other processes can work
///   OPENBLAS_CORETYPE where OpenBLAS does not know the processor, the one whose kernels are best
///
/// The first two change no bit of a result. Returns where there is nothing to do, or where it
/// cannot be done.
/// @param argv  main's
void ProvideEnvironment(char** argv);

}  // namespace seglab
