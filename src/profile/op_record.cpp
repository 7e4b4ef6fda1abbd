// LibTorch is built with NDEBUG. Without it, inputs() asserts on a flag that such a build does not
// keep: this file is compiled like LibTorch (and not with the precompiled header).
#ifndef NDEBUG
#define NDEBUG
#endif

#include "profile/op_record.h"

#include <ATen/core/ivalue.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace seglab {
namespace {

/// LibTorch's callbacks are plain functions: they find the recorder here.
thread_local OpRecorder* current = nullptr;

/// "relu" of "aten::relu_".
std::string PlainName(const char* full) {
  std::string name = full;
  const size_t space = name.rfind("::");
  if (space != std::string::npos) name.erase(0, space + 2);
  if (name.size() > 1 && name.back() == '_') name.pop_back();
  return name;
}

}  // namespace

OpRecorder::OpRecorder() {
  if (current != nullptr) throw std::logic_error("op recorder: one is at work already");
  current = this;
  handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(&Begin, &End)
                                           .needsInputs(true)
                                           .needsOutputs(true)
                                           .scopes({at::RecordScope::FUNCTION}));
}

OpRecorder::~OpRecorder() {
  if (handle_ != at::INVALID_CALLBACK_HANDLE) at::removeCallback(handle_);
  if (current == this) current = nullptr;
}

void OpRecorder::Stop() {
  if (handle_ == at::INVALID_CALLBACK_HANDLE) return;
  at::removeCallback(handle_);
  handle_ = at::INVALID_CALLBACK_HANDLE;
  current = nullptr;
  if (failure_) std::rethrow_exception(failure_);
}

std::unique_ptr<at::ObserverContext> OpRecorder::Begin(const at::RecordFunction& function) {
  if (current != nullptr) current->Begun(function);
  return nullptr;
}

void OpRecorder::End(const at::RecordFunction& function, at::ObserverContext*) {
  if (current != nullptr) current->Ended(function);
}

// LibTorch swallows what a callback throws, hence failure_.
void OpRecorder::Begun(const at::RecordFunction& function) {
  if (++depth_ > 1 || failure_) return;
  try {
    RecordedOp op;
    op.name = PlainName(function.name());
    for (const c10::IValue& value : function.inputs()) op.arguments.push_back(Argument(value));
    ops_.push_back(std::move(op));
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void OpRecorder::Ended(const at::RecordFunction& function) {
  if (--depth_ > 0 || failure_) return;
  try {
    RecordedOp& op = ops_.back();
    const int known = memories();
    for (const c10::IValue& value : function.outputs()) Collect(value, op.outputs);
    for (int memory = known; memory < memories(); ++memory) op.new_memory.push_back(memory);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

TensorUse OpRecorder::Use(const at::Tensor& tensor) {
  TensorUse use;
  use.sizes = tensor.sizes().vec();
  if (!tensor.has_storage()) return use;
  use.offset = tensor.storage_offset();
  const c10::Storage& storage = tensor.storage();
  const auto [found, is_new] =
      numbers_.try_emplace(storage.unsafeGetStorageImpl(), static_cast<int>(memories_.size()));
  if (is_new) {
    memories_.push_back({storage.getWeakStorageImpl(), static_cast<int64_t>(storage.nbytes())});
  }
  use.memory = found->second;
  return use;
}

void OpRecorder::Collect(const c10::IValue& value, std::vector<TensorUse>& uses) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (tensor.defined()) uses.push_back(Use(tensor));
  } else if (value.isList()) {
    for (const c10::IValue& element : value.toListRef()) Collect(element, uses);
  } else if (value.isTuple()) {
    for (const c10::IValue& element : value.toTupleRef().elements()) Collect(element, uses);
  }
}

OpArgument OpRecorder::Argument(const c10::IValue& value) {
  OpArgument argument;
  if (value.isInt()) {
    argument.ints = {value.toInt()};
  } else if (value.isBool()) {
    argument.ints = {value.toBool() ? 1 : 0};
  } else if (value.isIntList()) {
    argument.ints = value.toIntVector();
  } else {
    Collect(value, argument.tensors);
  }
  return argument;
}

}  // namespace seglab
