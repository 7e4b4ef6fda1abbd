#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>
#include <c10/core/StorageImpl.h>
#include <c10/util/intrusive_ptr.h>

#include <cstdint>
#include <exception>
#include <string>
#include <unordered_map>
#include <vector>

namespace seglab {

/// A tensor that an operator read or wrote.
struct TensorUse {
  int memory = -1;     ///< number of its memory: views and in-place results share it
  int64_t offset = 0;  ///< of the first element in its memory
  std::vector<int64_t> sizes;
};

/// Argument of an operator; one that is neither tensors nor integers is empty, like an absent one.
struct OpArgument {
  std::vector<TensorUse> tensors;  ///< one, or those of a list
  std::vector<int64_t> ints;       ///< an integer, a truth value or a list of integers
};

/// One call of an operator, as the program made it: what it calls in turn is not seen.
struct RecordedOp {
  std::string name;                   ///< without "aten::" and the "_" of in-place forms
  std::vector<OpArgument> arguments;  ///< in the order of the operator's schema
  std::vector<TensorUse> outputs;
  std::vector<int> new_memory;  ///< numbers of the memories that its outputs brought into being
};

/// Records the operators that this thread calls on LibTorch as long as the object lives. No two at
/// once in a thread. The tensors' data is not kept alive.
class OpRecorder {
 public:
  OpRecorder();
  ~OpRecorder();
  OpRecorder(const OpRecorder&) = delete;
  OpRecorder& operator=(const OpRecorder&) = delete;

  /// How the record names this tensor.
  TensorUse Use(const at::Tensor& tensor);

  /// Ends the recording; what failed in it is thrown here.
  void Stop();

  const std::vector<RecordedOp>& ops() const { return ops_; }
  /// Size of a memory.
  int64_t Bytes(int memory) const { return memories_[memory].bytes; }
  int memories() const { return static_cast<int>(memories_.size()); }

 private:
  struct Memory {
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;  ///< keeps its address from being used again
    int64_t bytes;
  };

  static std::unique_ptr<at::ObserverContext> Begin(const at::RecordFunction& function);
  static void End(const at::RecordFunction& function, at::ObserverContext* context);
  void Begun(const at::RecordFunction& function);
  void Ended(const at::RecordFunction& function);
  /// The tensors in `value`, appended.
  void Collect(const c10::IValue& value, std::vector<TensorUse>& uses);
  OpArgument Argument(const c10::IValue& value);

  std::vector<RecordedOp> ops_;
  std::vector<Memory> memories_;
  std::unordered_map<const c10::StorageImpl*, int> numbers_;
  int depth_ = 0;  ///< calls under way
  std::exception_ptr failure_;
  at::CallbackHandle handle_ = at::INVALID_CALLBACK_HANDLE;
};

}  // namespace seglab
