#include "tensor/pth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "base/files.h"
#include "tensor/test_pth.h"

namespace seglab {
namespace {

using namespace std::string_literals;
using namespace test_files;
using testing::HasSubstr;

using NameList = std::vector<std::string>;
using testing::Each;

TEST_F(PthTest, StridesAndOffsets) {
  struct Case {
    int64_t offset;
    std::vector<int64_t> sizes, strides;
  };
  for (Maker format : kFormats) {
    for (const Case& view : {Case{0, {2, 3}, {3, 1}}, Case{0, {3, 2}, {1, 3}}, Case{5, {}, {}},
                             Case{1, {2}, {4}}, Case{2, {2, 2}, {0, 3}}, Case{0, {6}, {1}},
                             Case{3, {1, 3, 1}, {1000, 1, 7}}, Case{9, {3, 0}, {1, 1}}}) {
      const TensorFile file =
          Read(format(Dict({{"w", Tensor(Storage("0", 6), view.offset, view.sizes, view.strides)}}),
                      {{"0", Counting<float>(6)}}));
      ASSERT_EQ(file.tensors.size(), 1u);
      const at::Tensor tensor = *file.Find("w");
      EXPECT_EQ(tensor.scalar_type(), at::kFloat);
      EXPECT_EQ(tensor.sizes().vec(), view.sizes);
      if (tensor.numel() == 0) continue;
      EXPECT_EQ(tensor.strides().vec(), view.strides);
      EXPECT_TRUE(
          at::equal(tensor, torch::arange(6.f).as_strided(view.sizes, view.strides, view.offset)));
    }
  }
}

TEST_F(PthTest, EveryType) {
  const auto check = [&](const std::string& name, const std::string& bytes, int width,
                         at::ScalarType type) {
    const std::string value = Dict({{"w", Tensor(Storage("0", 4, name), 0, {4}, {1})}});
    const at::Tensor expected =
        type == at::kBool ? torch::tensor({0, 1, 0, 1}, at::kBool) : torch::arange(4).to(type);
    for (const std::string& file :
         {ZipPth(value, {{"0", bytes}}), LegacyPth(value, {{"0", bytes}}, width)}) {
      const at::Tensor tensor = *Read(file).Find("w");
      EXPECT_EQ(tensor.scalar_type(), type) << name;
      EXPECT_TRUE(at::equal(tensor, expected)) << name;
    }
  };
  check("Double", Counting<double>(4), 8, at::kDouble);
  check("Float", Counting<float>(4), 4, at::kFloat);
  check("Half", Counting<at::Half>(4), 2, at::kHalf);
  check("BFloat16", Counting<at::BFloat16>(4), 2, at::kBFloat16);
  check("Long", Counting<int64_t>(4), 8, at::kLong);
  check("Int", Counting<int32_t>(4), 4, at::kInt);
  check("Short", Counting<int16_t>(4), 2, at::kShort);
  check("Char", Counting<int8_t>(4), 1, at::kChar);
  check("Byte", Counting<uint8_t>(4), 1, at::kByte);
  check("Bool", "\0\1\0\1"s, 1, at::kBool);
}

TEST_F(PthTest, TensorsShareTheirStorage) {
  const std::string value = Dict({{"a", small_}, {"b", Tensor(Storage("0", 6), 3, {3}, {1})}});
  for (Maker format : kFormats) {
    const TensorFile file = Read(format(value, {{"0", Counting<float>(6)}}));
    file.Find("a")->select(0, 1).fill_(-1);
    EXPECT_TRUE(at::equal(*file.Find("b"), torch::full({3}, -1.f)));
    EXPECT_TRUE(at::equal(*ReadPth(path_).Find("b"), torch::tensor({3.f, 4.f, 5.f})))
        << "the file changed";
  }
}

// The old format puts data at any place, with floats where no float may lie in memory.
TEST_F(PthTest, AnyAlignment) {
  for (int length = 1; length <= 8; ++length) {
    const std::string name(static_cast<size_t>(length), 'n');
    const std::string value = Dict({{name, Tensor(Storage("0", 6, "Double"), 0, {6}, {1})}});
    const at::Tensor tensor = *Read(LegacyPth(value, {{"0", Counting<double>(6)}}, 8)).Find(name);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % 8, 0u);
    EXPECT_TRUE(at::equal(tensor, torch::arange(6.0, at::kDouble)));
  }
}

TEST_F(PthTest, ParametersAndSubclasses) {
  const std::string hooks = Call(Global("collections", "OrderedDict"), ")");
  const std::string parameter =
      Call(Global("torch._utils", "_rebuild_parameter"), Tuple({small_, "\x88", hooks}));
  const std::string state = Call(Global("torch._utils", "_rebuild_parameter_with_state"),
                                 Tuple({small_, "\x88", hooks, Dict({{"x", Int(1)}})}));
  const std::string subclass =
      Call(Global("torch._tensor", "_rebuild_from_type_v2"),
           Tuple({Global("torch._utils", "_rebuild_tensor"), Global("torch", "Tensor"),
                  Tuple({Storage("0", 6), Int(0), Ints({2, 3}), Ints({3, 1})}), Dict({})}));
  for (const std::string& tensor : {parameter, state, subclass}) {
    for (Maker format : kFormats) {
      const TensorFile file = Read(format(Dict({{"w", tensor}}), {{"0", Counting<float>(6)}}));
      EXPECT_TRUE(at::equal(*file.Find("w"), torch::arange(6.f).reshape({2, 3})));
    }
  }
}

// Files of 2017: a storage may be a view of another one.
TEST_F(PthTest, ViewsOfStorages) {
  const auto storage = [](int64_t begin, int64_t elements) {
    return Tuple({Text("storage"), Global("torch", "FloatStorage"), Text("0"), Text("cpu"), Int(6),
                  Tuple({Text("1"), Int(begin), Int(elements)})}) +
           "Q";
  };
  const TensorFile file = Read(
      LegacyPth(Dict({{"w", Tensor(storage(2, 3), 1, {2}, {1})}}), {{"0", Counting<float>(6)}}));
  EXPECT_TRUE(at::equal(*file.Find("w"), torch::tensor({3.f, 4.f})));
  for (const std::string& tensor :
       {Tensor(storage(2, 3), 2, {2}, {1}), Tensor(storage(2, 5), 0, {1}, {1}),
        Tensor(storage(7, 0), 0, {1}, {1}), Tensor(storage(INT64_MAX, INT64_MAX), 0, {1}, {1}),
        Tensor(storage(-1, 3), 0, {1}, {1})}) {
    EXPECT_NE(Message(LegacyPth(Dict({{"w", tensor}}), {{"0", Counting<float>(6)}})), "");
  }
}

TEST_F(PthTest, NamesAreFlattened) {
  const std::string value = Dict({{"encoder", Dict({{"w", small_}, {"depth", Int(3)}})},
                                  {"list", List({small_, Dict({{"x", small_}})})},
                                  {"note", Text("text")},
                                  {"rate", "G\x3f\xc0\0\0\0\0\0\0"s},
                                  {"flag", "\x88"},
                                  {"none", "N"},
                                  {"numbers", Ints({1, 2})}});
  for (Maker format : kFormats) {
    const TensorFile file = Read(format(value, {{"0", Counting<float>(6)}}));
    EXPECT_EQ(Names(file), (NameList{"encoder.w", "list.0", "list.1.x"}));
    EXPECT_EQ(file.metadata,
              (std::map<std::string, std::string>{
                  {"encoder.depth", "3"}, {"note", "text"}, {"rate", "0.125"}, {"flag", "true"}}));
  }
}

TEST_F(PthTest, TheKeyOfTheWeightsIsFound) {
  for (const std::string key : {"state_dict", "model_state_dict", "model_state", "model", "net",
                                "network", "weights", "state_dict_ema"}) {
    const std::string value = Dict({{"epoch", Int(3)},
                                    {"optimizer", Dict({{"m", small_}, {"lr", Int(1)}})},
                                    {"best", small_},
                                    {key, Dict({{"module.w", small_}, {"depth", Int(2)}})}});
    const TensorFile file = Read(ZipPth(value, {{"0", Counting<float>(6)}}));
    EXPECT_EQ(file.key, key);
    EXPECT_EQ(Names(file), (NameList{"optimizer.m", "best", key + ".module.w"}));
    EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"epoch", "3"}, {"depth", "2"}}));
  }
  const TensorFile inner = Read(ZipPth(
      Dict({{"state_dict", Dict({{"net", Dict({{"w", small_}})}})}}), {{"0", Counting<float>(6)}}));
  EXPECT_EQ(inner.key, "state_dict.net");
  // "model" without tensors is no key of weights.
  const TensorFile file =
      Read(ZipPth(Dict({{"model", Dict({{"arch", Text("vgg")}})}, {"w", small_}}),
                  {{"0", Counting<float>(6)}}));
  EXPECT_EQ(file.key, "");
  EXPECT_EQ(file.metadata.at("model.arch"), "vgg");
}

TEST_F(PthTest, ObjectsBesideTheWeightsAreLeftOut) {
  const std::string type = Global("my.tools", "Config");
  const std::string config = type + ")\x81" + Dict({{"lr", Int(1)}}) + "b";
  const std::string keeper = type + ")\x81" + Dict({{"w", small_}}) + "b";
  const std::string made = Call(Global("my.tools", "make"), ")");
  for (Maker format : kFormats) {
    const TensorFile file =
        Read(format(Dict({{"w", small_}, {"config", config}, {"keeper", keeper}, {"made", made}}),
                    {{"0", Counting<float>(6)}}));
    EXPECT_EQ(Names(file), NameList{"w"});
    EXPECT_EQ(file.unread.count("config"), 0u) << "it holds no tensors";
    EXPECT_THAT(file.unread.at("keeper"), HasSubstr("an object of \"my.tools.Config\""));
    EXPECT_THAT(file.unread.at("made"), HasSubstr("a call of \"my.tools.make\" makes"));
  }
  EXPECT_THAT(Messages(keeper), Each(HasSubstr("an object of \"my.tools.Config\"")));
  EXPECT_THAT(Messages(Dict({{"model", keeper}})), Each(HasSubstr("\"model\" is an object of")));
}

TEST_F(PthTest, TensorsOfOtherTypesAreLeftUnread) {
  const std::string complex = Tensor(Storage("1", 3, "ComplexFloat"), 0, {3}, {1});
  const std::string value = Dict({{"w", small_}, {"z", complex}});
  const std::string numbers = Counting<float>(6);
  const TensorFile zip = Read(ZipPth(value, {{"0", numbers}, {"1", numbers}}));
  std::string old = LegacyPth(value, {{"0", numbers}, {"1", numbers}});
  old[old.size() - 32] = 3;  // elements of storage "1"
  for (const TensorFile& file : {zip, Read(old)}) {
    EXPECT_EQ(Names(file), NameList{"w"});
    EXPECT_THAT(file.unread.at("z"), HasSubstr("ComplexFloat"));
  }
  const std::string quantised =
      Call(Global("torch._utils", "_rebuild_qtensor"), Tuple({Storage("0", 6), Int(0)}));
  EXPECT_THAT(Messages(Dict({{"w", quantised}})), Each(HasSubstr("_rebuild_qtensor")));
}

TEST_F(PthTest, ArraysOfNumpyAreNamed) {
  const std::string array =
      Call(Global("numpy.core.multiarray", "_reconstruct"), Tuple({Global("numpy", "ndarray")}));
  EXPECT_THAT(Message(ZipPth(Dict({{"w", array}, {"v", array}}), {})),
              HasSubstr("2 arrays of numpy"));
}

/// An object of TorchScript with these attributes.
std::string ScriptModule(const std::string& name,
                         const std::vector<std::pair<std::string, std::string>>& attributes) {
  return Global("__torch__.net", name) + ")\x81" + Dict(attributes) + "b";
}

TEST_F(PthTest, ParametersOfTorchScriptAreRead) {
  const std::string conv = ScriptModule("Conv", {{"weight", small_}, {"training", "\x89"}});
  const std::string net = ScriptModule("Net", {{"training", "\x89"}, {"conv1", conv}});
  ZipEntry code{"a/code/net.py", "packed"};
  code.method = 8;
  const TensorFile file = Read(Zip({{"a/data.pkl", Begin() + net + "."},
                                    {"a/constants.pkl", Begin() + ")."},
                                    code,
                                    {"a/data/0", Counting<float>(6)}}));
  EXPECT_EQ(file.format, "torchscript");
  EXPECT_EQ(Names(file), NameList{"conv1.weight"});
  EXPECT_TRUE(file.metadata.empty());
  EXPECT_THAT(Messages(net), Each(HasSubstr("an object of \"__torch__.net.Net\"")));
}

// LibTorch's own writer, which shares no code with the tests above.
TEST_F(PthTest, ReadsWhatLibTorchWrites) {
  torch::manual_seed(1);
  c10::Dict<std::string, at::Tensor> tensors;
  const at::Tensor base = torch::randn({4, 5, 6});
  tensors.insert("base", base);
  tensors.insert("view", base.permute({2, 0, 1}).slice(1, 1, 4, 2));
  tensors.insert("half", base.to(at::kHalf));
  tensors.insert("long", torch::arange(10));
  const std::vector<char> bytes = torch::pickle_save(tensors);
  const TensorFile file = Read(std::string(bytes.begin(), bytes.end()));
  EXPECT_EQ(file.tensors.size(), 4u);
  for (const auto& item : tensors) {
    const at::Tensor* read = file.Find(item.key());
    ASSERT_NE(read, nullptr) << item.key();
    EXPECT_EQ(read->scalar_type(), item.value().scalar_type());
    EXPECT_TRUE(at::equal(*read, item.value())) << item.key();
  }
}

}  // namespace
}  // namespace seglab
