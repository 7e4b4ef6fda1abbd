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

// Functions whose results are no weights; those of Python itself without "builtins.".
constexpr std::string_view kInertBuiltins[] = {"set",  "frozenset", "complex", "bytearray", "dict",
                                               "list", "tuple",     "int",     "float",     "bool",
                                               "str",  "range",     "slice",   "object"};
constexpr std::string_view kInert[] = {
    "_codecs.encode",
    "argparse.Namespace",
    "collections.Counter",
    "collections.deque",
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
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.WindowsPath",
    "torch.Size",
    "torch.device",
};
constexpr std::string_view kArrays[] = {
    "numpy._core.multiarray._reconstruct", "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer"};

// Training scripts put the weights under one of these; the first that is there counts.
constexpr std::string_view kWrappers[] = {
    "state_dict", "model_state_dict", "model_state",    "model",          "net",       "network",
    "weights",    "params",           "state_dict_ema", "ema_state_dict", "model_ema", "ema"};

constexpr int kDeepest = 64;              // dicts in dicts
constexpr size_t kLongestKey = 512;       // bytes
constexpr size_t kLongestText = 1 << 16;  // bytes of a value in the metadata

// Bytes of the budget. Looking at a value costs some too: values that are shared over and over
// would otherwise keep the reader busy without end.
constexpr uint64_t kVisitCost = 16, kMetadataCost = 128;

// LibTorch in C++ writes a call of this around every dict and list: the value, a text of its type.
constexpr std::string_view kTypeTag = "torch.jit._pickle.restore_type_tag";
constexpr std::string_view kScriptClass =
    "__torch__.";  // begins the names of TorchScript's classes

template <size_t size>
bool Contains(const std::string_view (&list)[size], std::string_view name) {
  return std::find(list, list + size, name) != list + size;
}

bool IsInert(std::string_view function) {
  for (std::string_view module : {"builtins.", "__builtin__."}) {
    if (function.starts_with(module))
      return Contains(kInertBuiltins, function.substr(module.size()));
  }
  return Contains(kInert, function);
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
              MemoryBudget& budget, bool script)
      : path_(file->path()),
        script_(script),
        budget_(budget),
        maker_(storages, file, budget),
        file_{{}, {}, script ? "torchscript" : "pth"} {}

  TensorFile Read(PickleValue root) {
    if (IsPthTensor(root)) {
      throw Error(path_,
                  ": holds a single tensor without a name; save a dict in Python: "
                  "torch.save({\"name\": tensor}, ...)");
    }
    root = WithoutTag(root);
    if (root.Is(Kind::kCall) && !IsModule(root)) {
      if (script_) NoTensors();
      throw Error(path_, ": holds ", ObjectText(root),
                  ", which is never made here; save its weights in Python: "
                  "torch.save(torch.load(...).state_dict(), ...)");
    }
    FindKey(root);
    Walk(root, "", 0);
    if (file_.tensors.empty()) NoTensors();
    CheckNames();
    return std::move(file_);
  }

 private:
  /// The dict that holds the weights. Simple values beside it are kept.
  void FindKey(PickleValue root) {
    for (int depth = 0; depth < kDeepest && root.Is(Kind::kDict); ++depth) {
      const std::optional<PickleValue> inner = Wrapped(root);
      if (!inner) return;
      for (size_t i = 0; i < root.size(); i += 2) Keep(root[i], root[i + 1], "");
      root = *inner;
    }
  }

  [[noreturn]] void NoTensors() const {
    if (script_) {
      throw Error(path_, ": is a TorchScript archive without parameters; save the weights in ",
                  "Python: torch.save(model.state_dict(), ...)");
    }
    if (!file_.unread.empty()) {
      const auto& [name, why] = *file_.unread.begin();
      throw Error(path_, ": holds no tensors that can be read: ", Quoted(name), " ", why,
                  "; save the weights in Python: torch.save(model.state_dict(), ...)");
    }
    if (arrays_ > 0) {
      throw Error(path_, ": holds no tensors but ", arrays_, arrays_ == 1 ? " array" : " arrays",
                  " of numpy; make them tensors in Python: torch.save({k: "
                  "torch.as_tensor(v) for k, v in d.items()}, ...)");
    }
    throw Error(path_,
                ": holds no tensors; save the weights in Python: "
                "torch.save(model.state_dict(), ...)");
  }

  /// Whether it is a module of TorchScript, whose attributes are its state.
  bool IsModule(PickleValue value) const {
    return script_ && value.IsObject() && value[2].Is(Kind::kDict) && value[0].Is(Kind::kGlobal) &&
           value[0].Text().starts_with(kScriptClass);
  }

  /// "an object of \"a.B\"", "what a call of \"a.b\" makes"
  static std::string ObjectText(PickleValue call) {
    PickleValue callee = call[0];
    const bool function = callee.Is(Kind::kGlobal) && !call.IsObject();
    // The old format saves a network's class as it does data: ("module", class, file, source).
    if (callee.Is(Kind::kPersistent) && callee[0].size() > 1) callee = callee[0][1];
    const std::string name =
        callee.Is(Kind::kGlobal) ? Quoted(callee.Text()) : std::string("a class without a name");
    return function ? "what a call of " + name + " makes" : "an object of " + name;
  }

  std::optional<PickleValue> Wrapped(PickleValue dict) {
    for (std::string_view wrapper : kWrappers) {
      for (size_t i = 0; i < dict.size(); i += 2) {
        const PickleValue value = WithoutTag(dict[i + 1]);
        if (dict[i].Is(Kind::kText) && dict[i].Text() == wrapper && value.Is(Kind::kDict) &&
            HoldsTensor(value, 0)) {
          file_.key = Join(file_.key, std::string(wrapper));
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
    if (!(IsContainer(value) || value.Is(Kind::kCall)) || depth > kDeepest) return false;
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
      const std::string why = UnreadReason(value, StrCat(path_, ": tensor ", Quoted(name)));
      if (why.empty()) {
        file_.tensors.emplace_back(name, maker_.Make(value, name));
      } else {
        LeaveUnread(name, why);
      }
      return;
    }
    if (IsModule(value)) value = value[2];
    if (value.Is(Kind::kCall)) return LookAtCall(value, name);
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
      KeepOfWeights(key, child, name);
      if (!child.Is(Kind::kCall) && !IsContainer(child)) continue;
      if (IsName(key)) {
        Walk(child, Join(name, NameText(key)), depth + 1);
      } else if (HoldsTensor(child, depth)) {
        LeaveUnread(Join(name, "?"), "has a key that is no text");
      }
    }
  }

  /// What is made by a call may be weights where it holds tensors, or where a function makes it, as
  /// tensors are made.
  void LookAtCall(PickleValue call, const std::string& name) {
    const PickleValue callee = call[0];
    if (callee.Is(Kind::kGlobal) && Contains(kArrays, callee.Text())) ++arrays_;
    if (callee.Is(Kind::kGlobal) && IsInert(callee.Text())) return;
    const bool function = callee.Is(Kind::kGlobal) && !call.IsObject();
    if (function || HoldsTensor(call, 0))
      LeaveUnread(name, "is " + ObjectText(call) + ", which is never made here");
  }

  void LeaveUnread(const std::string& name, const std::string& why) {
    budget_.Charge(kMetadataCost + name.size() + why.size());
    file_.unread.emplace(name, why);
  }

  std::string Join(const std::string& name, const std::string& key) const {
    std::string joined = name.empty() ? key : name + "." + key;
    if (joined.size() > kLongestKey) {
      throw Error(path_, ": the name ", Quoted(joined), " is longer than ", kLongestKey,
                  " bytes; the file is damaged");
    }
    return joined;
  }

  /// Metadata from the simple values of a dict that is the weights' or in it.
  void KeepOfWeights(PickleValue key, PickleValue value, const std::string& name) {
    const std::string& top = file_.key;
    if (script_) return;
    if (top.empty()) return Keep(key, value, name);
    if (name == top) return Keep(key, value, "");
    if (name.starts_with(top + ".")) Keep(key, value, name.substr(top.size() + 1));
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
  const bool script_;
  MemoryBudget& budget_;
  PthTensorMaker maker_;
  int arrays_ = 0;  // of numpy
  TensorFile file_;
};

}  // namespace

TensorFile ReadState(const Pickle& pickle, const PthStorages& storages,
                     const std::shared_ptr<MappedFile>& file, MemoryBudget& budget, bool script) {
  return StateReader(storages, file, budget, script).Read(pickle.root());
}

}  // namespace seglab
