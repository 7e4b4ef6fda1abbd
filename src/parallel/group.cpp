#include "parallel/group.h"

#ifdef SEGLAB_C10D

#include <torch/torch.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#ifdef SEGLAB_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef SEGLAB_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <netdb.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "parallel/c10d_group.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

// For one sum: others may score their share or write a checkpoint meanwhile.
constexpr std::chrono::minutes kLongest{60};

/// A message of c10d or Gloo without the places in their code: its last sentence on one line.
std::string Reason(const std::string& message) {
  std::string text = message.substr(0, message.find('\n'));
  const size_t place = text.rfind("] ");
  if (place != std::string::npos && place + 2 < text.size() && text.front() == '[')
    text = text.substr(place + 2);
  return text;
}

/// c10d would go on looking for the name until the time for meeting is over.
/// @throws Error where the address has none
void CheckName(const std::string& host) {
  addrinfo* found = nullptr;
  const int fault = ::getaddrinfo(host.c_str(), nullptr, nullptr, &found);
  if (found != nullptr) ::freeaddrinfo(found);
  if (fault != 0)
    throw Error("process 0 is to be met at \"", host, "\", which has no address here (",
                ::gai_strerror(fault), "); set MASTER_ADDR");
}

c10::intrusive_ptr<c10d::Store> Meet(const World& world) {
  CheckName(world.host);
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(world.port);
  // torchrun's own store may stand at this address: then it is joined and not made.
  options.isServer = world.rank == 0 && !world.has_store;
  options.waitWorkers = !world.has_store;
  options.numWorkers = static_cast<size_t>(world.size);
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(1000 * world.meeting_seconds));
  return c10::make_intrusive<c10d::TCPStore>(world.host, options);
}

#ifdef SEGLAB_GLOO
c10::intrusive_ptr<c10d::ProcessGroupGloo> GlooOf(const c10::intrusive_ptr<c10d::Store>& store,
                                                  const World& world) {
  auto options = c10d::ProcessGroupGloo::Options::create(kLongest);
  const bool here = world.host == "127.0.0.1" || world.host == "localhost";
  options->devices.push_back(here ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                  : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, world.rank, world.size, options);
}
#endif

#if SEGLAB_TORCH_VERSION >= 200
/// Since LibTorch 2.0 a process group holds a backend for each kind of device.
template <typename Backend>
c10::intrusive_ptr<c10d::ProcessGroup> GroupOf(const c10::intrusive_ptr<c10d::Store>& store,
                                               const World& world, c10::DeviceType device,
                                               c10d::ProcessGroup::BackendType type,
                                               const c10::intrusive_ptr<Backend>& backend) {
#if SEGLAB_TORCH_VERSION >= 206
  auto group = c10::make_intrusive<c10d::ProcessGroup>(store, world.rank, world.size);
#else
  auto group = c10::make_intrusive<c10d::ProcessGroup>(
      store, world.rank, world.size, c10::make_intrusive<c10d::ProcessGroup::Options>("undefined"));
#endif
  group->setBackend(device, type, backend);
  // Newer releases ask it for rank and name.
  const auto set_default = [type](auto& of) {
    if constexpr (requires { of.setDefaultBackend(type); }) of.setDefaultBackend(type);
  };
  set_default(*group);
  return group;
}
#endif

c10::intrusive_ptr<c10d::ProcessGroup> Start(const std::string& name,
                                             const c10::intrusive_ptr<c10d::Store>& base,
                                             const World& world, const c10::Device& device) {
  const auto store = c10::make_intrusive<c10d::PrefixStore>(name, base);
  if (device.is_cuda()) {
#ifdef SEGLAB_NCCL
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = kLongest;
    auto nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, world.rank, world.size, options);
#if SEGLAB_TORCH_VERSION >= 200
    return GroupOf(store, world, c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL,
                   nccl);
#else
    return nccl;
#endif
#else
    throw Error(
        "several processes on GPUs need a LibTorch with NCCL, and seglab built beside "
        "NCCL's headers (nccl.h)");
#endif
  }
#ifdef SEGLAB_GLOO
  auto gloo = GlooOf(store, world);
#if SEGLAB_TORCH_VERSION >= 200
  return GroupOf(store, world, c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
#else
  return gloo;
#endif
#else
  throw Error(
      "several processes on CPUs need a LibTorch with Gloo, and seglab built beside Gloo's "
      "headers (Debian: libgloo-dev)");
#endif
}

}  // namespace

Group::Group(const World& world, const c10::Device& device)
    : world_(world), device_(device), state_(std::make_unique<State>()) {
  try {
    const c10::intrusive_ptr<c10d::Store> store = Meet(world);
    const std::string name = "seglab" + world.life;
    state_->processes = Start(name, store, world, device);
    // NCCL wants one thing at a time of a GPU; what runs beside another is in order there.
    state_->statistics =
        device.is_cuda() ? state_->processes : Start(name + "-statistics", store, world, device);
    Barrier();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error("process ", world.rank, " of ", world.size, " does not meet the others at ",
                world.host, ":", world.port, ": ", Reason(error.what()),
                "; does process 0 run there, and is the port free?");
  }
}

Group::~Group() = default;

void Group::Lost(const char* what, const std::string& message) const {
  throw GroupLost("process ", world_.rank, " of ", world_.size, ": another process is gone (", what,
                  ": ", Reason(message),
                  "); what was saved is kept: start again, with any number of processes");
}

template <typename Function>
void Group::Do(const char* what, const Function& function, bool statistics) const {
  try {
    function(statistics ? *state_->statistics : *state_->processes);
  } catch (const std::exception& error) {
    Lost(what, error.what());
  }
}

void Group::Guard(const std::function<void()>& function) const {
  try {
    function();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string message = error.what();
    for (const char* engine : {"gloo", "NCCL", "nccl", "Connection"}) {
      if (message.find(engine) != std::string::npos) Lost("sum of gradients", message);
    }
    throw;
  }
}

void Group::Sum(at::Tensor tensor) const {
  Do("sum", [&tensor](c10d::ProcessGroup& group) {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    group.allreduce(tensors)->wait();
  });
}

void Group::SumStatistics(at::Tensor tensor) const {
  const auto sum = [&tensor](c10d::ProcessGroup& group) {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    group.allreduce(tensors)->wait();
  };
  Do("sum of statistics", sum, /*statistics=*/true);
}

double Group::Sum(double value) const {
  const at::Tensor sum =
      at::full({1}, value, at::TensorOptions().dtype(at::kDouble).device(device_));
  Sum(sum);
  return sum.item<double>();
}

void Group::Broadcast(at::Tensor tensor) const {
  Do("broadcast", [&tensor](c10d::ProcessGroup& group) {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    group.broadcast(tensors)->wait();
  });
}

void Group::BroadcastModule(torch::nn::Module& module) const {
  const torch::NoGradGuard no_grad;
  std::vector<at::Tensor> tensors = module.parameters();
  for (const at::Tensor& buffer : module.buffers()) tensors.push_back(buffer);
  for (at::Tensor& tensor : tensors) {
    at::Tensor sent = tensor.detach().contiguous();
    Broadcast(sent);
    if (!sent.is_same(tensor)) tensor.copy_(sent);
  }
}

std::vector<std::string> Group::Gather(const std::string& text) const {
  // Each writes its own row of a table of zeros: a sum of bytes is a gathering.
  const auto options = at::TensorOptions().device(device_);
  const at::Tensor lengths = at::zeros({size()}, options.dtype(at::kLong));
  lengths[rank()] = static_cast<int64_t>(text.size());
  Sum(lengths);
  const at::Tensor known = lengths.cpu();
  const auto longest = std::max<int64_t>(known.max().item<int64_t>(), 1);
  at::Tensor rows = at::zeros({size(), longest}, at::kByte);
  std::copy(text.begin(), text.end(), rows[rank()].data_ptr<uint8_t>());
  rows = rows.to(device_);
  Sum(rows);
  rows = rows.cpu();
  std::vector<std::string> texts;
  for (int r = 0; r < size(); ++r) {
    const auto* bytes = reinterpret_cast<const char*>(rows[r].data_ptr<uint8_t>());
    texts.emplace_back(bytes, static_cast<size_t>(known[r].item<int64_t>()));
  }
  return texts;
}

void Group::Barrier() const { Sum(0.0); }

void Group::Send(const at::Tensor& tensor, int to) const {
  Do("send", [&tensor, to](c10d::ProcessGroup& group) {
    std::vector<at::Tensor> tensors = {tensor.contiguous()};
    group.send(tensors, to, /*tag=*/0)->wait();
  });
}

void Group::Receive(at::Tensor tensor, int from) const {
  Do("receive", [&tensor, from](c10d::ProcessGroup& group) {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    group.recv(tensors, from, /*tag=*/0)->wait();
  });
}

}  // namespace seglab

#else  // a LibTorch without c10d: there are no groups

namespace seglab {

struct Group::State {};

Group::Group(const World& world, const c10::Device& device) : world_(world), device_(device) {
  throw Error("several processes for one run need a LibTorch with c10d, which this one is not");
}
Group::~Group() = default;
void Group::Sum(at::Tensor) const {}
void Group::SumStatistics(at::Tensor) const {}
double Group::Sum(double value) const { return value; }
void Group::Broadcast(at::Tensor) const {}
void Group::BroadcastModule(torch::nn::Module&) const {}
std::vector<std::string> Group::Gather(const std::string& text) const { return {text}; }
void Group::Barrier() const {}
void Group::Guard(const std::function<void()>&) const {}
void Group::Send(const at::Tensor&, int) const {}
void Group::Receive(at::Tensor, int) const {}

}  // namespace seglab

#endif
