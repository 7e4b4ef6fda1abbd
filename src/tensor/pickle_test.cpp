#include "tensor/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "tensor/test_files.h"

namespace seglab {
namespace {

using namespace std::string_literals;
using namespace test_files;
using testing::HasSubstr;
using Kind = PickleKind;

/// A pickle with its bytes.
struct Loaded {
  explicit Loaded(const std::string& text)
      : bytes(text), budget("a.pth", bytes.size()), pickle(bytes, where, budget) {}

  std::string bytes, where = "a.pth (pickle)";
  MemoryBudget budget;
  Pickle pickle;
};

/// What reading the pickle says; "" when it is accepted. Anything but an Error fails the test.
std::string Message(const std::string& bytes) {
  try {
    Loaded loaded(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}

int64_t IntOf(const std::string& opcodes) {
  const Loaded loaded(opcodes + ".");
  EXPECT_TRUE(loaded.pickle.root().Is(Kind::kInt)) << opcodes;
  return loaded.pickle.root().Int();
}

TEST(PickleTest, Numbers) {
  EXPECT_EQ(IntOf("K\xff"), 255);
  EXPECT_EQ(IntOf("M\x01\xff"), 0xff01);
  EXPECT_EQ(IntOf("J\xfe\xff\xff\xff"), -2);
  EXPECT_EQ(IntOf("J\xff\xff\xff\x7f"), 0x7fffffff);
  EXPECT_EQ(IntOf("\x8a\x00"s), 0);
  EXPECT_EQ(IntOf("\x8a\x01\x80"), -128);
  EXPECT_EQ(IntOf("\x8a\x02\x80\x00"s), 128);
  EXPECT_EQ(IntOf("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80"s), INT64_MIN);
  EXPECT_EQ(IntOf("\x8b\x02\x00\x00\x00\x34\x12"s), 0x1234);
  const Loaded pi("G\x40\x09\x21\xfb\x54\x44\x2d\x18.");
  EXPECT_EQ(pi.pickle.root().Float(), 3.141592653589793);
  const Loaded large("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01."s);
  EXPECT_TRUE(large.pickle.root().Is(Kind::kLong));
  EXPECT_EQ(large.pickle.root().Text(), "\x00\x00\x00\x00\x00\x00\x00\x00\x01"s);
}

TEST(PickleTest, ConstantsAndTexts) {
  EXPECT_TRUE(Loaded("N.").pickle.root().Is(Kind::kNone));
  const Loaded yes("\x88."), no("\x89.");
  EXPECT_TRUE(yes.pickle.root().Is(Kind::kBool));
  EXPECT_EQ(yes.pickle.root().Int(), 1);
  EXPECT_EQ(no.pickle.root().Int(), 0);
  for (const std::string& opcodes : {"X\x03\x00\x00\x00"s, "T\x03\x00\x00\x00"s, "U\x03"s,
                                     "\x8c\x03"s, "\x8d\x03\x00\x00\x00\x00\x00\x00\x00"s}) {
    const Loaded loaded(opcodes + "a\0b."s);
    EXPECT_TRUE(loaded.pickle.root().Is(Kind::kText));
    EXPECT_EQ(loaded.pickle.root().Text(), "a\0b"s);
  }
  for (const std::string& opcodes :
       {"B\x03\x00\x00\x00"s, "C\x03"s, "\x8e\x03\x00\x00\x00\x00\x00\x00\x00"s,
        "\x96\x03\x00\x00\x00\x00\x00\x00\x00"s}) {
    const Loaded loaded(opcodes + "abc."s);
    EXPECT_TRUE(loaded.pickle.root().Is(Kind::kBytes));
    EXPECT_EQ(loaded.pickle.root().Text(), "abc");
  }
}

TEST(PickleTest, ContainersOfEveryOpcode) {
  struct Case {
    std::string opcodes;
    Kind kind;
    std::vector<int64_t> numbers;
  };
  const Case cases[] = {
      {")", Kind::kTuple, {}},
      {"K\1\x85", Kind::kTuple, {1}},
      {"K\1K\2\x86", Kind::kTuple, {1, 2}},
      {"K\1K\2K\3\x87", Kind::kTuple, {1, 2, 3}},
      {"(K\1K\2K\3K\4t", Kind::kTuple, {1, 2, 3, 4}},
      {"]", Kind::kList, {}},
      {"]K\1"
       "aK\2"
       "a",
       Kind::kList,
       {1, 2}},
      {"](K\1K\2e(K\3e", Kind::kList, {1, 2, 3}},
      {"(K\1K\2l", Kind::kList, {1, 2}},
      {"}", Kind::kDict, {}},
      {"}K\1K\2s(K\3K\4K\5K\6u", Kind::kDict, {1, 2, 3, 4, 5, 6}},
      {"(K\1K\2"
       "d",
       Kind::kDict,
       {1, 2}},
      {"\x8f(K\1K\2\x90", Kind::kSet, {1, 2}},
      {"(K\1K\2\x91", Kind::kSet, {1, 2}},
      {"K\7(K\1K\2"
       "1\x85",
       Kind::kTuple,
       {7}},
      {"K\7K\1"
       "0\x85",
       Kind::kTuple,
       {7}},
      {"K\7"
       "2\x86",
       Kind::kTuple,
       {7, 7}},
  };
  for (const Case& expected : cases) {
    const Loaded loaded("\x80\x04\x95\0\0\0\0\0\0\0\0"s + expected.opcodes + ".");
    const PickleValue root = loaded.pickle.root();
    EXPECT_TRUE(root.Is(expected.kind)) << expected.opcodes;
    ASSERT_EQ(root.size(), expected.numbers.size()) << expected.opcodes;
    for (size_t i = 0; i < root.size(); ++i)
      EXPECT_EQ(root[i].Int(), expected.numbers[i]) << expected.opcodes;
  }
}

TEST(PickleTest, MemoSharesValues) {
  for (const std::string& opcodes :
       {"(]q\0K\1q\1h\0h\1t."s, "(]q\1K\1q\2h\1h\2t."s,
        "(]r\0\0\0\0K\1r\1\0\0\0j\0\0\0\0j\1\0\0\0t."s, "(]\x94K\1\x94h\0h\1t."s}) {
    const Loaded loaded(opcodes);
    const PickleValue root = loaded.pickle.root();
    ASSERT_EQ(root.size(), 4u);
    EXPECT_EQ(root[0].id(), root[2].id());
    EXPECT_EQ(root[1].id(), root[3].id());
    EXPECT_NE(root[0].id(), root[1].id());
  }
}

TEST(PickleTest, AListMayHoldItself) {
  const Loaded loaded("]q\0h\0a."s);
  EXPECT_EQ(loaded.pickle.root()[0].id(), loaded.pickle.root().id());
}

TEST(PickleTest, CallsStayData) {
  const Loaded loaded(Begin() + Call(Global("collections", "Counter"), Tuple({Int(5)})) + "}b.");
  const PickleValue root = loaded.pickle.root();
  ASSERT_TRUE(root.Is(Kind::kCall));
  EXPECT_TRUE(root[0].IsGlobal("collections.Counter"));
  EXPECT_EQ(root[1][0].Int(), 5);
  const Loaded made(
      "\x8c\x0b"
      "collections\x8c\x05"
      "deque\x93)}\x92.");
  EXPECT_TRUE(made.pickle.root()[0].IsGlobal("collections.deque"));
  const Loaded id(Text("key") + "Q.");
  ASSERT_TRUE(id.pickle.root().Is(Kind::kPersistent));
  EXPECT_EQ(id.pickle.root()[0].Text(), "key");
}

TEST(PickleTest, OrderedDictsAreDicts) {
  const std::string type = Global("collections", "OrderedDict");
  const std::string items = List({List({Text("a"), Int(1)}), Tuple({Text("b"), Int(2)})});
  for (const std::string& opcodes :
       {type + ")R(" + Text("a") + Int(1) + Text("b") + Int(2) + "u", type + Tuple({items}) + "R",
        type + ")\x81" + Text("a") + Int(1) + "s" + Text("b") + Int(2) + "s",
        type + ")R(" + Text("a") + Int(1) + Text("b") + Int(2) + "u}" + Text("_metadata") + Int(3) +
            "sb"}) {
    const Loaded loaded(opcodes + ".");
    const PickleValue root = loaded.pickle.root();
    ASSERT_TRUE(root.Is(Kind::kDict));
    ASSERT_EQ(root.size(), 4u);
    EXPECT_EQ(root[2].Text(), "b");
    EXPECT_EQ(root[3].Int(), 2);
  }
}

TEST(PickleTest, OnePickleAfterAnother) {
  const std::string first = Begin() + Int(1) + ".";
  EXPECT_EQ(Loaded(first + Begin() + Int(2) + ".").pickle.size(), first.size());
}

TEST(PickleTest, ObjectsKeepTheirStateAndElements) {
  const std::string type = Global("my.config", "Node");
  const Loaded object(type + ")\x81" + Dict({{"a", Int(1)}}) + "b.");
  EXPECT_TRUE(object.pickle.root().IsObject());
  EXPECT_TRUE(object.pickle.root()[0].IsGlobal("my.config.Node"));
  EXPECT_EQ(object.pickle.root()[2][0].Text(), "a");
  EXPECT_TRUE(object.pickle.root()[3].Is(Kind::kNone));
  const Loaded dict(type + ")\x81" + Text("k") + Int(7) + "s" + Text("l") + Int(8) + "s.");
  ASSERT_EQ(dict.pickle.root()[3].size(), 4u);
  EXPECT_EQ(dict.pickle.root()[3][1].Int(), 7);
  const Loaded list(type + ")\x81(" + Int(1) + Int(2) + "e.");
  EXPECT_TRUE(list.pickle.root()[3].Is(Kind::kList));
  const Loaded call(Call(Global("os", "system"), Tuple({Text("rm")})) + ")R.");
  EXPECT_FALSE(call.pickle.root().IsObject());
  EXPECT_TRUE(call.pickle.root()[0][0].IsGlobal("os.system")) << "what a call gives is called";
  EXPECT_TRUE(Loaded(Text("id") + "Q)\x81.").pickle.root().IsObject());
  EXPECT_NE(Message(type + ")\x81" + Int(1) + "s."), "");
  EXPECT_NE(Message(type + ")\x81" + Text("k") + Int(1) + "s" + Int(2) + "a."), "");
}

TEST(PickleTest, ManyNamesTakeNoTime) {
  std::string names = "(";
  for (int i = 0; i < 40'000; ++i) names += Global("m", "n" + std::to_string(i));
  const Loaded loaded(names + "l" + std::string(1 << 20, ' ').replace(0, 1, "."));
  EXPECT_EQ(loaded.pickle.root()[39'999].Text(), "m.n39999");
}

TEST(PickleTest, NonsenseIsRefused) {
  const std::string type = Global("collections", "Counter");
  const std::string cases[] = {
      "", ".", "K", "K\1", "0.", "(.", "(0.", "K\1(0.", "1.", "t.", "K\1t.", "\x86.", "K\1\x86.",
      "(\x85.", "2.", "(2.", "]K\1K\2u.", "](K\1u.",
      "}K\1"
      "a.",
      "}(K\1u.",
      "K\1K\2"
      "a.",
      "}K\1s.", "K\1(K\2e.",
      "(K\1"
      "d.",
      "]e.", "Kq\0."s, "q\0."s, "\x94.", "K\1(q\0."s, "h\0."s, "j\0\0\0\0."s, "K\1q\2."s,
      "K\1r\xff\xff\xff\xff.", "K\1q\1h\0."s, "K\1)R.", type + "K\1R.", type + "]R.", ")R.",
      type + "R.", "K\1}b.", "}b.", "N}b.", "Q.", "\x93.", "K\1K\2\x93.", type.substr(0, 5),
      "c\n\n.", "\x80\x06N.", "\x80", "\x95\1N.",
      Global("collections", "OrderedDict") + Tuple({List({Int(1)})}) + "R.",
      // Text opcodes of protocol 0, extensions, buffers outside the file, and no opcode at all.
      "I1\n.", "L1L\n.", "F1\n.", "S'a'\n.", "Va\n.", "Pa\n.", "g0\n.", "(i.", "(o.", "\x82\1.",
      "\x97.", "\x98.", "\xff.", "\0."s};
  for (const std::string& bytes : cases) EXPECT_THAT(Message(bytes), HasSubstr("a.pth")) << bytes;
}

TEST(PickleTest, ImpossibleLengthsAreRefused) {
  const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\x7f", all(8, '\xff');
  for (const std::string& bytes :
       {"X\xff\xff\xff\xff"
        "a."s,
        "T\xff\xff\xff\xff"
        "a."s,
        "B\xff\xff\xff\x7f"
        "a."s,
        "U\xff"
        "a."s,
        "\x8b\xff\xff\xff\x7f"
        "a."s,
        "\x8a\xff"
        "a."s,
        "\x8d" + huge + "a.", "\x8d" + all + "a.", "\x8e" + huge + "a.", "\x96" + all + "a."}) {
    EXPECT_THAT(Message(bytes), HasSubstr("a.pth")) << bytes;
  }
}

TEST(PickleTest, EveryTruncationIsRefused) {
  const std::string bytes =
      Begin() + Dict({{"w", Tensor(Storage("0", 6), 0, {2, 3}, {3, 1})}}) + ".";
  for (size_t size = 0; size < bytes.size(); ++size) {
    MemoryBudget budget("a.pth", size);
    const std::string where = "a.pth";
    EXPECT_THROW(Pickle(std::string_view(bytes).substr(0, size), where, budget), Error) << size;
  }
}

// Opcodes of one byte that each make something: memory must stay in proportion to the file.
TEST(PickleTest, FloodsAreRefused) {
  const size_t many = 5 << 20;
  for (const std::string& opcode :
       {"("s, "]"s, "}"s, ")"s, "N"s, "\x8f"s, "](K\1e"s, "}K\1K\2s"s, "N\x94"s}) {
    std::string bytes;
    while (bytes.size() < many) bytes += opcode;
    EXPECT_THAT(Message(bytes + "."), HasSubstr("far more objects")) << opcode;
  }
  std::string memo = "N";
  memo.append(many, '\x94');
  EXPECT_THAT(Message(memo + "."), HasSubstr("far more objects"));
  std::string copies = "N";
  copies.append(many, '2');
  EXPECT_THAT(Message(copies + "."), HasSubstr("far more objects"));
  // Every call of OrderedDict copies the same long list.
  std::string calls = "(";
  for (int i = 0; i < 1000; ++i) calls += i == 0 ? "K\1K\2\x86q\0"s : "h\0"s;
  calls += "l\x85q\1" + Global("collections", "OrderedDict") + "q\2";
  for (int i = 0; i < 100'000; ++i) calls += "h\2h\1R"s;
  EXPECT_THAT(Message(calls + "."), HasSubstr("far more objects"));
}

TEST(PickleTest, DepthNeedsNoStackOfTheMachine) {
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += "]";
  for (int i = 0; i < 199'999; ++i) bytes += "a";
  const Loaded loaded(bytes + ".");
  PickleValue value = loaded.pickle.root();
  int depth = 1;
  for (; value.size() == 1; ++depth) value = value[0];
  EXPECT_EQ(depth, 200'000);
}

}  // namespace
}  // namespace seglab
