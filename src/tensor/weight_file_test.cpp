#include "tensor/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "base/files.h"
#include "tensor/test_reader.h"

namespace seglab {
namespace {

using namespace std::string_literals;
using namespace test_files;
using testing::AllOf;
using testing::HasSubstr;

class WeightFileTest : public ReaderTest {
 protected:
  WeightFileTest() : ReaderTest(ReadWeights, "weights") {}  // the name says nothing of the format
};

TEST_F(WeightFileTest, TellsTheFormatFromTheContent) {
  const float three = 3;
  const std::string data(reinterpret_cast<const char*>(&three), 4);
  const std::string value = Dict({{"w", Tensor(Storage("0", 1), 0, {1}, {1})}});
  WriteSafetensors(path_, {{"w", torch::full({1}, 3.f)}});
  const std::string blob = Field(7, Field(1, "\1")) + Field(5, data);
  std::vector<std::string> formats;
  for (const std::string& bytes :
       {ReadFile(path_), ZipPth(value, {{"0", data}}), LegacyPth(value, {{"0", data}}),
        Field(100, Field(1, "w") + Field(7, blob)),
        Field(1, "net") + Field(100, Field(1, "w") + Field(7, blob)),
        Field(2, Field(4, "w") + Field(6, blob))}) {
    const TensorFile file = Read(bytes);
    ASSERT_EQ(file.tensors.size(), 1u);
    formats.push_back(file.format);
    EXPECT_TRUE(at::equal(file.tensors[0].second, torch::full({1}, 3.f)));
  }
  EXPECT_EQ(formats, (std::vector<std::string>{"safetensors", "pth", "pth", "caffemodel",
                                               "caffemodel", "caffemodel"}));
}

TEST_F(WeightFileTest, SaysWhatAFileSeemsToBe) {
  EXPECT_THAT(Message(""), HasSubstr("is empty"));
  EXPECT_THAT(Message("name: \"VGG\"\nlayer {"), HasSubstr("a prototxt"));
  EXPECT_THAT(Message("# a comment\nname"), HasSubstr("no weight file that is known"));
  EXPECT_THAT(Message("\x89HDF\r\n\x1a\n"), HasSubstr("HDF5"));
  EXPECT_THAT(Message("\x1f\x8b\x08 gzip"), HasSubstr("gunzip"));
  EXPECT_THAT(Message("<!DOCTYPE html>"), HasSubstr("web page"));
  EXPECT_THAT(Message("\xef\xbb\xbf\n  <html lang=\"de\">"), HasSubstr("web page"));
  EXPECT_THAT(Message("{\"metadata\": {}, \"weight_map\": {}}"), HasSubstr("several files"));
  EXPECT_THAT(Message("{\"arch\": 1}"), HasSubstr("JSON"));
  EXPECT_THAT(Message("\x08\x07\x12\x07pytorch\x1a\x03"
                      "2.1"s),
              HasSubstr("ONNX"));
  EXPECT_THAT(Message("\x08\x07\x3a\x02\x0a\x00"s), HasSubstr("ONNX"));
  EXPECT_THAT(Message(NumberField(1, 4000) + Field(2, "snap_iter_4000.caffemodel")),
              HasSubstr("solverstate"));
  EXPECT_THAT(Message(NumberField(1, 4000) + Field(3, "history")), HasSubstr("solverstate"));
  EXPECT_THAT(Message(NumberField(1, 1) + NumberField(2, 3)), HasSubstr("binaryproto"));
  EXPECT_THAT(Message("\x93NUMPY\1\0"s), HasSubstr("numpy"));
  EXPECT_THAT(Message("MATLAB 5.0 MAT-file"), HasSubstr("MATLAB"));
  EXPECT_THAT(Message("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(Message("\x80\x02}."), HasSubstr("a pickle that torch.save did not write"));
  std::string tar = "sys_info"s + std::string(249, '\0') + "ustar\0"s;
  EXPECT_THAT(Message(tar), HasSubstr("before 2017"));
  tar.replace(0, 8, "net.pth\0"s);
  EXPECT_THAT(Message(tar), AllOf(HasSubstr("tar archive"), HasSubstr("\"net.pth\"")));
  EXPECT_THAT(Message(Zip({{"net.pth", "x"}})),
              AllOf(HasSubstr("\"net.pth\""), HasSubstr("unzip")));
  EXPECT_THAT(Message(Zip({{"arr_0.npy", "x"}})), HasSubstr("numpy"));
  EXPECT_THAT(Message("PK\x03\x04 something"), HasSubstr("directory"));
  EXPECT_THAT(Message(Little(1000, 8) + "{\"w\":"), HasSubstr("safetensors"));
  for (const std::string& bytes :
       {"\0"s, "\xff"s, "x"s, std::string(100, '\0'), std::string(100, '\xff')})
    EXPECT_THAT(Message(bytes), HasSubstr("no weight file")) << bytes;
  EXPECT_THROW(ReadWeights(folder_.File("none")), Error);
}

}  // namespace
}  // namespace seglab
