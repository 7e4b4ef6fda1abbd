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
using testing::Each;
using testing::HasSubstr;

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

TEST_F(PthTest, ShapesOutsideTheStorageAreRefused) {
  struct Case {
    int64_t offset;
    std::vector<int64_t> sizes, strides;
  };
  const int64_t huge = INT64_MAX;
  for (const Case& view :
       {Case{0, {7}, {1}}, Case{1, {2, 3}, {3, 1}}, Case{6, {}, {}}, Case{huge, {1}, {1}},
        Case{-1, {2}, {1}}, Case{0, {-1}, {1}}, Case{0, {2}, {-1}}, Case{5, {2}, {-3}},
        Case{0, {2}, {huge}}, Case{5, {huge}, {1}}, Case{0, {huge, 3}, {3, 1}},
        Case{0, {huge, huge}, {1, 1}}, Case{1, {2, 2}, {huge, huge}},
        Case{0, {1LL << 32, 1LL << 32}, {0, 0}}, Case{0, {0, huge, huge}, {1, 1, 1}},
        Case{0, {2, 3}, {1}}, Case{0, {2}, {1, 1}},
        Case{0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)}}) {
    EXPECT_THAT(
        Messages(Dict({{"w", Tensor(Storage("0", 6), view.offset, view.sizes, view.strides)}})),
        Each(HasSubstr("tensor \"w\"")));
  }
}

// 4 bytes of data that would be a terabyte when copied.
TEST_F(PthTest, ExpandedBombsAreRefused) {
  EXPECT_THAT(Messages(Dict({{"w", Tensor(Storage("0", 6), 0, {1LL << 38}, {0})}})),
              Each(HasSubstr("repeat the data")));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 100; ++i)
    many.emplace_back(StrCat("w", i), Tensor(Storage("0", 6), 0, {1 << 20}, {0}));
  EXPECT_THAT(Messages(Dict(many)), Each(HasSubstr("repeat the data")));
}

TEST_F(PthTest, StoragesMustFitTheirDescription) {
  for (int elements : {0, 5, 7})
    EXPECT_THAT(Messages(Dict({{"w", small_}}), elements), Each(HasSubstr("instead of")));
  for (Maker format : kFormats) {
    EXPECT_THAT(Message(format(Dict({{"w", small_}}), {})),
                HasSubstr("no data for its storage \"0\""));
    const std::string twice =
        Dict({{"a", small_}, {"b", Tensor(Storage("0", 6, "Int"), 0, {1}, {1})}});
    EXPECT_THAT(Message(format(twice, {{"0", Counting<float>(6)}})), HasSubstr("two ways"));
    for (int64_t elements : {int64_t{-1}, INT64_MAX, INT64_MAX / 4 + 1}) {
      const std::string value = Dict({{"w", Tensor(Storage("0", elements), 0, {1}, {1})}});
      EXPECT_NE(Message(format(value, {{"0", Counting<float>(6)}})), "") << elements;
    }
  }
  const std::string odd = Counting<float>(6) + "x";
  EXPECT_THAT(Message(ZipPth(Dict({{"w", small_}}), {{"0", odd}})), HasSubstr("instead of"));
  const auto legacy = [&](const std::string& keys, const std::string& data) {
    return Message(LegacyHead() + Begin() + Dict({{"w", small_}}) + "." + Begin() + keys + "." +
                   data);
  };
  const std::string data = Counting<float>(6), six = Little(6, 8);
  EXPECT_EQ(legacy(List({Text("0")}), six + data), "");
  EXPECT_THAT(legacy(List({Text("0")}), six + data + "x"), HasSubstr("1 bytes after"));
  EXPECT_THAT(legacy(List({Text("0"), Text("0")}), six + data + six + data),
              HasSubstr("listed twice"));
  EXPECT_THAT(legacy(List({Text("0"), Text("1")}), six + data + six + data),
              HasSubstr("no tensor"));
  EXPECT_THAT(legacy(List({Int(0)}), six + data), HasSubstr("no name"));
  EXPECT_THAT(legacy(Int(0), six + data), HasSubstr("no list"));
  EXPECT_NE(legacy(List({Text("0")}), Little(UINT64_MAX, 8) + data), "");
}

TEST_F(PthTest, WhatIsNoStateIsRefused) {
  EXPECT_THAT(Messages(Dict({{"w", Int(1)}, {"x", small_.substr(0, 0) + "N"}})),
              Each(HasSubstr("a.pth")));
  EXPECT_THAT(Message(ZipPth(Dict({{"w", Int(1)}}), {})), HasSubstr("no tensors"));
  EXPECT_THAT(Messages(small_), Each(HasSubstr("single tensor")));
  EXPECT_THAT(Messages(Dict({{"", small_}})), Each(HasSubstr("without a name")));
  EXPECT_THAT(Messages(Dict({{"a", small_}, {"a", small_}})),
              Each(HasSubstr("two tensors of the name \"a\"")));
  EXPECT_THAT(Messages(Dict({{"a.b", small_}, {"a", Dict({{"b", small_}})}})),
              Each(HasSubstr("two tensors")));
  EXPECT_THAT(Messages(Dict({{std::string(513, 'x'), small_}})),
              Each(HasSubstr("longer than 512")));
  EXPECT_THAT(Messages("}(N" + small_ + "u"), Each(HasSubstr("no text")));
  const std::string tensor2 = Global("torch._utils", "_rebuild_tensor_v2"),
                    parameter = Global("torch._utils", "_rebuild_parameter");
  for (const std::string& call : {Call(tensor2, ")"), Call(tensor2, Ints({1, 2, 3, 4})),
                                  Call(parameter, ")"), Call(parameter, Tuple({Int(1)})),
                                  Call(Global("torch._tensor", "_rebuild_from_type_v2"),
                                       Tuple({tensor2, tensor2, Int(1)}))}) {
    EXPECT_THAT(Messages(Dict({{"w", call}, {"x", small_}})), Each(HasSubstr("unknown way")));
  }
  std::string wrapped = small_;
  for (int i = 0; i < 10; ++i) wrapped = Call(parameter, Tuple({wrapped}));
  EXPECT_THAT(Messages(Dict({{"w", wrapped}})), Each(HasSubstr("unknown way")));
}

TEST_F(PthTest, DeepAndCyclicDictsAreRefused) {
  std::string deep = small_;
  for (int i = 0; i < 100; ++i) deep = Dict({{"d", deep}});
  EXPECT_THAT(Messages(deep), Each(HasSubstr("nest deeper")));
  std::string lists;
  for (int i = 0; i < 100'000; ++i) lists += "]";
  EXPECT_THAT(Messages(Dict({{"w", small_}, {"d", lists + std::string(99'999, 'a')}})),
              Each(HasSubstr("nest deeper")));
  EXPECT_THAT(Messages("}q\0"s + Text("w") + small_ + "s" + Text("d") + "h\0s"s),
              Each(HasSubstr("nest deeper")));
  EXPECT_THAT(Messages("}q\0"s + Text("w") + small_ + "s" + Text("model") + "h\0s"s),
              Each(HasSubstr("nest deeper")));
}

// Every dict holds the one before twice: 2^60 paths through a few hundred bytes.
TEST_F(PthTest, SharedDictsDoNotMultiply) {
  for (const std::string& core : {Dict({{"w", small_}}), Dict({{"n", Int(1)}}), "]"s}) {
    std::string value = core + "q\0"s;
    for (int i = 0; i < 60; ++i)
      value = "}(" + Text("a") + value + Text("b") + "h" + Little(static_cast<uint64_t>(i), 1) +
              "uq" + Little(static_cast<uint64_t>(i + 1), 1);
    EXPECT_THAT(Messages(Dict({{"z", small_}, {"d", value}})), Each(HasSubstr("far more objects")));
  }
}

TEST_F(PthTest, OtherContainersAreRefused) {
  const std::string value = Dict({{"w", small_}}), data = Counting<float>(6);
  EXPECT_THAT(Message(""), HasSubstr("neither"));
  EXPECT_THAT(Message("PK"), HasSubstr("neither"));
  EXPECT_THAT(Message(Zip({{"archive/other", "x"}})), HasSubstr("no data.pkl"));
  EXPECT_THAT(Message(Zip({{"a/b/data.pkl", "N."}})), HasSubstr("no data.pkl"));
  EXPECT_THAT(Message(Zip({{"a/data.pkl", "N."}, {"b/data.pkl", "N."}})),
              HasSubstr("two data.pkl"));
  EXPECT_THAT(Message(Zip({{"a/data.pkl", "N."}, {"a/constants.pkl", "N."}})),
              HasSubstr("TorchScript"));
  const auto order = [&](const std::string& text) {
    return Message(
        Zip({{"a/data.pkl", Begin() + value + "."}, {"a/data/0", data}, {"a/byteorder", text}}));
  };
  EXPECT_EQ(order("little"), "");
  EXPECT_THAT(order("big"), HasSubstr("high byte first"));
  EXPECT_THAT(Message(LegacyHead(false) + Begin() + value + "."), HasSubstr("high byte first"));
  std::string other = LegacyPth(value, {{"0", data}});
  other.replace(other.find(Int(1001)), 10, Int(1002));
  EXPECT_THAT(Message(other), HasSubstr("unknown version"));
}

TEST_F(PthTest, EveryTruncationIsRefused) {
  for (Maker format : kFormats) {
    const std::string bytes =
        format(Dict({{"w", small_}, {"v", Tensor(Storage("1", 3), 0, {3}, {1})}}),
               {{"0", Counting<float>(6)}, {"1", Counting<float>(3)}});
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_NE(Message(bytes.substr(0, size)), "") << size;
  }
}

// No change of a byte may do worse than a message or other numbers.
TEST_F(PthTest, EveryChangedByteIsHarmless) {
  for (Maker format : kFormats) {
    const std::string good = format(Dict({{"w", small_}}), {{"0", Counting<float>(6)}});
    for (size_t at = 0; at < good.size(); ++at) {
      for (int change : {0x01, 0x80, 0xff}) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        const std::string text = ErrorOf([&] {
          for (const auto& [name, tensor] : Read(bytes).tensors) tensor.contiguous();
        });
        EXPECT_TRUE(text.empty() || text.find(path_) != std::string::npos) << text;
      }
    }
  }
}

TEST_F(PthTest, MissingFile) {
  EXPECT_THROW(ReadPth(folder_.File("none.pth")), Error);
  EXPECT_THROW(ReadPth(folder_.path()), Error);
}

}  // namespace
}  // namespace seglab
