// The format: github.com/huggingface/safetensors, "Format".

#include "tensor/safetensors_header.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "tensor/element_type.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr size_t kLongestHeaderName = 4 << 10;  // bytes in the header
constexpr size_t kHeaderLongestText = 4 << 20;  // of a value in the metadata
constexpr size_t kHeaderMostSides = 64;
constexpr size_t kHeaderDeepest = 64;  // lists and objects in the metadata
constexpr uint64_t kEntryCost = 256;   // of the budget: an entry, its shape, while it is sorted
constexpr uint64_t kHeaderMetadataCost = 192;  // a node of a map and its texts

class HeaderParser {
 public:
  HeaderParser(std::string_view text, uint64_t data_size, const std::string& path,
               MemoryBudget& budget)
      : text_(text), data_size_(data_size), path_(path), budget_(budget) {}

  SafetensorsHeader Parse() {
    bool metadata = false;
    ReadObject([&](std::string key) {
      if (key != "__metadata__") {
        ReadEntry(std::move(key));
        return;
      }
      if (std::exchange(metadata, true)) Fail("__metadata__ stands there twice");
      ReadMetadata();
    });
    SkipSpaces();
    if (at_ != text_.size()) Fail("something follows the end of the header");
    CheckNames();
    return std::move(header_);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(path_, ": is no safetensors file or is damaged: byte ", at_,
                " of its header: ", what);
  }

  void SkipSpaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool Accept(char letter) {
    SkipSpaces();
    if (at_ == text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  void Expect(char letter, const char* what) {
    if (!Accept(letter)) Fail(StrCat("expected ", what));
  }

  /// Calls `member` with each key, the text standing behind its colon.
  template <typename Member>
  void ReadObject(const Member& member) {
    Expect('{', "a JSON object");
    if (Accept('}')) return;
    do {
      std::string key = ReadText(kLongestHeaderName);
      Expect(':', "a colon");
      member(std::move(key));
    } while (Accept(','));
    Expect('}', "a comma or the end of an object");
  }

  std::string ReadText(size_t longest) {
    Expect('"', "a text in quotes");
    const size_t begin = at_ - 1;
    bool plain = true;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      plain = plain && byte >= ' ' && byte < 0x7f && byte != '\\';
      if (byte == '\\') ++at_;
    }
    if (at_ >= text_.size()) Fail("a text does not end");
    ++at_;
    const std::string_view quoted = text_.substr(begin, at_ - begin);
    if (quoted.size() - 2 > longest) Fail(StrCat("a text is longer than ", longest, " bytes"));
    if (plain) return std::string(quoted.substr(1, quoted.size() - 2));
    try {
      return ParseJson(quoted, path_).get<std::string>();
    } catch (const Error&) {
      Fail("a text is no UTF-8 or has a wrong escape");
    }
  }

  uint64_t ReadNumber() {
    SkipSpaces();
    const std::string_view rest = text_.substr(at_);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    const auto size = static_cast<size_t>(end - rest.data());
    const bool more = size < rest.size() && (rest[size] == '.' || (rest[size] | 0x20) == 'e');
    if (error != std::errc() || more || (rest[0] == '0' && size > 1))
      Fail("expected an integer of at most 64 bits that is not negative");
    at_ += size;
    return value;
  }

  std::vector<uint64_t> ReadNumbers(size_t most) {
    std::vector<uint64_t> numbers;
    Expect('[', "a list");
    if (Accept(']')) return numbers;
    do {
      if (numbers.size() == most) Fail(StrCat("a list of more than ", most, " numbers"));
      numbers.push_back(ReadNumber());
    } while (Accept(','));
    Expect(']', "a comma or the end of a list");
    return numbers;
  }

  /// The text of a JSON value that is no text in quotes.
  std::string OtherValue() {
    const size_t begin = at_;
    std::string open;  // the brackets that are still to be closed
    do {
      SkipSpaces();
      if (at_ == text_.size()) Fail("a value does not end");
      const char letter = text_[at_];
      if (letter == '"') {
        ReadText(kHeaderLongestText);
        continue;
      }
      if (letter == '[' || letter == '{') open += letter == '[' ? ']' : '}';
      if (open.size() > kHeaderDeepest) Fail("its metadata nests too deep");
      const bool closes = letter == ']' || letter == '}';
      if (open.empty() && (closes || letter == ',')) break;
      if (closes && letter != open.back()) Fail("a wrong bracket");
      if (closes) open.pop_back();
      ++at_;
      if (closes && open.empty()) break;
    } while (true);
    const std::string_view value = text_.substr(begin, at_ - begin);
    if (value.size() > kHeaderLongestText) Fail("a value of its metadata is too long");
    try {
      return ParseJson(value, path_).dump();
    } catch (const Error&) {
      Fail("a value of its metadata is no JSON");
    }
  }

  void ReadMetadata() {
    ReadObject([&](std::string key) {
      SkipSpaces();
      const bool text = at_ < text_.size() && text_[at_] == '"';
      std::string value = text ? ReadText(kHeaderLongestText) : OtherValue();
      if (!text && value == "null") return;
      budget_.Charge(kHeaderMetadataCost + key.size() + value.size());
      if (!header_.metadata.emplace(std::move(key), std::move(value)).second)
        Fail("a key of __metadata__ stands there twice");
    });
  }

  void ReadEntry(std::string name) {
    budget_.ChargeTensor();
    budget_.Charge(kEntryCost + name.size());
    SafetensorsEntry entry;
    entry.name = std::move(name);
    std::string type;
    std::vector<uint64_t> shape, offsets;
    int has_type = 0, has_shape = 0, has_offsets = 0;
    ReadObject([&](const std::string& key) {
      if (key == "dtype") {
        ++has_type;
        type = ReadText(kLongestHeaderName);
      } else if (key == "shape") {
        ++has_shape;
        shape = ReadNumbers(kHeaderMostSides);
      } else if (key == "data_offsets") {
        ++has_offsets;
        offsets = ReadNumbers(2);
      } else {
        Fail(StrCat("a tensor has no ", Quoted(key)));
      }
    });
    const std::string where = StrCat(path_, ": tensor ", Quoted(entry.name));
    if (has_type != 1 || has_shape != 1 || has_offsets != 1)
      throw Error(where, ": needs dtype, shape and data_offsets once each; the file is damaged");
    entry.type = ElementTypeByName(type);
    if (!entry.type) {
      budget_.Charge(entry.name.size() + type.size());
      header_.unread.emplace(entry.name, StrCat("is of the type ", Quoted(type)));
    }
    CheckBytes(entry, shape, offsets, where);
    budget_.Charge(2 * sizeof(int64_t) * shape.size());
    header_.entries.push_back(std::move(entry));
  }

  void CheckBytes(SafetensorsEntry& entry, const std::vector<uint64_t>& shape,
                  const std::vector<uint64_t>& offsets, const std::string& where) const {
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size_) {
      throw Error(where, ": its data lies outside the file, which holds ", data_size_,
                  " bytes of data; the file is truncated or damaged");
    }
    entry.begin = offsets[0];
    entry.end = offsets[1];
    if (!entry.type) return;
    // Sides of 0 are left out of the overflow check: the others alone must be possible as well.
    auto span = static_cast<int64_t>(c10::elementSize(*entry.type));
    bool empty = false, possible = true;
    for (uint64_t side : shape) {
      empty = empty || side == 0;
      possible =
          possible && side <= static_cast<uint64_t>(INT64_MAX) &&
          !__builtin_mul_overflow(span, std::max<int64_t>(static_cast<int64_t>(side), 1), &span);
      entry.shape.push_back(static_cast<int64_t>(side));
    }
    if (!possible) throw Error(where, ": its shape is impossible; the file is damaged");
    const uint64_t bytes = empty ? 0 : static_cast<uint64_t>(span);
    if (bytes != entry.end - entry.begin) {
      throw Error(where, ": its shape needs ", bytes, " bytes, its data has ",
                  entry.end - entry.begin, "; the file is damaged");
    }
  }

  void CheckNames() const {
    std::vector<std::string_view> names;
    names.reserve(header_.entries.size());
    for (const SafetensorsEntry& entry : header_.entries) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    throw Error(path_, ": has two tensors of the name ", Quoted(*twice), "; the file is damaged");
  }

  std::string_view text_;
  const uint64_t data_size_;
  const std::string& path_;
  MemoryBudget& budget_;
  size_t at_ = 0;
  SafetensorsHeader header_;
};

}  // namespace

SafetensorsHeader ParseSafetensorsHeader(std::string_view text, uint64_t data_size,
                                         const std::string& path, MemoryBudget& budget) {
  return HeaderParser(text, data_size, path, budget).Parse();
}

}  // namespace seglab
