#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "tensor/tensor_file.h"
#include "tensor/test_files.h"

namespace seglab {
namespace {

using namespace std::string_literals;
using test_files::WriteBytes;
using testing::HasSubstr;

const std::vector<at::ScalarType> kTypes = {at::kDouble, at::kLong,     at::kFloat, at::kInt,
                                            at::kHalf,   at::kBFloat16, at::kShort, at::kChar,
                                            at::kByte,   at::kBool};

/// The elements in order, as a file holds them.
std::string BytesOf(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.contiguous();
  if (plain.numel() == 0) return "";
  return std::string(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
}

void ExpectSame(const at::Tensor& read, const at::Tensor& written, const std::string& name) {
  EXPECT_EQ(read.scalar_type(), written.scalar_type()) << name;
  EXPECT_EQ(read.sizes().vec(), written.sizes().vec()) << name;
  EXPECT_TRUE(BytesOf(read) == BytesOf(written)) << name;
}

/// The format by hand: header length in 8 bytes, low byte first, header, data.
std::string FileBytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

/// What reading the file says; "" when it is accepted. Anything but an Error fails the test.
std::string FileMessage(const std::string& path) {
  return ErrorOf([&] { ReadSafetensors(path); });
}

/// A file with two tensors, one of them 0-dimensional, and metadata.
std::string SmallFile() {
  return FileBytes(R"({"__metadata__":{"k":"v"},)"
                   R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                   R"("b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})",
                   "\x00\x00\x80\x3f\x00\x00\x00\xc0\x07"s);
}

TEST(SafetensorsTest, AllTypesComeBackBitForBit) {
  torch::manual_seed(1);
  TestFolder folder;
  NamedTensors tensors;
  for (at::ScalarType type : kTypes) {
    const at::Tensor values = torch::rand({3, 5}, at::kDouble) * 100;
    tensors.emplace_back(c10::toString(type), type == at::kBool ? values.gt(50) : values.to(type));
  }
  const float infinity = std::numeric_limits<float>::infinity();
  tensors.emplace_back("special",
                       torch::tensor({std::nanf(""), infinity, -infinity, -0.f, 1e-42f}));
  const std::string path = folder.File("all.safetensors");
  WriteSafetensors(path, tensors);
  const TensorFile file = ReadSafetensors(path);
  ASSERT_EQ(file.tensors.size(), tensors.size());
  EXPECT_TRUE(file.metadata.empty());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor* read = file.Find(name);
    ASSERT_NE(read, nullptr) << name;
    ExpectSame(*read, tensor, name);
  }
  EXPECT_EQ(file.Find("none"), nullptr);
}

TEST(SafetensorsTest, EmptyAndZeroDimensionalTensors) {
  TestFolder folder;
  NamedTensors tensors;
  for (at::ScalarType type : kTypes) {
    const std::string name = c10::toString(type);
    tensors.emplace_back(name + ".scalar", torch::ones({}, type));
    tensors.emplace_back(name + ".empty", torch::ones({0}, type));
    tensors.emplace_back(name + ".flat", torch::ones({3, 0, 2}, type));
  }
  const std::string path = folder.File("small.safetensors");
  WriteSafetensors(path, tensors);
  const TensorFile file = ReadSafetensors(path);
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) ExpectSame(*file.Find(name), tensor, name);
}

TEST(SafetensorsTest, FileWithoutTensors) {
  TestFolder folder;
  const std::string path = folder.File("none.safetensors");
  WriteSafetensors(path, {}, {{"note", "nothing here"}});
  const TensorFile file = ReadSafetensors(path);
  EXPECT_TRUE(file.tensors.empty());
  EXPECT_EQ(file.metadata.at("note"), "nothing here");
  WriteBytes(path, FileBytes("{}", ""));
  EXPECT_EQ(FileMessage(path), "");
}

TEST(SafetensorsTest, AnyLayoutIsWrittenInOrder) {
  torch::manual_seed(2);
  TestFolder folder;
  const at::Tensor base = torch::randn({2, 3, 5, 7});
  const NamedTensors tensors = {
      {"channels_last", base.contiguous(at::MemoryFormat::ChannelsLast)},
      {"transposed", base.transpose(1, 3)},
      {"every_second", base.slice(3, 0, 7, 2)},
      {"offset", base.select(0, 1)},
      {"expanded", torch::randn({1, 4}).expand({3, 4})},
      {"bool", base.permute({3, 2, 1, 0}) > 0},
      {"parameter", torch::randn({4, 4}).t().requires_grad_()},
  };
  const std::string path = folder.File("layouts.safetensors");
  WriteSafetensors(path, tensors);
  const TensorFile file = ReadSafetensors(path);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor* read = file.Find(name);
    ASSERT_NE(read, nullptr) << name;
    EXPECT_TRUE(read->is_contiguous()) << name;
    EXPECT_FALSE(read->requires_grad()) << name;
    ExpectSame(*read, tensor.detach(), name);
  }
}

TEST(SafetensorsTest, MetadataAndNamesOfAnyText) {
  TestFolder folder;
  const std::map<std::string, std::string> metadata = {{"empty", ""},
                                                       {"quote", "say \"yes\"\n\tand \\ no"},
                                                       {"umlaut",
                                                        "Gr\xc3\xb6\xc3\x9f"
                                                        "e"}};
  const std::string name = "layer.\"0\" \xc3\xa4";
  const std::string path = folder.File("text.safetensors");
  WriteSafetensors(path, {{name, torch::arange(3)}}, metadata);
  const TensorFile file = ReadSafetensors(path);
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_NE(file.Find(name), nullptr);
  EXPECT_TRUE(at::equal(*file.Find(name), torch::arange(3)));
}

TEST(SafetensorsTest, EveryTensorIsAligned) {
  TestFolder folder;
  NamedTensors tensors;
  for (auto type = kTypes.rbegin(); type != kTypes.rend(); ++type) {
    tensors.emplace_back(c10::toString(*type), torch::ones({3}, *type));
  }
  const std::string path = folder.File("aligned.safetensors");
  WriteSafetensors(path, tensors, {{"odd", "header"}});
  const std::string bytes = ReadFile(path);
  size_t header_size = 0;
  for (int i = 7; i >= 0; --i)
    header_size = header_size << 8 | static_cast<unsigned char>(bytes[i]);
  EXPECT_EQ(header_size % 8, 0u);
  const Json header = ParseJson(std::string_view(bytes).substr(8, header_size), "header");
  for (const auto& [name, tensor] : tensors) {
    const uint64_t begin = header.at(name).at("data_offsets").at(0).get<uint64_t>();
    EXPECT_EQ(begin % tensor.element_size(), 0u) << name;
  }
  for (const auto& [name, tensor] : ReadSafetensors(path).tensors) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % tensor.element_size(), 0u) << name;
  }
}

// Bytes from the description of the format, not from our writer.
TEST(SafetensorsTest, ReadsAFileMadeByHand) {
  TestFolder folder;
  const std::string header = R"({"flag":{"dtype":"BOOL","shape":[2],"data_offsets":[13,15]},)"
                             R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("__metadata__":{"format":"pt"},)"
                             R"("short":{"shape":[1,2],"data_offsets":[8,12],"dtype":"I16"},)"
                             R"("one":{"dtype":"U8","shape":[],"data_offsets":[12,13]},)"
                             R"("none":{"dtype":"F64","shape":[0,3],"data_offsets":[15,15]}})";
  const std::string data =
      "\x00\x00\x80\x3f\x00\x00\x00\xc0"s + "\x02\x01\xff\xff"s + "\x07"s + "\x01\x00"s;
  // Headers of every length: seven of eight put the floats where no float may lie in memory.
  for (int spaces = 0; spaces < 8; ++spaces) {
    const std::string path = folder.File("hand" + std::to_string(spaces) + ".safetensors");
    WriteBytes(path, FileBytes(header + std::string(spaces, ' '), data));
    const TensorFile file = ReadSafetensors(path);
    ASSERT_EQ(file.tensors.size(), 5u);
    EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
    EXPECT_TRUE(at::equal(*file.Find("x"), torch::tensor({1.f, -2.f})));
    EXPECT_TRUE(
        at::equal(*file.Find("short"), torch::tensor({258, -1}, at::kShort).reshape({1, 2})));
    EXPECT_EQ(file.Find("one")->dim(), 0);
    EXPECT_EQ(file.Find("one")->item<int64_t>(), 7);
    EXPECT_TRUE(at::equal(*file.Find("flag"), torch::tensor({1, 0}, at::kBool)));
    EXPECT_EQ(file.Find("none")->sizes().vec(), (std::vector<int64_t>{0, 3}));
  }
}

TEST(SafetensorsTest, TensorsComeInTheOrderOfTheFile) {
  TestFolder folder;
  const std::string path = folder.File("order.safetensors");
  WriteSafetensors(
      path,
      {{"z", torch::ones({2})}, {"byte", torch::ones({2}, at::kByte)}, {"a", torch::ones({2})}});
  std::vector<std::string> names;
  for (const auto& [name, tensor] : ReadSafetensors(path).tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"z", "a", "byte"}));
}

TEST(SafetensorsTest, ChangingATensorLeavesTheFile) {
  TestFolder folder;
  const std::string path = folder.File("cow.safetensors");
  WriteSafetensors(path, {{"x", torch::arange(1000)}});
  const std::string before = ReadFile(path);
  const at::Tensor x = *ReadSafetensors(path).Find("x");
  x.fill_(7);
  EXPECT_EQ(x.sum().item<int64_t>(), 7000);
  EXPECT_TRUE(ReadFile(path) == before);
  EXPECT_TRUE(at::equal(*ReadSafetensors(path).Find("x"), torch::arange(1000)));
}

TEST(SafetensorsTest, TensorsOutliveTheFile) {
  TestFolder folder;
  const std::string path = folder.File("gone.safetensors");
  WriteSafetensors(path, {{"x", torch::arange(5000)}});
  const at::Tensor x = *ReadSafetensors(path).Find("x");
  WriteSafetensors(path, {{"x", torch::zeros({5000}, at::kLong)}});
  EXPECT_TRUE(at::equal(x, torch::arange(5000)));
  std::filesystem::remove(path);
  EXPECT_TRUE(at::equal(x, torch::arange(5000)));
}

TEST(SafetensorsTest, WriterRefusesWhatTheFormatCannotHold) {
  TestFolder folder;
  const std::string path = folder.File("complex.safetensors");
  EXPECT_THROW(WriteSafetensors(path, {{"x", torch::zeros({2}, at::kComplexFloat)}}), Error);
  EXPECT_THROW(WriteSafetensors(path, {{"x", torch::zeros({2})}, {"x", torch::zeros({2})}}), Error);
  EXPECT_THROW(WriteSafetensors(path, {{"__metadata__", torch::zeros({2})}}), Error);
  EXPECT_THROW(WriteSafetensors(path, {{"\xff", torch::zeros({2})}}), Error);
  EXPECT_FALSE(FileExists(path));
  EXPECT_THROW(WriteSafetensors(folder.File("missing/x.safetensors"), {{"x", torch::zeros({2})}}),
               Error);
}

TEST(SafetensorsTest, MissingFileAndFolder) {
  TestFolder folder;
  EXPECT_THAT(FileMessage(folder.File("no.safetensors")), HasSubstr("no.safetensors"));
  EXPECT_THAT(FileMessage(folder.path()), HasSubstr(folder.path()));
}

TEST(SafetensorsTest, TruncatedAnywhere) {
  TestFolder folder;
  const std::string whole = SmallFile(), path = folder.File("short.safetensors");
  WriteBytes(path, whole);
  ASSERT_EQ(FileMessage(path), "");
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteBytes(path, whole.substr(0, size));
    EXPECT_THAT(FileMessage(path), HasSubstr(path)) << size << " of " << whole.size() << " bytes";
  }
}

TEST(SafetensorsTest, HeaderLengthThatDoesNotFit) {
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

TEST(SafetensorsTest, EveryKindOfDamageIsAnError) {
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

// Whatever one byte is changed to, reading succeeds or throws Error, which FileMessage() lets pass.
TEST(SafetensorsTest, AnyChangedByteIsReadOrRefused) {
  TestFolder folder;
  const std::string whole = SmallFile(), path = folder.File("changed.safetensors");
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (char value : {'\0', '0', '9', '-', '"', ',', '[', '}', ' ', '\xff'}) {
      std::string changed = whole;
      changed[i] = value;
      WriteBytes(path, changed);
      EXPECT_NO_THROW(refused += FileMessage(path).empty() ? 0 : 1)
          << "byte " << i << " = " << int{value};
    }
  }
  EXPECT_GT(refused, 0);
}

/// The path of a file of the real weights beside the sources; "" when they are not there.
std::string RealWeights(const std::string& name) {
  const char* folder = std::getenv("SEGLAB_SHARED");
  const std::string path =
      std::string(folder != nullptr ? folder : "../shared") + "/weights/" + name;
  return FileExists(path) ? path : "";
}

/// How many tensors have `type`; all values must be finite.
int CountFinite(const TensorFile& file, at::ScalarType type) {
  int count = 0;
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_TRUE(std::isfinite(tensor.to(at::kDouble).sum().item<double>())) << name;
    if (tensor.scalar_type() == type) ++count;
  }
  return count;
}

TEST(SafetensorsTest, ReadsSqueezeNet) {
  const std::string path = RealWeights("squeezenet1_1.safetensors");
  if (path.empty()) GTEST_SKIP() << "squeezenet1_1.safetensors is not in ../shared/weights";
  const TensorFile file = ReadSafetensors(path);
  EXPECT_EQ(file.tensors.size(), 50u);
  EXPECT_EQ(CountFinite(file, at::kFloat), 50);
  EXPECT_EQ(file.metadata.at("channel_order"), "BGR");
  const at::Tensor* first = file.Find("features.0.weight");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->sizes().vec(), (std::vector<int64_t>{64, 3, 3, 3}));
  EXPECT_GT(first->abs().max().item<float>(), 0);
}

TEST(SafetensorsTest, ReadsMobileNetInHalfPrecision) {
  const std::string path = RealWeights("mobilenet_v2.safetensors");
  if (path.empty()) GTEST_SKIP() << "mobilenet_v2.safetensors is not in ../shared/weights";
  const TensorFile file = ReadSafetensors(path);
  EXPECT_EQ(file.tensors.size(), 262u);
  EXPECT_EQ(CountFinite(file, at::kHalf), 53);
}

}  // namespace
}  // namespace seglab
