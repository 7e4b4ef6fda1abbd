#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "tensor/tensor_file.h"
#include "tensor/test_files.h"
#include "tensor/test_safetensors.h"

namespace seglab {
namespace {

using test_files::WriteBytes;
using testing::HasSubstr;

TEST(SafetensorsDamageTest, TruncatedAnywhere) {
  TestFolder folder;
  const std::string whole = SmallFile(), path = folder.File("short.safetensors");
  WriteBytes(path, whole);
  ASSERT_EQ(FileMessage(path), "");
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteBytes(path, whole.substr(0, size));
    EXPECT_THAT(FileMessage(path), HasSubstr(path)) << size << " of " << whole.size() << " bytes";
  }
}

TEST(SafetensorsDamageTest, HeaderLengthThatDoesNotFit) {
  TestFolder folder;
  const std::string path = folder.File("length.safetensors");
  const std::string rest = SmallFile().substr(8);
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const std::vector<uint64_t> lengths = {
      0, 1, rest.size() + 1, 100'000'000, 100'000'001, uint64_t{1} << 63, kMost - 7, kMost};
  for (uint64_t length : lengths) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
    WriteBytes(path, bytes + rest);
    EXPECT_THAT(FileMessage(path), HasSubstr(path)) << length;
  }
}

struct Damage {
  std::string header;
  size_t data_size;
};

/// One U8 tensor whose shape and offsets are given.
Damage Bytes(const std::string& shape, const std::string& offsets, size_t data_size,
             const std::string& type = "U8") {
  return {R"({"x":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
              "}}",
          data_size};
}

/// Two U8 tensors of the given offsets.
Damage Two(int begin_a, int end_a, int begin_b, int end_b, size_t data_size) {
  auto entry = [](int begin, int end) {
    return StrCat(R"({"dtype":"U8","shape":[)", end - begin, R"(],"data_offsets":[)", begin, ",",
                  end, "]}");
  };
  return {R"({"a":)" + entry(begin_a, end_a) + R"(,"b":)" + entry(begin_b, end_b) + "}", data_size};
}

TEST(SafetensorsDamageTest, EveryKindOfDamageIsAnError) {
  TestFolder folder;
  const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  const std::vector<Damage> damages = {
      // What is laid out wrong.
      Bytes("[2]", "[0,2]", 3),  // bytes behind the last tensor
      Bytes("[2]", "[1,3]", 3),  // a hole before the first
      Bytes("[2]", "[0,2]", 1),
      Bytes("[2]", "[2,0]", 2),
      Bytes("[2]", "[0]", 2),
      Bytes("[2]", "[0,2,2]", 2),
      Bytes("[2]", "[-2,0]", 2),
      Bytes("[2]", "[0,2.5]", 2),
      Bytes("[2]", "\"0,2\"", 2),
      Bytes("[0]", "[18446744073709551615,18446744073709551615]", 0),
      Two(0, 2, 3, 5, 5),
      Two(0, 3, 2, 5, 5),
      Two(0, 2, 0, 2, 2),
      Two(0, 2, 0, 2, 4),
      Two(0, 4, 1, 3, 4),
      {"{}", 1},
      // What has an impossible shape or type.
      Bytes("[3]", "[0,2]", 2),
      Bytes("[2]", "[0,2]", 2, "F32"),
      Bytes("[]", "[0,2]", 2),
      Bytes("[-1]", "[0,0]", 0),
      Bytes("[-2,-2]", "[0,4]", 4),
      Bytes("[4611686018427387904]", "[0,0]", 0, "F32"),
      Bytes("[4294967296,4294967296]", "[0,0]", 0),
      Bytes("[4294967297,4294967297]", "[0,1]", 1),
      Bytes("[9223372036854775807,2]", "[0,2]", 2),
      Bytes("[9223372036854775808]", "[0,2]", 2),
      Bytes("[99999999999999999999999999]", "[0,2]", 2),
      Bytes("[2.5]", "[0,2]", 2),
      Bytes("2", "[0,2]", 2),
      Bytes("[\"2\"]", "[0,2]", 2),
      Bytes("[null]", "[0,2]", 2),
      Bytes("[2]", "[0,3]", 2, "F8_E4M3"),
      // What is no header.
      {"", 0},
      {"[]", 0},
      {"null", 0},
      {"17", 0},
      {"\"text\"", 0},
      {"{\"x\":" + entry, 2},
      {"{\"x\":" + entry + "}}", 2},
      {"{\"x\":" + entry + ",}", 2},
      {"{\"\xff\":" + entry + "}", 2},
      {std::string(100000, '['), 0},
      {"{\"x\":" + entry + ",\"x\":" + entry + "}", 2},
      {"{\"x\":17}", 0},
      {"{\"x\":null}", 0},
      {"{\"x\":[]}", 0},
      {R"({"x":{"shape":[2],"data_offsets":[0,2]}})", 2},
      {R"({"x":{"dtype":"U8","data_offsets":[0,2]}})", 2},
      {R"({"x":{"dtype":"U8","shape":[2]}})", 2},
      {R"({"x":{"dtype":5,"shape":[2],"data_offsets":[0,2]}})", 2},
      {R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"shape":[2]}})", 2},
      {R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"strides":[1]}})", 2},
      {R"({"__metadata__":[]})", 0},
      {R"({"__metadata__":"text"})", 0},
      {R"({"__metadata__":{"k":1x}})", 0},
      {R"({"__metadata__":{"k":[1}})", 0},
      {R"({"__metadata__":{"k":}})", 0},
      {R"({"__metadata__":{"k":{"a":1,"a":2}}})", 0},
      {R"({"__metadata__":{"k":)" + std::string(100000, '['), 0},
      {R"({"__metadata__":{"k":"a","k":"b"}})", 0},
  };
  const std::string path = folder.File("damaged.safetensors");
  WriteBytes(path, FileBytes("{\"x\":" + entry + "}", "ab"));
  ASSERT_EQ(FileMessage(path), "") << "the undamaged file";
  for (const Damage& damage : damages) {
    WriteBytes(path, FileBytes(damage.header, std::string(damage.data_size, '\1')));
    EXPECT_THAT(FileMessage(path), HasSubstr(path)) << damage.header.substr(0, 200);
  }
}

}  // namespace
}  // namespace seglab
