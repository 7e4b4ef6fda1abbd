// The format: Lib/pickletools.py of CPython describes every opcode.

#include "tensor/pickle.h"

#include <bit>
#include <limits>
#include <map>

#include "base/error.h"
#include "tensor/byte_reader.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr uint64_t kNoChildren = std::numeric_limits<uint64_t>::max();
constexpr size_t kLongestGlobal = 256;  // bytes; names that Python writes are far shorter

// Vectors grow by doubling, so that an element can cost twice its size.
constexpr uint64_t kCostOfValue = 2 * 16, kCostOfReference = 2 * 4, kCostOfContainer = 2 * 24 + 32;
constexpr uint64_t kCostOfGlobal = 256;  // a name the first time: here and in the table

// Children of a call.
constexpr size_t kState = 2, kElements = 3, kCallSize = 4;

bool IsDictType(std::string_view name) {
  return name == "collections.OrderedDict" || name == "collections.defaultdict";
}

}  // namespace

PickleKind PickleValue::kind() const { return pickle_->nodes_[id_].kind; }

int64_t PickleValue::Int() const { return static_cast<int64_t>(pickle_->nodes_[id_].payload); }

double PickleValue::Float() const { return std::bit_cast<double>(pickle_->nodes_[id_].payload); }

std::string_view PickleValue::Text() const {
  const Pickle::Node& node = pickle_->nodes_[id_];
  if (node.kind == PickleKind::kGlobal) return pickle_->globals_[node.payload];
  return pickle_->bytes_.substr(node.payload, node.size);
}

size_t PickleValue::size() const {
  const Pickle::Node& node = pickle_->nodes_[id_];
  if (node.kind < PickleKind::kTuple || node.kind == PickleKind::kGlobal) return 0;
  return node.payload == kNoChildren ? 0 : pickle_->children_[node.payload].size();
}

PickleValue PickleValue::operator[](size_t child) const {
  return {pickle_, pickle_->children_[pickle_->nodes_[id_].payload][child]};
}

bool PickleValue::IsObject() const {
  return Is(PickleKind::kCall) && pickle_->nodes_[id_].size == Pickle::kObject;
}

/// Runs the opcodes on a stack of value numbers.
class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, const std::string& where, MemoryBudget& budget)
      : pickle_(pickle), where_(where), budget_(budget), reader_(pickle.bytes_, where_) {}

  void Run() {
    while (Step()) {
    }
    pickle_.root_ = Pop();
    pickle_.size_ = reader_.position();
  }

 private:
  using Kind = PickleKind;
  using Node = Pickle::Node;

  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(where_, ": ", what, " at byte ", reader_.position(),
                "; the file is damaged or no pickle");
  }

  Node& At(uint32_t id) { return pickle_.nodes_[id]; }

  // The stack. What stands below the last mark cannot be reached before the mark is gone.

  void Push(uint32_t id) {
    budget_.Charge(kCostOfReference);
    stack_.push_back(id);
  }

  uint32_t Top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) Fail("an empty stack");
    return stack_.back();
  }

  uint32_t Pop() {
    const uint32_t id = Top();
    stack_.pop_back();
    return id;
  }

  std::vector<uint32_t> PopCount(size_t count) {
    std::vector<uint32_t> ids(count);
    for (size_t i = count; i-- > 0;) ids[i] = Pop();
    return ids;
  }

  std::vector<uint32_t> PopMark() {
    if (marks_.empty()) Fail("a missing mark");
    const auto first = stack_.begin() + marks_.back();
    std::vector<uint32_t> ids(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return ids;
  }

  // Values.

  void PushValue(Kind kind, uint64_t payload, uint32_t size = 0) {
    budget_.Charge(kCostOfValue);
    pickle_.nodes_.push_back({kind, size, payload});
    Push(static_cast<uint32_t>(pickle_.nodes_.size() - 1));
  }

  void PushInt(int64_t value) { PushValue(Kind::kInt, static_cast<uint64_t>(value)); }

  void PushText(Kind kind, uint64_t length) {
    if (length > std::numeric_limits<uint32_t>::max()) Fail("a text of impossible length");
    const uint64_t begin = reader_.position();
    reader_.Take(length);
    PushValue(kind, begin, static_cast<uint32_t>(length));
  }

  void PushFloat() {
    const uint64_t bits = reader_.Read<uint64_t>();  // this one has the high byte first
    uint64_t turned = 0;
    for (int i = 0; i < 8; ++i) turned = turned << 8 | (bits >> (8 * i) & 0xff);
    PushValue(Kind::kFloat, turned);
  }

  /// An integer of any length in two's complement.
  void PushLong(uint64_t length) {
    if (length > sizeof(int64_t)) return PushText(Kind::kLong, length);
    const std::string_view digits = reader_.Take(length);
    uint64_t value = length > 0 && (digits.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = length; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    PushInt(static_cast<int64_t>(value));
  }

  void PushContainer(Kind kind, const std::vector<uint32_t>& children = {}) {
    PushValue(kind, kNoChildren);
    Append(Top(), children);
  }

  void Append(uint32_t to, const std::vector<uint32_t>& added) {
    if (added.empty()) return;
    budget_.Charge(added.size() * kCostOfReference);
    if (At(to).payload == kNoChildren) {
      budget_.Charge(kCostOfContainer);
      At(to).payload = pickle_.children_.size();
      pickle_.children_.emplace_back();
    }
    std::vector<uint32_t>& children = pickle_.children_[At(to).payload];
    children.insert(children.end(), added.begin(), added.end());
  }

  void AppendTo(Kind kind, const std::vector<uint32_t>& added) {
    if (kind == Kind::kDict && added.size() % 2 != 0) Fail("a key without value");
    uint32_t to = Top();
    if (At(to).kind == Kind::kCall) to = ElementsOf(to, kind);
    if (At(to).kind != kind) Fail("elements for what cannot hold them");
    Append(to, added);
  }

  /// The list or dict of an object's elements, which are set on it as on a list or dict.
  uint32_t ElementsOf(uint32_t call, Kind kind) {
    const uint32_t there = Child(call, kElements);
    if (At(there).kind != Kind::kNone) return there;
    PushContainer(kind);
    const uint32_t made = Pop();
    Child(call, kElements) = made;
    return made;
  }

  uint32_t& Child(uint32_t id, size_t child) { return pickle_.children_[At(id).payload][child]; }

  void PushGlobal(std::string_view module, std::string_view name) {
    const std::string full =
        StrCat(module.substr(0, kLongestGlobal), ".", name.substr(0, kLongestGlobal));
    if (module.empty() || name.empty()) Fail("a name that is empty");
    const auto [found, added] = places_.try_emplace(full, pickle_.globals_.size());
    if (added) {
      budget_.Charge(kCostOfGlobal + 2 * full.size());
      pickle_.globals_.push_back(full);
    }
    PushValue(Kind::kGlobal, found->second);
  }

  std::string_view TextOf(uint32_t id) {
    if (At(id).kind != Kind::kText) Fail("a name that is no text");
    return pickle_.value(id).Text();
  }

  void PushCall(uint32_t callable, uint32_t arguments, bool of_class) {
    const Kind kind = At(callable).kind;
    if (kind != Kind::kGlobal && kind != Kind::kCall && kind != Kind::kPersistent)
      Fail("a call of what is no name");
    if (At(arguments).kind != Kind::kTuple) Fail("a call without arguments");
    if (kind != Kind::kGlobal || !IsDictType(pickle_.value(callable).Text())) {
      if (none_ == kForgotten) {
        PushValue(Kind::kNone, 0);
        none_ = Pop();
      }
      std::vector<uint32_t> children(kCallSize, none_);
      children[0] = callable;
      children[1] = arguments;
      PushContainer(Kind::kCall, children);
      At(Top()).size = of_class ? Pickle::kObject : 0;
      return;
    }
    // Python 2 gives the items of an OrderedDict as a list of [key, value] in the call.
    std::vector<uint32_t> items;
    const PickleValue given = pickle_.value(arguments);
    if (given.size() == 1 && given[0].Is(Kind::kList)) {
      for (size_t i = 0; i < given[0].size(); ++i) {
        const PickleValue pair = given[0][i];
        if (pair.size() != 2) Fail("an item of a dict that is no pair");
        budget_.Charge(2 * kCostOfReference);
        items.push_back(pair[0].id());
        items.push_back(pair[1].id());
      }
    }
    PushContainer(Kind::kDict, items);
  }

  // Values that are used again.

  void Remember(uint64_t place) {
    // Picklers number from 0, Python 2's from 1: a gap is no pickler's.
    if (place > memo_.size() + 1) Fail("a memo out of order");
    budget_.Charge(kCostOfReference);
    if (place >= memo_.size()) memo_.resize(place + 1, kForgotten);
    memo_[place] = Top();
  }

  void Recall(uint64_t place) {
    if (place >= memo_.size() || memo_[place] == kForgotten) Fail("a missing memo");
    Push(memo_[place]);
  }

  /// Executes one opcode; false at STOP.
  bool Step();

  static constexpr uint32_t kForgotten = std::numeric_limits<uint32_t>::max();

  Pickle& pickle_;
  const std::string& where_;
  MemoryBudget& budget_;
  ByteReader reader_;
  std::vector<uint32_t> stack_, memo_;
  std::vector<size_t> marks_;               // heights of the stack
  std::map<std::string, uint64_t> places_;  // of names among the pickle's
  uint32_t none_ = kForgotten;              // the value that calls share for what they lack
};

bool PickleMachine::Step() {
  const uint8_t code = reader_.Read<uint8_t>();
  switch (code) {
    case 0x80:  // PROTO
      if (reader_.Read<uint8_t>() > 5) Fail("a protocol above 5");
      return true;
    case 0x95:  // FRAME: a hint for reading ahead
      reader_.Take(8);
      return true;
    case '.':  // STOP
      return false;

    case '(':  // MARK
      budget_.Charge(2 * sizeof(size_t));
      marks_.push_back(stack_.size());
      return true;
    case '0':  // POP
      Pop();
      return true;
    case '1':  // POP_MARK
      PopMark();
      return true;
    case '2':  // DUP
      Push(Top());
      return true;

    case 'N':  // NONE
      PushValue(Kind::kNone, 0);
      return true;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      PushValue(Kind::kBool, code == 0x88 ? 1 : 0);
      return true;
    case 'J':  // BININT
      PushInt(reader_.Read<int32_t>());
      return true;
    case 'K':  // BININT1
      PushInt(reader_.Read<uint8_t>());
      return true;
    case 'M':  // BININT2
      PushInt(reader_.Read<uint16_t>());
      return true;
    case 0x8a:  // LONG1
      PushLong(reader_.Read<uint8_t>());
      return true;
    case 0x8b:  // LONG4
      PushLong(reader_.Read<uint32_t>());
      return true;
    case 'G':  // BINFLOAT
      PushFloat();
      return true;

    case 'X':  // BINUNICODE
    case 'T':  // BINSTRING, Python 2's str
      PushText(Kind::kText, reader_.Read<uint32_t>());
      return true;
    case 0x8c:  // SHORT_BINUNICODE
    case 'U':   // SHORT_BINSTRING
      PushText(Kind::kText, reader_.Read<uint8_t>());
      return true;
    case 0x8d:  // BINUNICODE8
      PushText(Kind::kText, reader_.Read<uint64_t>());
      return true;
    case 'B':  // BINBYTES
      PushText(Kind::kBytes, reader_.Read<uint32_t>());
      return true;
    case 'C':  // SHORT_BINBYTES
      PushText(Kind::kBytes, reader_.Read<uint8_t>());
      return true;
    case 0x8e:  // BINBYTES8
    case 0x96:  // BYTEARRAY8
      PushText(Kind::kBytes, reader_.Read<uint64_t>());
      return true;

    case ')':  // EMPTY_TUPLE
      PushContainer(Kind::kTuple);
      return true;
    case 0x85:  // TUPLE1
    case 0x86:  // TUPLE2
    case 0x87:  // TUPLE3
      PushContainer(Kind::kTuple, PopCount(code - 0x84));
      return true;
    case 't':  // TUPLE
      PushContainer(Kind::kTuple, PopMark());
      return true;
    case ']':  // EMPTY_LIST
      PushContainer(Kind::kList);
      return true;
    case 'l':  // LIST
      PushContainer(Kind::kList, PopMark());
      return true;
    case 'a':  // APPEND
      AppendTo(Kind::kList, PopCount(1));
      return true;
    case 'e':  // APPENDS
      AppendTo(Kind::kList, PopMark());
      return true;
    case '}':  // EMPTY_DICT
      PushContainer(Kind::kDict);
      return true;
    case 'd': {  // DICT
      const std::vector<uint32_t> items = PopMark();
      PushContainer(Kind::kDict);
      AppendTo(Kind::kDict, items);
      return true;
    }
    case 's':  // SETITEM
      AppendTo(Kind::kDict, PopCount(2));
      return true;
    case 'u':  // SETITEMS
      AppendTo(Kind::kDict, PopMark());
      return true;
    case 0x8f:  // EMPTY_SET
      PushContainer(Kind::kSet);
      return true;
    case 0x90:  // ADDITEMS
      AppendTo(Kind::kSet, PopMark());
      return true;
    case 0x91:  // FROZENSET
      PushContainer(Kind::kSet, PopMark());
      return true;

    case 'c': {  // GLOBAL
      const std::string_view module = reader_.Line();
      PushGlobal(module, reader_.Line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const std::vector<uint32_t> names = PopCount(2);
      PushGlobal(TextOf(names[0]), TextOf(names[1]));
      return true;
    }
    case 'R':     // REDUCE
    case 0x81: {  // NEWOBJ
      const std::vector<uint32_t> call = PopCount(2);
      PushCall(call[0], call[1], code == 0x81);
      return true;
    }
    case 0x92: {  // NEWOBJ_EX: named arguments, which nothing here reads
      const std::vector<uint32_t> call = PopCount(3);
      PushCall(call[0], call[1], true);
      return true;
    }
    case 'b': {  // BUILD: sets attributes
      const uint32_t state = Pop();
      const Kind kind = At(Top()).kind;
      if (kind != Kind::kDict && kind != Kind::kCall) Fail("attributes for what has none");
      if (kind == Kind::kCall) Child(Top(), kState) = state;
      return true;
    }
    case 'Q':  // BINPERSID
      PushContainer(Kind::kPersistent, PopCount(1));
      return true;

    case 'q':  // BINPUT
      Remember(reader_.Read<uint8_t>());
      return true;
    case 'r':  // LONG_BINPUT
      Remember(reader_.Read<uint32_t>());
      return true;
    case 0x94:  // MEMOIZE
      Remember(memo_.size());
      return true;
    case 'h':  // BINGET
      Recall(reader_.Read<uint8_t>());
      return true;
    case 'j':  // LONG_BINGET
      Recall(reader_.Read<uint32_t>());
      return true;

    default:
      Fail(StrCat("opcode ", static_cast<int>(code), ", which weight files do not use,"));
  }
}

Pickle::Pickle(std::string_view bytes, const std::string& where, MemoryBudget& budget)
    : bytes_(bytes) {
  PickleMachine(*this, where, budget).Run();
}

}  // namespace seglab
