#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/memory_budget.h"

namespace seglab {

enum class PickleKind : uint8_t {
  kNone,
  kBool,
  kInt,   ///< fits 64 bits
  kLong,  ///< does not fit; its text is two's complement, low byte first
  kFloat,
  kText,
  kBytes,
  kTuple,
  kList,
  kSet,
  kDict,        ///< children: key, value, key, value ...; keys may repeat
  kGlobal,      ///< a name "module.name"; nothing is looked up
  kCall,        ///< children: what would be called (a name, a call or a persistent id), its
                ///< arguments, its state or None, its elements (a list, set or dict) or None;
                ///< nothing
                ///< is called
  kPersistent,  ///< child: the id of something outside the pickle
};

class Pickle;

/// A value of a pickle. Cheap to copy; valid as long as the pickle and its bytes are. Values may be
/// shared, and a list or dict may contain itself.
class PickleValue {
 public:
  PickleKind kind() const;
  bool Is(PickleKind kind) const { return this->kind() == kind; }
  /// Of kBool and kInt.
  int64_t Int() const;
  /// Of kFloat.
  double Float() const;
  /// Of kText, kBytes, kLong and kGlobal.
  std::string_view Text() const;
  bool IsGlobal(std::string_view name) const { return Is(PickleKind::kGlobal) && Text() == name; }
  /// Of kCall: whether it makes an object of a class, which a function's call may not do.
  bool IsObject() const;
  /// Number of children; 0 for anything that has none.
  size_t size() const;
  PickleValue operator[](size_t child) const;
  /// The number of the value in its pickle, below values(): the same object has the same number.
  uint32_t id() const { return id_; }

 private:
  friend class Pickle;
  PickleValue(const Pickle* pickle, uint32_t id) : pickle_(pickle), id_(id) {}

  const Pickle* pickle_;
  uint32_t id_;
};

/// What a pickle of Python describes, as data. Nothing of it is executed: names stay names and
/// calls stay calls, whatever they are of. The exceptions are collections.OrderedDict and
/// defaultdict, whose calls become dicts; attributes that are set on them are dropped.
///
/// Binary opcodes of protocols 1 to 5; those of text (protocol 0), of registered extensions and of
/// buffers outside the file are refused. Texts are not copied; the tree is built without recursion
/// and in memory that `budget` allows.
class Pickle {
 public:
  /// Reads the pickle that begins `bytes` and ends at its STOP.
  /// @param where  names it in messages: "a.pth (pickle)"
  /// @throws Error on anything that is no pickle or unsupported
  Pickle(std::string_view bytes, const std::string& where, MemoryBudget& budget);

  PickleValue root() const { return {this, root_}; }
  /// Any value, reachable or not.
  PickleValue value(uint32_t id) const { return {this, id}; }
  uint32_t values() const { return static_cast<uint32_t>(nodes_.size()); }
  /// Bytes of the pickle, STOP included.
  size_t size() const { return size_; }

 private:
  friend class PickleValue;
  friend class PickleMachine;

  static constexpr uint32_t kObject = 1;  // size of a call that makes an object of a class

  struct Node {
    PickleKind kind = PickleKind::kNone;
    uint32_t size = 0;     // of a text, in bytes; of a call, kObject or 0
    uint64_t payload = 0;  // number; place of a text; index into globals_ or children_
  };

  std::string_view bytes_;
  std::vector<Node> nodes_;
  std::vector<std::vector<uint32_t>> children_;
  std::vector<std::string> globals_;
  uint32_t root_ = 0;
  size_t size_ = 0;
};

}  // namespace seglab
