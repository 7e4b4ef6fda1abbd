#include "tensor/safetensors_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "tensor/test_reader.h"

namespace seglab {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string FileOfHeader(const std::string& header, const std::string& data) {
  return test_files::Little(header.size(), 8) + header + data;
}

class SafetensorsHeaderTest : public ReaderTest {
 protected:
  SafetensorsHeaderTest() : ReaderTest(ReadSafetensors, "a.safetensors") {}

  /// What reading a file with this header says.
  std::string Message(const std::string& header, size_t data_size) {
    return ReaderTest::Message(test_files::Little(header.size(), 8) + header +
                               std::string(data_size, '\1'));
  }
};

TEST_F(SafetensorsHeaderTest, TheHeaderIsStrictJson) {
  const auto entry = [](const std::string& shape) {
    return R"({"dtype":"U8","shape":)" + shape + R"(,"data_offsets":[0,2]})";
  };
  EXPECT_EQ(Message("\t{ \"x\" :\n" + entry("[ 2 , 1 ]") + " }\r\n ", 2), "");
  EXPECT_EQ(Message(R"({"\u00e4\n\"":)" + entry("[2]") + "}", 2), "");
  for (const char* shape : {"[02]", "[2.0]", "[2e0]", "[+2]", "[2,]", "[,2]", "[2 1]", "[0x2]"})
    EXPECT_THAT(Message("{\"x\":" + entry(shape) + "}", 2), HasSubstr("damaged")) << shape;
  for (const char* name : {"\"\\x\"", "\"\n\"", "\"\xc3\"", "\"\\ud800\"", "'x'", "x"})
    EXPECT_THAT(Message("{"s + name + ":" + entry("[2]") + "}", 2), HasSubstr("damaged")) << name;
  EXPECT_THAT(Message("{/**/\"x\":" + entry("[2]") + "}", 2), HasSubstr("damaged"));
  EXPECT_THAT(Message("{\"x\":" + entry("[2]") + "} x", 2), HasSubstr("follows"));
  std::string many = "[2";
  for (int i = 0; i < 64; ++i) many += ",1";
  EXPECT_THAT(Message("{\"x\":" + entry(many + "]") + "}", 2), HasSubstr("64"));
  EXPECT_THAT(Message("{\"" + std::string(5000, 'x') + "\":" + entry("[2]") + "}", 2),
              HasSubstr("longer"));
  EXPECT_THAT(Message(R"({"__metadata__":{},"__metadata__":{}})", 0), HasSubstr("twice"));
}

TEST_F(SafetensorsHeaderTest, TensorsOfOtherTypesAreLeftUnread) {
  test_files::WriteBytes(
      path_, FileOfHeader(R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},)"
                          R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                          "abc"));
  const TensorFile file = ReadSafetensors(path_);
  ASSERT_EQ(file.tensors.size(), 1u);
  EXPECT_EQ(file.tensors[0].first, "b");
  ASSERT_EQ(file.unread.count("a"), 1u);
  EXPECT_THAT(file.unread.at("a"), HasSubstr("\"F8_E4M3\""));
}

TEST_F(SafetensorsHeaderTest, MetadataThatIsNoTextIsItsJson) {
  test_files::WriteBytes(
      path_, FileOfHeader(R"({"__metadata__":{"n": 3 ,"no":null,"l":[1,{"a":"]"}],"t":"x",)"
                          R"("b":true}})",
                          ""));
  EXPECT_EQ(ReadSafetensors(path_).metadata,
            (std::map<std::string, std::string>{
                {"n", "3"}, {"l", R"([1,{"a":"]"}])"}, {"t", "x"}, {"b", "true"}}));
}

TEST_F(SafetensorsHeaderTest, LongMetadataIsKept) {
  const std::string text(1'000'000, 'x');
  WriteSafetensors(path_, {{"x", torch::zeros({2})}}, {{"note", text}});
  EXPECT_EQ(ReadSafetensors(path_).metadata.at("note"), text);
}

// Some fifty bytes of the header would each become a tensor of hundreds.
TEST_F(SafetensorsHeaderTest, FloodsAreRefused) {
  std::string tensors = "{", texts = R"({"__metadata__":{)";
  for (int i = 0; i < 400'000; ++i) {
    const std::string comma = i == 0 ? "\"" : ",\"";
    tensors += comma + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    texts += comma + std::to_string(i) + "\":\"\"";
  }
  EXPECT_THAT(Message(tensors + "}", 0), HasSubstr("far more objects"));
  EXPECT_THAT(Message(texts + "}}", 0), HasSubstr("far more objects"));
}

TEST_F(SafetensorsHeaderTest, ThousandsOfTensors) {
  NamedTensors tensors;
  for (int i = 0; i < 20'000; ++i)
    tensors.emplace_back(std::to_string(i), torch::full({2}, i, at::kFloat));
  WriteSafetensors(path_, tensors);
  const TensorFile file = ReadSafetensors(path_);
  ASSERT_EQ(file.tensors.size(), tensors.size());
  EXPECT_EQ(file.tensors.back().first, "19999");
  EXPECT_EQ(file.tensors.back().second[1].item<float>(), 19999);
}

}  // namespace
}  // namespace seglab
