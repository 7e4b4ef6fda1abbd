#include "data/mat5.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/test_error.h"

// Files by hand, from the description of the format, so that they can be made wrong.
namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// The bytes of a number; `little`: lowest first.
std::string Number(uint64_t value, int bytes, bool little) {
  std::string text;
  for (int i = 0; i < bytes; ++i)
    text += static_cast<char>(value >> (8 * (little ? i : bytes - 1 - i)) & 0xff);
  return text;
}

/// Elements and matrices in one byte order.
struct Writer {
  bool little = true;

  std::string U32(uint64_t value) const { return Number(value, 4, little); }
  std::string Element(uint32_t type, const std::string& data) const {
    return U32(type) + U32(data.size()) + data + std::string((8 - data.size() % 8) % 8, '\0');
  }
  std::string Small(uint32_t type, const std::string& data) const {
    const std::string tag = U32(uint64_t{data.size()} << 16 | type);
    return tag + data + std::string(4 - data.size(), '\0');
  }
  std::string Head(uint32_t kind, const std::vector<uint32_t>& sides,
                   const std::string& name) const {
    std::string dims;
    for (uint32_t side : sides) dims += U32(side);
    return Element(6, U32(kind) + U32(0)) + Element(5, dims) + Element(1, name);
  }
  /// A uint8 matrix; `rows` and `columns` may be lies.
  std::string Bytes(uint32_t rows, uint32_t columns, const std::string& values,
                    uint32_t kind = 9) const {
    return Element(14, Head(kind, {rows, columns}, "") + Element(2, values));
  }
  std::string Structure(const std::vector<std::pair<std::string, std::string>>& members,
                        const std::string& name = "GTcls",
                        const std::vector<uint32_t>& sides = {1, 1}) const {
    std::string names, values;
    for (const auto& [member, value] : members) {
      names += member + std::string(32 - member.size(), '\0');
      values += value;
    }
    return Element(14, Head(2, sides, name) + Small(5, U32(32)) + Element(1, names) + values);
  }
  std::string File(const std::string& elements) const {
    std::string header = "MATLAB 5.0 MAT-file";
    header.resize(124, ' ');
    return header + Number(0x0100, 2, little) + (little ? "IM" : "MI") + elements;
  }
  std::string Packed(const std::string& element) const {
    uLongf size = compressBound(element.size());
    std::string packed(size, '\0');
    compress(reinterpret_cast<Bytef*>(packed.data()), &size,
             reinterpret_cast<const Bytef*>(element.data()), element.size());
    packed.resize(size);
    return U32(15) + U32(size) + packed;
  }
};

MatBytes Read(const std::string& file) {
  return ReadMat5Bytes(file, "GTcls", "Segmentation", "x.mat");
}

std::string Message(const std::string& file) {
  const std::string text = ErrorOf([&] { Read(file); });
  EXPECT_EQ(text.find('\n'), std::string::npos);
  if (!text.empty()) {
    EXPECT_THAT(text, HasSubstr("x.mat"));
  }
  return text;
}

TEST(Mat5, ReadsAMemberPackedOrNotInBothByteOrders) {
  for (bool little : {true, false}) {
    const Writer w{little};
    const std::string structure = w.Structure(
        {{"Boundaries", w.Bytes(1, 1, "x", 6)}, {"Segmentation", w.Bytes(2, 3, "abcdef")}});
    for (const std::string& file :
         {w.File(structure), w.File(w.Packed(structure)), w.File(w.Bytes(1, 1, "y") + structure),
          w.File(w.Packed(structure) + w.Packed(w.Bytes(1, 1, "y")))}) {
      EXPECT_EQ(MatKindOf(file), MatKind::kMat5);
      const MatBytes bytes = Read(file);
      EXPECT_EQ(bytes.rows, 2);
      EXPECT_EQ(bytes.columns, 3);
      EXPECT_THAT(bytes.values, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
    }
  }
}

TEST(Mat5, SizesAreComparedBeforeMemoryIsTaken) {
  const Writer w;
  const std::string labels = w.Bytes(2, 2, "abcd");
  for (const auto& sides : std::vector<std::vector<uint32_t>>{
           {1u << 30, 1u << 30}, {~0u, ~0u}, {0, 1}, {0, 0}, {1, 2}, {1, 1, 7}}) {
    EXPECT_THAT(Message(w.File(w.Structure({{"Segmentation", labels}}, "GTcls", sides))),
                HasSubstr("several structures or none"));
  }
  for (const auto& [rows, columns] : std::vector<std::pair<uint32_t, uint32_t>>{
           {1u << 30, 1u << 30}, {~0u, ~0u}, {0, 4}, {4, 0}, {1u << 31, 2}, {2, 3}, {5, 1}}) {
    EXPECT_THAT(Message(w.File(w.Structure({{"Segmentation", w.Bytes(rows, columns, "abcd")}}))),
                AllOf(HasSubstr("says"), HasSubstr("4 bytes")));
  }
}

TEST(Mat5, WhatIsNotThereIsNamed) {
  const Writer w;
  const std::string labels = w.Bytes(2, 2, "abcd");
  EXPECT_THAT(Message(w.File(w.Structure({{"Segmentation", labels}}, "GTinst"))),
              HasSubstr("no structure GTcls"));
  EXPECT_THAT(Message(w.File(w.Bytes(1, 1, "x"))), HasSubstr("no structure GTcls"));
  EXPECT_THAT(Message(w.File(w.Structure({{"Other", labels}}))),
              HasSubstr("no content in Segmentation"));
  EXPECT_THAT(Message(w.File(w.Structure({{"Segmentation", w.Element(14, "")}}))),
              HasSubstr("is empty"));
  EXPECT_THAT(Message(w.File(w.Structure({{"Segmentation", w.Bytes(2, 2, "abcd", 6)}}))),
              HasSubstr("no plain uint8 matrix"));
  EXPECT_THAT(Message(w.File("")), HasSubstr("damaged"));
}

TEST(Mat5, BombsAreRefused) {
  const Writer w;
  const std::string zeros(300 << 20, '\0');
  const std::string bomb = w.File(w.Packed(w.Bytes(300 << 10, 1 << 10, zeros)));
  EXPECT_LT(bomb.size(), 2u << 20);
  EXPECT_THAT(Message(bomb), HasSubstr("256 MiB"));
}

TEST(Mat5, EveryTruncationIsRefused) {
  const Writer w;
  const std::string structure = w.Structure({{"Segmentation", w.Bytes(2, 3, "abcdef")}});
  for (const std::string& file : {w.File(structure), w.File(w.Packed(structure))}) {
    for (size_t size = 128; size < file.size(); ++size)
      EXPECT_NE(Message(file.substr(0, size)), "") << size;
  }
}

// No change of a byte may do worse than a message or other labels.
TEST(Mat5, EveryChangedByteIsHarmless) {
  const Writer w;
  const std::string structure = w.Structure({{"Segmentation", w.Bytes(2, 3, "abcdef")}});
  for (const std::string& file : {w.File(structure), w.File(w.Packed(structure))}) {
    for (size_t at = 124; at < file.size(); ++at) {
      for (int change : {0x01, 0x40, 0x80, 0xff}) {
        std::string bytes = file;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        if (MatKindOf(bytes) == MatKind::kMat5) Message(bytes);
      }
    }
  }
}

/// A matrix of class `kind` whose values are stored as `type`, byte by byte.
std::string Numbers(const Writer& writer, uint32_t kind, uint32_t type,
                    const std::vector<uint64_t>& values, int size) {
  std::string data;
  for (const uint64_t value : values) data += Number(value, size, writer.little);
  const auto columns = static_cast<uint32_t>(values.size() / 2);
  return writer.Element(14, writer.Head(kind, {2, columns}, "S") + writer.Element(type, data));
}

TEST(Mat5, NumbersOfEveryKind) {
  constexpr uint64_t kOne = 0x3ff0000000000000, kThousand = 0x408f400000000000;  // doubles
  for (const bool little : {true, false}) {
    const Writer writer{little};
    const auto read = [&](const std::string& matrix) {
      return ReadMat5Numbers(writer.File(matrix), {"LabelMap", "S"}, "file")->values;
    };
    EXPECT_THAT(read(Numbers(writer, 9, 2, {1, 2, 3, 255}, 1)), ElementsAre(1, 2, 3, 255));
    EXPECT_THAT(read(Numbers(writer, 11, 4, {1, 2, 3, 65535}, 2)), ElementsAre(1, 2, 3, 65535));
    EXPECT_THAT(read(Numbers(writer, 6, 9, {kOne, kThousand}, 8)), ElementsAre(1, 1000));
    // Doubles that are small whole numbers are stored as such.
    EXPECT_THAT(read(Numbers(writer, 6, 2, {7, 0}, 1)), ElementsAre(7, 0));
  }
}

TEST(Mat5, NumbersThatAreNoLabels) {
  const Writer writer;
  const auto error = [&](const std::string& matrix) {
    return ErrorOf([&] { ReadMat5Numbers(writer.File(matrix), {"S"}, "file"); });
  };
  EXPECT_THAT(error(Numbers(writer, 6, 9, {0x3fe0000000000000, 0}, 8)), HasSubstr("0.5"));
  EXPECT_THAT(error(Numbers(writer, 6, 9, {0x7ff8000000000000, 0}, 8)), HasSubstr("no label"));
  EXPECT_THAT(error(Numbers(writer, 6, 3, {0xffff, 0}, 2)), HasSubstr("-1"));
  EXPECT_THAT(error(Numbers(writer, 4, 4, {1, 0}, 2)), HasSubstr("no matrix of labels"));
  EXPECT_THAT(error(writer.Element(
                  14, writer.Head(9, {1u << 31, 1u << 31}, "S") + writer.Element(2, "ab"))),
              HasSubstr("but holds 2 bytes"));
  EXPECT_EQ(ReadMat5Numbers(writer.File(Numbers(writer, 9, 2, {1, 2}, 1)), {"X"}, "file"),
            std::nullopt);
}

}  // namespace
}  // namespace seglab
