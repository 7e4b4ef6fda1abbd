#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "base/files.h"
#include "tensor/test_pth.h"

// Files of PyTorch that are damaged, or made to do harm.
namespace seglab {
namespace {

using namespace std::string_literals;
using testing::Each;
using testing::HasSubstr;
using NameList = std::vector<std::string>;

class PthDamageTest : public PthTest {};

TEST_F(PthDamageTest, ShapesOutsideTheStorageAreRefused) {
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
TEST_F(PthDamageTest, ExpandedBombsAreRefused) {
  EXPECT_THAT(Messages(Dict({{"w", Tensor(Storage("0", 6), 0, {1LL << 38}, {0})}})),
              Each(HasSubstr("repeat the data")));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 100; ++i)
    many.emplace_back(StrCat("w", i), Tensor(Storage("0", 6), 0, {1 << 20}, {0}));
  EXPECT_THAT(Messages(Dict(many)), Each(HasSubstr("repeat the data")));
}

TEST_F(PthDamageTest, StoragesMustFitTheirDescription) {
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

TEST_F(PthDamageTest, WhatIsNoStateIsRefused) {
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

TEST_F(PthDamageTest, NothingIsExecuted) {
  const std::string trap = Tuple({Text("touch " + folder_.File("trap"))});
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"posix", "system"},
                                                        {"builtins", "eval"},
                                                        {"builtins", "exec"},
                                                        {"__builtin__", "getattr"},
                                                        {"builtins", "__import__"},
                                                        {"nt", "system"},
                                                        {"torch.storage", "_load_from_bytes"}}) {
    const std::string call = Call(Global(module, name), trap);
    for (Maker format : kFormats) {
      const TensorFile file =
          Read(format(Dict({{"w", small_}, {"x", call}}), {{"0", Counting<float>(6)}}));
      EXPECT_THAT(file.unread.at("x"), HasSubstr(module + "." + name));
    }
    EXPECT_THAT(Message(ZipPth(Dict({{"x", call}}), {})), HasSubstr(name));
    EXPECT_THAT(Message(LegacyPth(call, {})), HasSubstr(name));
  }
  EXPECT_FALSE(FileExists(folder_.File("trap")));
}

TEST_F(PthDamageTest, DeepAndCyclicDictsAreRefused) {
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
TEST_F(PthDamageTest, SharedDictsDoNotMultiply) {
  for (const std::string& core : {Dict({{"w", small_}}), Dict({{"n", Int(1)}}), "]"s}) {
    std::string value = core + "q\0"s;
    for (int i = 0; i < 60; ++i)
      value = "}(" + Text("a") + value + Text("b") + "h" + Little(static_cast<uint64_t>(i), 1) +
              "uq" + Little(static_cast<uint64_t>(i + 1), 1);
    EXPECT_THAT(Messages(Dict({{"z", small_}, {"d", value}})), Each(HasSubstr("far more objects")));
  }
}

TEST_F(PthDamageTest, OtherContainersAreRefused) {
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

TEST_F(PthDamageTest, EveryTruncationIsRefused) {
  for (Maker format : kFormats) {
    const std::string bytes =
        format(Dict({{"w", small_}, {"v", Tensor(Storage("1", 3), 0, {3}, {1})}}),
               {{"0", Counting<float>(6)}, {"1", Counting<float>(3)}});
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_NE(Message(bytes.substr(0, size)), "") << size;
  }
}

// No change of a byte may do worse than a message or other numbers.
TEST_F(PthDamageTest, EveryChangedByteIsHarmless) {
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

TEST_F(PthDamageTest, MissingFile) {
  EXPECT_THROW(ReadPth(folder_.File("none.pth")), Error);
  EXPECT_THROW(ReadPth(folder_.path()), Error);
}

}  // namespace
}  // namespace seglab
