#include "tensor/caffemodel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstring>
#include <string>

#include "tensor/test_reader.h"

namespace seglab {
namespace {

using namespace test_files;
using testing::HasSubstr;

std::string Sides(const std::vector<int64_t>& sides) {
  std::string packed;
  for (int64_t side : sides) packed += Varint(static_cast<uint64_t>(side));
  return Field(7, Field(1, packed));
}

std::string FourSides(const std::vector<int64_t>& sides) {
  std::string text;
  for (uint32_t i = 0; i < sides.size(); ++i)
    text += NumberField(i + 1, static_cast<uint64_t>(sides[i]));
  return text;
}

std::string Floats(int elements) { return Field(5, Counting<float>(elements)); }

std::string Layer(const std::string& name, const std::string& type,
                  const std::vector<std::string>& blobs) {
  std::string text = Field(1, name) + Field(2, type) + Field(3, "bottom") + Field(4, "top");
  for (const std::string& blob : blobs) text += Field(7, blob);
  return Field(100, text);
}

std::string V1Layer(const std::string& name, uint64_t type, const std::vector<std::string>& blobs) {
  std::string text = Field(2, "bottom") + Field(4, name) + NumberField(5, type);
  for (const std::string& blob : blobs) text += Field(6, blob);
  return Field(2, text);
}

class CaffemodelTest : public ReaderTest {
 protected:
  CaffemodelTest() : ReaderTest(ReadCaffemodel, "a.caffemodel") {}

  /// Of a network with one layer of one blob.
  std::string BlobMessage(const std::string& blob) {
    return Message(Layer("c", "Convolution", {blob}));
  }
};

TEST_F(CaffemodelTest, LayersOfToday) {
  const std::string net =
      Field(1, "VGG") + Field(3, "data") + Layer("data", "Input", {}) +
      Layer("conv1/a", "Convolution", {Sides({2, 3, 1, 1}) + Floats(6), Sides({2}) + Floats(2)}) +
      Layer("three", "Other",
            {Sides({2}) + Floats(2), Sides({2}) + Floats(2), Sides({1}) + Floats(1)}) +
      Layer("s", "Scale", {Floats(1)});
  const TensorFile file = Read(net);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file.tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1/a.weight", "conv1/a.bias", "three.weight",
                                             "three.bias", "three.blob2", "s.weight"}));
  EXPECT_TRUE(at::equal(*file.Find("conv1/a.weight"), torch::arange(6.f).reshape({2, 3, 1, 1})));
  EXPECT_TRUE(at::equal(*file.Find("conv1/a.bias"), torch::arange(2.f)));
  EXPECT_EQ(file.Find("s.weight")->dim(), 0);
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"name", "VGG"},
                                                               {"conv1/a.type", "Convolution"},
                                                               {"three.type", "Other"},
                                                               {"s.type", "Scale"}}));
}

TEST_F(CaffemodelTest, BatchNormIsDividedByItsFactor) {
  const auto read = [&](float factor) {
    std::string bytes(sizeof(factor), '\0');
    std::memcpy(bytes.data(), &factor, sizeof(factor));
    // Names of one to four letters move the blobs over every alignment.
    std::string net;
    for (int length = 1; length <= 4; ++length) {
      net += Layer(std::string(static_cast<size_t>(length), 'n'), "BatchNorm",
                   {Sides({5}) + Floats(5), Sides({5}) + Field(5, Counting<float>(7).substr(8)),
                    Sides({1}) + Field(5, bytes)});
    }
    return Read(net);
  };
  const TensorFile file = read(4);
  ASSERT_EQ(file.tensors.size(), 8u);
  for (const char* name : {"n", "nn", "nnn", "nnnn"}) {
    const std::string layer = name;
    EXPECT_TRUE(at::equal(*file.Find(layer + ".running_mean"), torch::arange(5.f) / 4));
    EXPECT_TRUE(at::equal(*file.Find(layer + ".running_var"), torch::arange(2.f, 7.f) / 4));
    EXPECT_EQ(file.metadata.at(layer + ".type"), "BatchNorm");
  }
  EXPECT_TRUE(at::equal(*ReadCaffemodel(path_).Find("n.running_mean"), torch::arange(5.f) / 4))
      << "reading has changed the file";
  EXPECT_TRUE(at::equal(*read(0).Find("n.running_var"), torch::zeros({5}))) << "no statistics";
  EXPECT_NO_THROW(read(1));
  EXPECT_THROW(read(std::nanf("")), Error);
}

TEST_F(CaffemodelTest, BatchNormThatDoesNotFitTogether) {
  const std::string two = Sides({2}) + Floats(2), three = Sides({3}) + Floats(3),
                    one = Sides({1}) + Floats(1);
  EXPECT_THAT(Message(Layer("bn", "BatchNorm", {two, three, one})), HasSubstr("layer \"bn\""));
  EXPECT_THAT(Message(Layer("bn", "BatchNorm", {two, two, two})), HasSubstr("layer \"bn\""));
  EXPECT_EQ(Message(Layer("bn", "BatchNorm", {two, two, one})), "");
  const TensorFile other = Read(Layer("bn", "BatchNorm", {two, two}));
  EXPECT_NE(other.Find("bn.weight"), nullptr) << "of two blobs nobody knows the meaning";
}

TEST_F(CaffemodelTest, LayersOf2014) {
  const TensorFile file =
      Read(Field(1, "old") +
           V1Layer("conv", 4,
                   {FourSides({1, 1, 2, 3}) + Floats(6), FourSides({1, 1, 1, 2}) + Floats(2)}) +
           V1Layer("fc", 14,
                   {FourSides({1, 1, 2, 3}) + Floats(6), FourSides({1, 1, 1, 2}) + Floats(2)}) +
           V1Layer("relu", 18, {}) + V1Layer("other", 99, {Sides({2}) + Floats(2)}));
  EXPECT_EQ(file.Find("conv.weight")->sizes().vec(), (std::vector<int64_t>{1, 1, 2, 3}));
  EXPECT_EQ(file.Find("conv.bias")->sizes().vec(), std::vector<int64_t>{2});
  EXPECT_EQ(file.Find("fc.weight")->sizes().vec(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(file.Find("fc.bias")->sizes().vec(), std::vector<int64_t>{2});
  EXPECT_EQ(file.metadata.at("fc.type"), "InnerProduct");
  EXPECT_EQ(file.metadata.at("other.type"), "V1 99");
}

TEST_F(CaffemodelTest, LayersOf2013) {
  const std::string blobs = Field(50, FourSides({1, 1, 2, 3}) + Floats(6));
  const TensorFile file = Read(
      Field(2, Field(1, Field(1, "fc") + Field(2, "innerproduct") + blobs) + Field(2, "bottom")));
  EXPECT_TRUE(at::equal(*file.Find("fc.weight"), torch::arange(6.f).reshape({2, 3})));
}

TEST_F(CaffemodelTest, DataInEveryEncoding) {
  std::string loose,
      halves = Field(5, Counting<float>(6).substr(0, 8)) + Field(5, Counting<float>(6).substr(8));
  for (int i = 0; i < 6; ++i)
    loose += Varint(5 << 3 | 5) + Counting<float>(6).substr(static_cast<size_t>(4 * i), 4);
  const std::string diff = Field(6, Counting<float>(6)),
                    later = NumberField(200, 7) + Field(201, "new");
  for (const std::string& data : {Floats(6), loose, halves, diff + Floats(6) + later}) {
    for (const std::string& shape :
         {Sides({2, 3}), Field(7, NumberField(1, 2) + NumberField(1, 3))}) {
      const TensorFile file = Read(Layer("c", "Convolution", {shape + data}));
      EXPECT_TRUE(at::equal(*file.Find("c.weight"), torch::arange(6.f).reshape({2, 3})));
    }
  }
  const TensorFile file =
      Read(Layer("c", "Convolution", {Sides({2, 3}) + Field(8, Counting<double>(6))}));
  EXPECT_EQ(file.Find("c.weight")->scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(*file.Find("c.weight"), torch::arange(6.0, at::kDouble).reshape({2, 3})));
}

TEST_F(CaffemodelTest, AnyAlignmentAndNoChangeOfTheFile) {
  for (int length = 1; length <= 8; ++length) {
    const std::string name(static_cast<size_t>(length), 'n');
    const TensorFile file = Read(Layer(name, "Convolution", {Floats(6) + Sides({6})}));
    EXPECT_TRUE(at::equal(file.tensors[0].second, torch::arange(6.f)));
    file.tensors[0].second.zero_();
    EXPECT_TRUE(at::equal(ReadCaffemodel(path_).tensors[0].second, torch::arange(6.f)));
  }
}

TEST_F(CaffemodelTest, ShapesMustFitTheData) {
  for (const std::vector<int64_t>& sides :
       std::vector<std::vector<int64_t>>{{5},
                                         {7},
                                         {2, 4},
                                         {-1},
                                         {-2, -3},
                                         {0},
                                         {0, 6},
                                         {INT64_MAX},
                                         {INT64_MAX, INT64_MAX},
                                         {1LL << 32, 1LL << 32},
                                         {1LL << 62, 4, 6},
                                         std::vector<int64_t>(33, 1)}) {
    EXPECT_NE(BlobMessage(Sides(sides) + Floats(6)), "");
  }
  EXPECT_NE(BlobMessage(FourSides({1, 2, 3}) + Floats(6)), "") << "width is missing, so it is 0";
  EXPECT_THAT(BlobMessage(Floats(6)), HasSubstr("its shape needs 4 bytes, its data has 24"));
  EXPECT_NE(BlobMessage(Sides({6}) + Field(5, Counting<float>(6) + "x")), "");
  EXPECT_NE(BlobMessage(Sides({6})), "");
  EXPECT_NE(BlobMessage(""), "");
  EXPECT_NE(BlobMessage(Sides({6}) + Floats(6) + Field(8, Counting<double>(6))), "")
      << "data of two types";
}

TEST_F(CaffemodelTest, ALayerOfTrainingAndTestingIsThereTwice) {
  const std::string layer = Layer("c", "Convolution", {Sides({6}) + Floats(6)});
  EXPECT_EQ(Read(layer + layer).tensors.size(), 1u);
}

TEST_F(CaffemodelTest, BlobsWithoutElementsAreLeftOut) {
  const TensorFile file = Read(Layer("c", "Convolution", {Sides({6}) + Floats(6)}) +
                               Layer("roi", "Python", {Sides({0}), Sides({0}) + Field(5, "")}));
  ASSERT_EQ(file.tensors.size(), 1u);
  EXPECT_EQ(file.tensors[0].first, "c.weight");
}

TEST_F(CaffemodelTest, WhatIsNoNetworkIsRefused) {
  EXPECT_THAT(Message(""), HasSubstr("no layer with weights"));
  EXPECT_THAT(Message(Field(1, "name")), HasSubstr("no layer with weights"));
  const std::string layer = Layer("c", "Convolution", {Sides({6}) + Floats(6)});
  EXPECT_THAT(Message(layer + Layer("c", "Convolution", {Sides({3}) + Floats(3)})),
              HasSubstr("two layers \"c\""));
  EXPECT_THAT(Message(Layer("", "Convolution", {Sides({6}) + Floats(6)})),
              HasSubstr("without a name"));
  EXPECT_THAT(Message(Layer("\xff\n", "Convolution", {Sides({6}) + Floats(6)})),
              HasSubstr("is no text"));
  EXPECT_THAT(Message(Layer(std::string(600, 'x'), "Convolution", {Sides({6}) + Floats(6)})),
              HasSubstr("is no text"));
  for (int type : {3, 4, 6, 7})
    EXPECT_THAT(Message(layer + Varint(static_cast<uint64_t>(9 << 3 | type))),
                HasSubstr("unknown kind"));
  EXPECT_THAT(Message(layer + std::string(1, '\2')), HasSubstr("without number"));
  EXPECT_THAT(Message(layer + std::string(20, '\xff')), HasSubstr("64 bits"));
  EXPECT_NE(Message(layer + Varint(1 << 3 | 2) + Varint(UINT64_MAX)), "");
  EXPECT_NE(Message(layer + Varint(1 << 3 | 2) + Varint(100) + "short"), "");
}

TEST_F(CaffemodelTest, EveryTruncationAndChangedByteIsHarmless) {
  const std::string good =
      Layer("c", "Convolution", {Sides({2, 3}) + Floats(6), Sides({2}) + Floats(2)});
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(Message(good.substr(0, size)), "") << size;
  for (size_t at = 0; at < good.size(); ++at) {
    for (int change : {0x01, 0x10, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      Message(bytes);
    }
  }
}

// Blobs of eight bytes that would each become a tensor of hundreds.
TEST_F(CaffemodelTest, FloodsAreRefused) {
  const std::string blob = Field(7, Floats(1));
  std::string blobs = Field(1, "c");
  for (int i = 0; i < 200'000; ++i) blobs += blob;
  EXPECT_THAT(Message(Field(100, blobs)), HasSubstr("far more objects"));
}

}  // namespace
}  // namespace seglab
