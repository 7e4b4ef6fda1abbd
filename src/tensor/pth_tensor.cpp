#include "tensor/pth_tensor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "base/error.h"
#include "tensor/mapped_tensor.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

using Kind = PickleKind;

constexpr PthStorageType kStorageTypes[] = {
    {"Double", 8, at::kDouble},
    {"Float", 4, at::kFloat},
    {"Half", 2, at::kHalf},
    {"BFloat16", 2, at::kBFloat16},
    {"Long", 8, at::kLong},
    {"Int", 4, at::kInt},
    {"Short", 2, at::kShort},
    {"Char", 1, at::kChar},
    {"Byte", 1, at::kByte},
    {"Bool", 1, at::kBool},
    // Their data is passed over.
    {"ComplexDouble", 16, std::nullopt},
    {"ComplexFloat", 8, std::nullopt},
    {"ComplexHalf", 4, std::nullopt},
    {"QInt8", 1, std::nullopt},
    {"QUInt8", 1, std::nullopt},
    {"QInt32", 4, std::nullopt},
    {"QUInt4x2", 1, std::nullopt},
    {"QUInt2x4", 1, std::nullopt},
    {"Untyped", 1, std::nullopt},
};
// LibTorch 2's name of it, in the id of a storage of bytes.
constexpr std::string_view kUntyped = "torch.storage.UntypedStorage";

// What torch.save writes for a tensor. Arguments: storage, offset, sizes, strides; the second has
// gradient and hooks after them and sometimes a dict of properties of the view.
constexpr std::string_view kTensor1 = "torch._utils._rebuild_tensor";
constexpr std::string_view kTensor2 = "torch._utils._rebuild_tensor_v2";
// The tensor, then what a parameter has besides.
constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kParameterState = "torch._utils._rebuild_parameter_with_state";
// One of the functions above, the type that it is turned into, the function's arguments, state.
constexpr std::string_view kSubclass = "torch._tensor._rebuild_from_type_v2";
constexpr std::string_view kCalls[] = {kTensor1, kTensor2, kParameter, kParameterState, kSubclass};

constexpr size_t kMostPthSides = 64;
constexpr uint64_t kStorageCost = 128;  // of a PthStorage in its map, in bytes of the budget

// An expanded tensor may take more bytes than the file when it is copied, but not without end.
constexpr uint64_t kExpansion = 4, kSmall = 16 << 20;

bool IsCall(std::string_view global) {
  return std::find(std::begin(kCalls), std::end(kCalls), global) != std::end(kCalls);
}

const PthStorageType* TypeOfStorage(std::string_view global) {
  if (global == kUntyped) global = "torch.UntypedStorage";
  for (std::string_view module : {"torch.cuda.", "torch."}) {
    constexpr std::string_view kEnd = "Storage";
    if (!global.starts_with(module) || !global.ends_with(kEnd)) continue;
    global.remove_prefix(module.size());
    global.remove_suffix(std::min(kEnd.size(), global.size()));
    for (const PthStorageType& row : kStorageTypes) {
      if (row.name == global) return &row;
    }
    return nullptr;
  }
  return nullptr;
}

std::optional<uint64_t> Count(PickleValue value) {
  if (!value.Is(Kind::kInt) || value.Int() < 0) return std::nullopt;
  return static_cast<uint64_t>(value.Int());
}

/// What the id of a storage says, counted in elements:
/// ("storage", class, key, device, elements[, None or (key of the view, offset, elements)]).
/// Files of 2017 name a view; then tensors are views of the view.
struct StorageId {
  const PthStorageType* type;
  std::string_view key;
  uint64_t elements;
  uint64_t view_begin, view_elements;
};

StorageId ParseId(PickleValue persistent, const std::string& path) {
  const PickleValue id = persistent[0];
  const auto fail = [&](const std::string& what) {
    throw Error(path, ": its pickle refers to data as torch.save does not: ", what,
                "; the file is damaged");
  };
  if (!id.Is(Kind::kTuple) || id.size() < 5 || id.size() > 6) fail("no tuple");
  if (!id[0].Is(Kind::kText) || id[0].Text() != "storage") fail("no storage");
  if (!id[1].Is(Kind::kGlobal)) fail("no type");
  if (!id[2].Is(Kind::kText)) fail("no key");
  StorageId storage{};
  storage.type = TypeOfStorage(id[1].Text());
  if (storage.type == nullptr) fail(StrCat("type ", Quoted(id[1].Text())));
  storage.key = id[2].Text();
  const std::optional<uint64_t> elements = Count(id[4]);
  if (!elements) fail("no number of elements");
  storage.elements = storage.view_elements = *elements;
  if (id.size() < 6 || id[5].Is(Kind::kNone)) return storage;
  const PickleValue view = id[5];
  if (!view.Is(Kind::kTuple) || view.size() != 3 || !Count(view[1]) || !Count(view[2]))
    fail("no view");
  storage.view_begin = *Count(view[1]);
  storage.view_elements = *Count(view[2]);
  if (storage.view_begin > storage.elements ||
      storage.view_elements > storage.elements - storage.view_begin) {
    fail("a view outside its storage");
  }
  return storage;
}

/// The old format names the class of a network that was saved whole in the same way as data.
bool IsClass(PickleValue persistent) {
  const PickleValue id = persistent[0];
  return id.Is(Kind::kTuple) && id.size() > 0 && id[0].Is(Kind::kText) && id[0].Text() == "module";
}

std::vector<int64_t> Numbers(PickleValue value, const std::string& where) {
  std::vector<int64_t> numbers;
  if (!value.Is(Kind::kTuple) || value.size() > kMostPthSides)
    throw Error(where, ": has no list of sides or strides; the file is damaged");
  for (size_t i = 0; i < value.size(); ++i) {
    const std::optional<uint64_t> number = Count(value[i]);
    if (!number) throw Error(where, ": has a side or stride below 0; the file is damaged");
    numbers.push_back(static_cast<int64_t>(*number));
  }
  return numbers;
}

/// The arguments of the _rebuild_tensor inside calls that make a parameter or subclass of it.
PickleValue Innermost(PickleValue call, const std::string& where) {
  constexpr int kMostWrappers = 4;
  PickleValue function = call[0], arguments = call[1];
  for (int i = 0; i <= kMostWrappers; ++i) {
    if (function.IsGlobal(kTensor1) || function.IsGlobal(kTensor2)) return arguments;
    const bool subclass = function.IsGlobal(kSubclass);
    if (subclass && arguments.size() >= 3 && arguments[2].Is(Kind::kTuple)) {
      function = arguments[0];
      arguments = arguments[2];
    } else if (!subclass && arguments.size() >= 1 && IsPthTensor(arguments[0])) {
      const PickleValue inner = arguments[0];
      function = inner[0];
      arguments = inner[1];
    } else {
      break;
    }
  }
  throw Error(where, ": is described in an unknown way; the file is damaged");
}

struct Extent {
  uint64_t bytes;  // of the elements, each counted where it is repeated
  uint64_t last;   // the largest index into the storage's view
  bool empty;
};

Extent Measure(const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
               uint64_t offset, uint64_t width, const std::string& where) {
  auto bytes = static_cast<int64_t>(width), last = static_cast<int64_t>(offset);
  bool empty = false, possible = sizes.size() == strides.size();
  for (size_t i = 0; possible && i < sizes.size(); ++i) {
    empty = empty || sizes[i] == 0;
    // A side of 0 is taken for 1: the others alone must be possible as well.
    const int64_t side = std::max<int64_t>(sizes[i], 1);
    int64_t step = 0;
    possible = !__builtin_mul_overflow(bytes, side, &bytes) &&
               !__builtin_mul_overflow(side - 1, strides[i], &step) &&
               !__builtin_add_overflow(last, step, &last);
  }
  if (!possible) throw Error(where, ": its shape is impossible; the file is damaged");
  return {static_cast<uint64_t>(bytes), static_cast<uint64_t>(last), empty};
}

}  // namespace

bool IsPthTensor(PickleValue value) {
  return value.Is(Kind::kCall) && value[0].Is(Kind::kGlobal) && IsCall(value[0].Text());
}

std::string UnreadReason(PickleValue tensor, const std::string& where) {
  const PickleValue arguments = Innermost(tensor, where);
  if (arguments.size() == 0 || !arguments[0].Is(Kind::kPersistent)) return "";
  const PthStorageType* type = ParseId(arguments[0], where).type;
  return type->type ? "" : StrCat("is of the type ", type->name);
}

PthStorages FindStorages(const Pickle& pickle, const std::string& path, MemoryBudget& budget) {
  PthStorages storages;
  for (uint32_t i = 0; i < pickle.values(); ++i) {
    if (!pickle.value(i).Is(Kind::kPersistent) || IsClass(pickle.value(i))) continue;
    const StorageId id = ParseId(pickle.value(i), path);
    auto [found, added] = storages.try_emplace(id.key, PthStorage{id.type, id.elements});
    if (added) {
      budget.Charge(kStorageCost);
    } else if (found->second.type != id.type || found->second.elements != id.elements) {
      throw Error(path, ": its storage ", Quoted(id.key),
                  " is described in two ways; the file is damaged");
    }
  }
  return storages;
}

PthTensorMaker::PthTensorMaker(const PthStorages& storages, std::shared_ptr<MappedFile> file,
                               MemoryBudget& budget)
    : storages_(storages),
      file_(std::move(file)),
      budget_(budget),
      bytes_left_(kExpansion * file_->size() + kSmall) {}

at::Tensor PthTensorMaker::Make(PickleValue call, const std::string& name) {
  const std::string where = StrCat(file_->path(), ": tensor ", Quoted(name));
  budget_.ChargeTensor();
  const PickleValue arguments = Innermost(call, where);
  if (arguments.size() < 4 || !arguments[0].Is(Kind::kPersistent) || !Count(arguments[1]))
    throw Error(where, ": is described in an unknown way; the file is damaged");
  if (arguments.size() > 6 && arguments[6].size() > 0) {
    throw Error(where,
                ": is a conjugated or negated view; save what resolve_conj() or resolve_neg() of "
                "it gives in Python");
  }
  const StorageId id = ParseId(arguments[0], file_->path());
  const uint64_t offset = *Count(arguments[1]), width = id.type->width;
  const std::vector<int64_t> sizes = Numbers(arguments[2], where);
  const std::vector<int64_t> strides = Numbers(arguments[3], where);
  const at::TensorOptions options = at::TensorOptions().dtype(*id.type->type);
  const Extent extent = Measure(sizes, strides, offset, width, where);
  if (extent.empty) return at::empty(sizes, options);
  if (extent.last >= id.view_elements) {
    throw Error(where, ": needs element ", extent.last, " of a storage of ", id.view_elements,
                "; the file is damaged");
  }
  if (extent.bytes > bytes_left_) {
    throw Error(where,
                ": the tensors up to this one repeat the data of the file too often (expanded "
                "tensors); save what contiguous() of them gives in Python");
  }
  bytes_left_ -= extent.bytes;
  const at::Tensor storage = Storage(id.key);
  char* start = static_cast<char*>(storage.data_ptr()) + (id.view_begin + offset) * width;
  return at::from_blob(
      start, sizes, strides, [storage](void*) {}, options);
}

at::Tensor PthTensorMaker::Storage(std::string_view key) {
  auto made = made_.find(key);
  if (made != made_.end()) return made->second;
  budget_.ChargeTensor();
  const PthStorage& storage = storages_.at(key);
  const at::Tensor tensor = MappedTensor(
      file_, storage.offset, {static_cast<int64_t>(storage.elements)}, *storage.type->type);
  return made_.emplace(key, tensor).first->second;
}

}  // namespace seglab
