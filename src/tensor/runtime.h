#pragma once

#include <c10/core/Device.h>

#include <string>

namespace seglab {

/// Sets LibTorch's threads: all cores this process may use, or `threads` when positive. (Some
/// builds start with one thread.) Also turns on flush-to-zero, since denormal numbers cost up to
/// 100 times the time of normal ones.
void SetUpRuntime(int threads = 0);

/// Cores this process may use (its affinity mask and cgroup quota respected, and its part of them
/// where it shares them with others of its job).
int UsableCores();

/// From now on the cores are shared by so many processes of this machine.
void ShareCores(int processes);

/// "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1".
/// @throws Error on an unknown name or when this LibTorch has no such device
c10::Device PickDevice(const std::string& name);

/// "LibTorch 1.13.1, CPU, 2 threads, OpenMP ..." for logs.
std::string DescribeRuntime(const c10::Device& device);

/// The version of LibTorch: "1.13.1".
std::string TorchVersion();

}  // namespace seglab
