#pragma once

// The one place for differences between LibTorch 1.13 and today's.

#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/version.h>

#include <optional>

#define SEGLAB_TORCH_VERSION (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)

namespace seglab {

/// Switches autocast to `type` on or off for a kind of device. LibTorch 2.4 gave all devices one
/// pair of functions; before, CPU and CUDA had their own.
inline void SetAutocast(at::DeviceType device, bool on, at::ScalarType type) {
#if SEGLAB_TORCH_VERSION >= 204
  at::autocast::set_autocast_dtype(device, type);
  at::autocast::set_autocast_enabled(device, on);
#else
  if (device == at::kCPU) {
    at::autocast::set_autocast_cpu_dtype(type);
    at::autocast::set_cpu_enabled(on);
  } else {
    at::autocast::set_autocast_gpu_dtype(type);
    at::autocast::set_enabled(on);
  }
#endif
}

inline bool AutocastEnabled(at::DeviceType device) {
#if SEGLAB_TORCH_VERSION >= 204
  return at::autocast::is_autocast_enabled(device);
#else
  return device == at::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
#endif
}

/// Autocast for as long as this object lives. Weights cast for it are forgotten at the end.
class AutocastGuard {
 public:
  AutocastGuard(at::DeviceType device, bool on, at::ScalarType type)
      : device_(device), on_(on), type_(type) {
    if (on_) SetAutocast(device_, true, type_);
  }
  ~AutocastGuard() {
    if (!on_) return;
    at::autocast::clear_cache();
    SetAutocast(device_, false, type_);
  }
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  at::DeviceType device_;
  bool on_;
  at::ScalarType type_;
};

/// Tensors that are made while this object lives have a shape and no memory, whichever device they
/// are asked for on ("meta" tensors): a network made then costs neither memory nor time. Dispatch
/// goes by the highest of the backends, which the devices that hold numbers stand below, where
/// BackendSelect does not choose the asked one first.
class ShapesOnly {
 public:
  ShapesOnly() : before_(c10::impl::tls_local_dispatch_key_set()) {
    include_.emplace(c10::DispatchKeySet(c10::DispatchKey::Meta));
    exclude_.emplace(c10::DispatchKeySet(c10::DispatchKey::BackendSelect));
  }
  ~ShapesOnly() {
    exclude_.reset();
    include_.reset();
    // LibTorch's guard leaves the backend's bit behind.
    c10::impl::_force_tls_local_dispatch_key_set(before_);
  }
  ShapesOnly(const ShapesOnly&) = delete;
  ShapesOnly& operator=(const ShapesOnly&) = delete;

 private:
  c10::impl::LocalDispatchKeySet before_;
  std::optional<c10::impl::IncludeDispatchKeyGuard> include_;
  std::optional<c10::impl::ExcludeDispatchKeyGuard> exclude_;
};

/// No autocast for as long as this object lives.
class AutocastPause {
 public:
  explicit AutocastPause(at::DeviceType device) : device_(device), on_(AutocastEnabled(device)) {
    Set(false);
  }
  ~AutocastPause() { Set(on_); }
  AutocastPause(const AutocastPause&) = delete;
  AutocastPause& operator=(const AutocastPause&) = delete;

 private:
  void Set(bool on) {
#if SEGLAB_TORCH_VERSION >= 204
    at::autocast::set_autocast_enabled(device_, on);
#else
    device_ == at::kCPU ? at::autocast::set_cpu_enabled(on) : at::autocast::set_enabled(on);
#endif
  }

  at::DeviceType device_;
  bool on_;
};

}  // namespace seglab
