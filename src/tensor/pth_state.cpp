#include "tensor/pth_state.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

using Kind = PickleKind;

// Types of values that may stand beside the tensors; those of Python itself without "builtins.".
constexpr std::string_view kInertBuiltins[] = {"set",   "frozenset", "complex", "bytearray",
                                               "dict",  "list",      "tuple",   "int",
                                               "float", "bool",      "str"};
constexpr std::string_view kInert[] = {
    "_codecs.encode",
    "argparse.Namespace",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.defaultdict",
    "datetime.date",
    "datetime.datetime",
    "datetime.timedelta",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy.dtype",
    "numpy.ndarray",
    "pathlib.Path",
    "pathlib.PosixPath",
    "torch.Size",
    "torch.Tensor",
    "torch.bfloat16",
    "torch.bool",
    "torch.device",
    "torch.float16",
    "torch.float32",
    "torch.float64",
    "torch.int16",
    "torch.int32",
    "torch.int64",
    "torch.int8",
    "torch.nn.parameter.Parameter",
    "torch.uint8",
};

// Training scripts put the weights under one of these; the first that is there counts.
constexpr std::string_view kWrappers[] = {"state_dict", "model_state_dict", "model", "net"};

constexpr int kDeepest = 64;              // dicts in dicts
constexpr size_t kLongestKey = 512;       // bytes
constexpr size_t kLongestText = 1 << 16;  // bytes of a value in the metadata

// Bytes of the budget. Looking at a value costs some too: values that are shared over and over
// would otherwise keep the reader busy without end.
constexpr uint64_t kVisitCost = 16, kMetadataCost = 128;

// LibTorch in C++ writes a call of this around every dict and list: the value, a text of its type.
constexpr std::string_view kTypeTag = "torch.jit._pickle.restore_type_tag";

template <size_t size>
bool Contains(const std::string_view (&list)[size], std::string_view name) {
  return std::find(list, list + size, name) != list + size;
}

PickleValue WithoutTag(PickleValue value) {
  const bool tagged = value.Is(Kind::kCall) && value[0].IsGlobal(kTypeTag) && value[1].size() == 2;
  return tagged ? value[1][0] : value;
}

bool IsName(PickleValue key) {
  return key.Is(Kind::kText) || key.Is(Kind::kBytes) || key.Is(Kind::kInt);
}

/// At most one byte longer than is allowed.
std::string NameText(PickleValue key) {
  if (key.Is(Kind::kInt)) return std::to_string(key.Int());
  return std::string(key.Text().substr(0, kLongestKey + 1));
}

/// Metadata must be UTF-8.
bool IsUtf8(const std::string& text) {
  try {
    Json(text).dump();
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

std::optional<std::string> SimpleText(PickleValue value) {
  switch (value.kind()) {
    case Kind::kBool:
      return value.Int() != 0 ? "true" : "false";
    case Kind::kInt:
      return std::to_string(value.Int());
    case Kind::kFloat: {
      char digits[32];
      return std::string(digits, std::to_chars(digits, digits + sizeof(digits), value.Float()).ptr);
    }
    case Kind::kText: {
      if (value.Text().size() > kLongestText) return std::nullopt;
      std::string text(value.Text());
      if (!IsUtf8(text)) return std::nullopt;
      return text;
    }
    default:
      return std::nullopt;
  }
}

/// Flattens dicts, lists and tuples into names with dots.
class StateReader {
 public:
  StateReader(const PthStorages& storages, const std::shared_ptr<MappedFile>& file,
              MemoryBudget& budget)
      : path_(file->path()), budget_(budget), maker_(storages, file, budget) {}

  TensorFile Read(PickleValue root) {
    if (IsPthTensor(root)) {
      throw Error(path_,
                  ": holds a single tensor without a name; save a dict in Python: "
                  "torch.save({\"name\": tensor}, ...)");
    }
    Walk(Unwrap(WithoutTag(root)), "", 0);
    if (file_.tensors.empty()) {
      throw Error(path_,
                  ": holds no tensors; save the weights in Python: "
                  "torch.save(model.state_dict(), ...)");
    }
    StripModule();
    CheckNames();
    return std::move(file_);
  }

 private:
  /// The dict that holds the weights. Simple values beside it are kept.
  PickleValue Unwrap(PickleValue root) {
    for (int depth = 0; depth < kDeepest && root.Is(Kind::kDict); ++depth) {
      const std::optional<PickleValue> inner = Wrapped(root);
      if (!inner) break;
      for (size_t i = 0; i < root.size(); i += 2) Keep(root[i], root[i + 1], "");
      root = *inner;
    }
    return root;
  }

  std::optional<PickleValue> Wrapped(PickleValue dict) {
    for (std::string_view wrapper : kWrappers) {
      for (size_t i = 0; i < dict.size(); i += 2) {
        const PickleValue value = WithoutTag(dict[i + 1]);
        if (dict[i].Is(Kind::kText) && dict[i].Text() == wrapper && value.Is(Kind::kDict) &&
            HoldsTensor(value, 0)) {
          return value;
        }
      }
    }
    return std::nullopt;
  }

  bool HoldsTensor(PickleValue value, int depth) {
    budget_.Charge(kVisitCost);
    if (IsPthTensor(value)) return true;
    value = WithoutTag(value);
    if (!IsContainer(value) || depth > kDeepest) return false;
    for (size_t i = 0; i < value.size(); ++i) {
      if (HoldsTensor(value[i], depth + 1)) return true;
    }
    return false;
  }

  static bool IsContainer(PickleValue value) {
    return value.Is(Kind::kDict) || value.Is(Kind::kList) || value.Is(Kind::kTuple);
  }

  void Walk(PickleValue value, const std::string& name, int depth) {
    budget_.Charge(kVisitCost);
    if (IsPthTensor(value)) {
      budget_.Charge(name.size());
      file_.tensors.emplace_back(name, maker_.Make(value, name));
      return;
    }
    if (!IsContainer(value)) return;
    if (depth > kDeepest) {
      throw Error(path_, ": its dicts nest deeper than ", kDeepest,
                  "; the file is damaged or made to do harm");
    }
    if (!value.Is(Kind::kDict)) {
      for (size_t i = 0; i < value.size(); ++i)
        Walk(WithoutTag(value[i]), Join(name, std::to_string(i)), depth + 1);
      return;
    }
    for (size_t i = 0; i < value.size(); i += 2) {
      const PickleValue key = value[i], child = WithoutTag(value[i + 1]);
      Keep(key, child, name);
      if (!IsPthTensor(child) && !IsContainer(child)) continue;
      if (IsName(key)) {
        Walk(child, Join(name, NameText(key)), depth + 1);
      } else if (HoldsTensor(child, depth)) {
        throw Error(path_, ": a tensor in ", Quoted(name), " has a name that is no text");
      }
    }
  }

  std::string Join(const std::string& name, const std::string& key) const {
    std::string joined = name.empty() ? key : name + "." + key;
    if (joined.size() > kLongestKey) {
      throw Error(path_, ": the name ", Quoted(joined), " is longer than ", kLongestKey,
                  " bytes; the file is damaged");
    }
    return joined;
  }

  /// Metadata from a simple value; any other is left out.
  void Keep(PickleValue key, PickleValue value, const std::string& prefix) {
    budget_.Charge(kVisitCost);
    if (!key.Is(Kind::kText) || key.Text().size() > kLongestKey) return;
    std::optional<std::string> text = SimpleText(value);
    if (!text) return;
    std::string name = NameText(key);
    if (!prefix.empty()) name = prefix + "." + name;
    if (!IsUtf8(name)) return;
    budget_.Charge(kMetadataCost + name.size() + text->size());
    file_.metadata[std::move(name)] = std::move(*text);
  }

  /// torch.nn.DataParallel puts "module." before every name.
  void StripModule() {
    constexpr std::string_view kModule = "module.";
    for (const auto& [name, tensor] : file_.tensors) {
      if (!name.starts_with(kModule) || name.size() == kModule.size()) return;
    }
    for (auto& [name, tensor] : file_.tensors) name.erase(0, kModule.size());
  }

  void CheckNames() const {
    std::set<std::string_view> names;
    for (const auto& [name, tensor] : file_.tensors) {
      if (name.empty()) throw Error(path_, ": has a tensor without a name; the file is damaged");
      if (!names.insert(name).second) {
        throw Error(path_, ": has two tensors of the name ", Quoted(name),
                    "; give them different names in Python");
      }
    }
  }

  const std::string path_;
  MemoryBudget& budget_;
  PthTensorMaker maker_;
  TensorFile file_ = {{}, {}, "pth"};
};

}  // namespace

bool IsKnownToPth(std::string_view global) {
  if (IsPthTensorName(global) || Contains(kInert, global) || global == kTypeTag) return true;
  for (std::string_view module : {"builtins.", "__builtin__."}) {
    if (global.starts_with(module)) return Contains(kInertBuiltins, global.substr(module.size()));
  }
  return false;
}

TensorFile ReadState(const Pickle& pickle, const PthStorages& storages,
                     const std::shared_ptr<MappedFile>& file, MemoryBudget& budget) {
  return StateReader(storages, file, budget).Read(pickle.root());
}

}  // namespace seglab
