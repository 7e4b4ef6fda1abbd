#include "base/json.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

Json Parse(std::string_view text) { return ParseJson(text, "test"); }

TEST(ParseJson, GivesTheSameAsTheLibrary) {
  const std::string text =
      R"({"z": [1, -2, 1.5e3, true, null, {"b": "\u00e4\"\\", "a": {}}], "a": [],)"
      R"( "": 18446744073709551615})";
  EXPECT_EQ(Parse(text), Json::parse(text));
  EXPECT_EQ(Parse(text).dump(), Json::parse(text).dump());
  EXPECT_EQ(Parse("3"), Json(3));
}

TEST(ParseJson, RefusesMoreValuesThanFitIntoMemory) {
  std::string text = "[0";
  for (int i = 0; i < 5'000'000; ++i) text += ",0";
  EXPECT_THAT(ErrorOf([&] { ParseJson(text + "]", "x"); }), HasSubstr("more than 5000000 values"));
}

TEST(ParseJsonRows, HandsOverTheElementsOfOuterLists) {
  std::string rows;
  const Json rest = ParseJsonRows(
      R"({"a": 1, "b": [2, {"c": [3]}, [4, [5]]], "d": {"e": [6]}, "f": [], "g": ["h"]})", "x",
      [&](const std::string& list, Json&& row) { rows += list + row.dump() + " "; });
  EXPECT_EQ(rows, "b2 b{\"c\":[3]} b[4,[5]] g\"h\" ");
  EXPECT_EQ(rest.dump(), R"({"a":1,"b":[],"d":{"e":[6]},"f":[],"g":[]})");
}

TEST(ParseJsonRows, CountsTheValuesOfARow) {
  std::string text = "{\"rows\": [0";
  for (int i = 0; i < 5'000'000; ++i) text += ",0";
  int64_t count = 0;
  ParseJsonRows(text + "]}", "x", [&](const std::string&, Json&&) { ++count; });
  EXPECT_EQ(count, 5'000'001);
  EXPECT_THAT(ErrorOf([&] { ParseJsonRows(text + ", 1", "x", [](const std::string&, Json&&) {}); }),
              HasSubstr("x:1:"));
}

TEST(ParseJson, AllowsComments) {
  EXPECT_EQ(Parse("// one\n{\"a\": /* two */ 1}"), Json({{"a", 1}}));
}

std::string ErrorOf(std::string_view text) {
  try {
    return "no error: " + ParseJson(text, "x.json").dump();
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ParseJson, NamesLineAndColumn) {
  EXPECT_THAT(ErrorOf("{\n  \"a\": 1,\n  \"b\" 2\n}"), StartsWith("x.json:3:7: syntax error"));
  EXPECT_THAT(ErrorOf("{\"a\": tru}"), StartsWith("x.json:1:10: syntax error"));
  EXPECT_THAT(ErrorOf("[1, 2"), AllOf(StartsWith("x.json:1:6: "), HasSubstr("end of input")));
  EXPECT_THAT(ErrorOf(""), StartsWith("x.json:1:1: "));
  EXPECT_THAT(ErrorOf("{} {}"), StartsWith("x.json:1:4: "));
  EXPECT_THAT(ErrorOf("[NaN]"), StartsWith("x.json:1:2: "));
  EXPECT_THAT(ErrorOf("[1e999]"), AllOf(StartsWith("x.json:1:6: "), HasSubstr("1e999")));
  EXPECT_THAT(ErrorOf("[\"\xff\"]"), StartsWith("x.json:1:3: "));
  for (const char* text : {"{\n1\n}", "[\"a\nb\"]", "", "[1e999]"}) {
    EXPECT_EQ(ErrorOf(text).find('\n'), std::string::npos) << ErrorOf(text);
    EXPECT_EQ(ErrorOf(text).find("json.exception"), std::string::npos) << ErrorOf(text);
  }
}

TEST(ParseJson, RefusesAKeyGivenTwice) {
  EXPECT_THAT(ErrorOf("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}"),
              AllOf(StartsWith("x.json:3:2: "), HasSubstr("\"a\" is given twice")));
  EXPECT_THAT(ErrorOf(R"({"a\"b": 1, "a\"b": 3})"), StartsWith("x.json:1:13: "));
  // Equal only after the escapes are read.
  EXPECT_THAT(ErrorOf(R"({"a": 1, "\u0061": 3})"), StartsWith("x.json:1:10: "));
}

TEST(ParseJson, LimitsTheDepth) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(Parse(nested(200)).dump(), nested(200));
  EXPECT_THAT(ErrorOf(nested(201)),
              AllOf(StartsWith("x.json:1:201: "), HasSubstr("nested too deep")));
  EXPECT_THAT(ErrorOf(std::string(10'000'000, '[')), StartsWith("x.json:1:201: "));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(ErrorOf(objects), HasSubstr("nested too deep"));
}

TEST(MergeJson, MergesObjectsReplacesTheRestAndRemovesOnNull) {
  Json base = Parse(R"({"a": {"x": 1, "y": [1, 2]}, "b": 2, "c": 3})");
  MergeJson(base,
            Parse(R"({"a": {"y": [3], "z": {"n": null}}, "b": {"k": 1}, "c": null, "d": 4})"));
  EXPECT_EQ(base.dump(), R"({"a":{"x":1,"y":[3],"z":{}},"b":{"k":1},"d":4})");
  MergeJson(base, Json(5));
  EXPECT_EQ(base, Json(5));
}

TEST(ApplySetting, WritesValuesOfEveryType) {
  Json root = Parse(R"({"train": {"lr": 1, "only": ["a"]}, "runs": [{"seed": 1}, {"seed": 1}]})");
  ApplySetting(root, "train.lr=1e-3");
  ApplySetting(root, "train.only=[\"score_fr\"]");
  ApplySetting(root, "runs.1.seed=7");
  ApplySetting(root, "model.name=fcn32s");
  ApplySetting(root, "model.url=a=b//c");
  ApplySetting(root, "model.digits=\"12\"");
  ApplySetting(root, "model.empty=");
  ApplySetting(root, "flag=true");
  EXPECT_EQ(root.dump(),
            R"({"train":{"lr":0.001,"only":["score_fr"]},"runs":[{"seed":1},{"seed":7}],)"
            R"("model":{"name":"fcn32s","url":"a=b//c","digits":"12","empty":""},"flag":true})");
  ApplySetting(root, "train.lr=null");
  EXPECT_FALSE(root["train"].contains("lr"));
  ApplySetting(root, "runs.0=null");
  EXPECT_EQ(root["runs"].dump(), R"([{"seed":7}])");
}

TEST(ApplySetting, RefusesWhatHasNoPlace) {
  Json root = Parse(R"({"a": 3, "runs": [1, 2], "none": []})");
  auto message = [&root](const std::string& text) {
    return [&root, text] { ApplySetting(root, text); };
  };
  EXPECT_THAT(message("a"), ThrowsMessage<Error>(HasSubstr("has no \"=\"")));
  EXPECT_THAT(message("=1"), ThrowsMessage<Error>(HasSubstr("empty step")));
  EXPECT_THAT(message("a..b=1"), ThrowsMessage<Error>(HasSubstr("empty step")));
  EXPECT_THAT(message("b.=1"), ThrowsMessage<Error>(HasSubstr("empty step")));
  EXPECT_THAT(message("a.b=1"),
              ThrowsMessage<Error>(HasSubstr("--set a.b: \"a\" is 3 and has no member \"b\"")));
  EXPECT_THAT(message("runs.2=1"), ThrowsMessage<Error>(HasSubstr("give 0 to 1")));
  EXPECT_THAT(message("runs.-1=1"), ThrowsMessage<Error>(HasSubstr("selects nothing")));
  EXPECT_THAT(message("runs.0x=1"), ThrowsMessage<Error>(HasSubstr("selects nothing")));
  EXPECT_THAT(message("none.0=1"), ThrowsMessage<Error>(HasSubstr("a list of 0 elements")));
  EXPECT_THAT(message("c=\xff"), ThrowsMessage<Error>(HasSubstr("UTF-8")));
}

TEST(CanonicalJson, DependsOnTheContentOnly) {
  EXPECT_EQ(CanonicalJson(Parse(R"({"b": [1, 2.0, 0.5], "a": {"d": "ä", "c": null}})")),
            R"({"a":{"c":null,"d":"ä"},"b":[1,2,0.5]})");
  EXPECT_EQ(CanonicalJson(Parse("[1e300, -0.0, 18446744073709551615]")),
            "[1e+300,0,18446744073709551615]");
  EXPECT_NE(CanonicalJson(Parse("[1, 2]")), CanonicalJson(Parse("[2, 1]")));
  EXPECT_NE(CanonicalJson(Parse("1")), CanonicalJson(Parse("\"1\"")));
}

class ReadJsonFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_.File(name), text);
    return folder_.File(name);
  }
  TestFolder folder_;
};

TEST_F(ReadJsonFileTest, MergesBasesInOrder) {
  MakeFolders(folder_.File("common"));
  MakeFolders(folder_.File("table2"));
  Write("common/root.json", R"({"a": 1, "b": {"x": 1, "y": 1}, "c": 1})");
  Write("common/one.json", R"({"base": "root.json", "b": {"x": 2}, "one": true})");
  Write("common/two.json", R"({"base": ["root.json"], "a": 3})");
  const std::string path = Write(
      "table2/fcn.json", R"({"base": ["../common/one.json", "../common/two.json"], "c": null})");
  // root.json is read twice, which is no cycle; its second reading overwrites b.x.
  EXPECT_EQ(ReadJsonFile(path), Parse(R"({"a": 3, "b": {"x": 1, "y": 1}, "one": true})"));
}

TEST_F(ReadJsonFileTest, ReadsAFileWithoutBase) {
  EXPECT_EQ(ReadJsonFile(Write("list.json", "[1, 2]")), Json({1, 2}));
  EXPECT_EQ(ReadJsonFile(Write("none.json", R"({"base": [], "a": 1})")), Json({{"a", 1}}));
}

TEST_F(ReadJsonFileTest, FindsCycles) {
  Write("a.json", R"({"base": "b.json"})");
  Write("b.json", R"({"base": "./a.json"})");
  EXPECT_THAT(
      [&] { ReadJsonFile(folder_.File("a.json")); },
      ThrowsMessage<Error>(AllOf(HasSubstr("inherits from itself"), HasSubstr("b.json -> "))));
  Write("self.json", R"({"base": "self.json"})");
  EXPECT_THAT([&] { ReadJsonFile(folder_.File("self.json")); },
              ThrowsMessage<Error>(HasSubstr("self.json: inherits from itself")));
}

TEST_F(ReadJsonFileTest, BasesAreCounted) {
  for (int i = 0; i < 26; ++i) {
    const std::string next = StrCat("f", i + 1, ".json");
    Write(StrCat("f", i, ".json"), Json{{"base", {next, next}}}.dump());
  }
  Write("f26.json", "{}");
  EXPECT_THAT([&] { ReadJsonFile(folder_.File("f0.json")); },
              ThrowsMessage<Error>(
                  AllOf(StartsWith(folder_.File("f0.json")), HasSubstr("more than 100 files"))));
}

TEST_F(ReadJsonFileTest, NamesTheFileThatIsWrong) {
  const std::string base = Write("base.json", "{\n  \"a\": oops\n}");
  const std::string child = Write("child.json", R"({"base": "base.json"})");
  EXPECT_THAT([&] { ReadJsonFile(child); },
              ThrowsMessage<Error>(StartsWith(base + ":2:8: syntax error")));
  const std::string orphan = Write("orphan.json", R"({"base": "gone.json"})");
  EXPECT_THAT([&] { ReadJsonFile(orphan); },
              ThrowsMessage<Error>(AllOf(StartsWith(folder_.File("gone.json") + ": cannot be read"),
                                         HasSubstr("orphan.json"))));
  Write("list.json", "[]");
  const std::string heir = Write("heir.json", R"({"base": "list.json"})");
  EXPECT_THAT([&] { ReadJsonFile(heir); },
              ThrowsMessage<Error>(HasSubstr("list.json: must hold an object")));
  for (const char* text : {R"({"base": 3})", R"({"base": ["a", 3]})", R"({"base": null})"}) {
    const std::string path = Write("bad.json", text);
    EXPECT_THAT([&] { ReadJsonFile(path); },
                ThrowsMessage<Error>(HasSubstr("bad.json: \"base\" must be a path")));
  }
}

TEST(ParseJson, KeysAreCounted) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) text += StrCat(i > 0 ? "," : "", "\"k", i, "\": 1");
  EXPECT_EQ(Parse(text + "}").size(), 10'000u);
  EXPECT_THAT([&] { Parse(text + ", \"more\": 1}"); },
              ThrowsMessage<Error>(HasSubstr("more than 10000 keys")));
}

TEST(ApplySetting, StepsAreCounted) {
  std::string path = "a";
  for (int i = 0; i < 30'000; ++i) path += ".a";
  Json root = Json::object();
  EXPECT_THAT([&] { ApplySetting(root, path + "=1"); },
              ThrowsMessage<Error>(HasSubstr("more than 100 steps")));
  EXPECT_TRUE(root.empty());
}

TEST(JsonReader, ReadsEveryType) {
  const Json json = Parse(
      R"({"b": true, "i": 19.0, "l": -9223372036854775808, "u": 18446744073709551615, "d": 3,
          "s": "text", "j": [1, {}], "v": [1, 2], "w": ["a"], "o": {"x": 1}})");
  JsonReader reader(json, "");
  EXPECT_EQ(reader.Require<bool>("b"), true);
  EXPECT_EQ(reader.Require<int>("i"), 19);
  EXPECT_EQ(reader.Require<int64_t>("l"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.Require<uint64_t>("u"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(reader.Require<double>("d"), 3.0);
  EXPECT_EQ(reader.Require<std::string>("s"), "text");
  EXPECT_EQ(reader.Require<Json>("j"), json["j"]);
  EXPECT_THAT(reader.Require<std::vector<int>>("v"), ElementsAre(1, 2));
  EXPECT_THAT(reader.Require<std::vector<std::string>>("w"), ElementsAre("a"));
  std::optional<JsonReader> child = reader.Child("o");
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(child->Require<int>("x"), 1);
  EXPECT_EQ(child->path(), "o");
  child->Finish();
  reader.Finish();
}

TEST(JsonReader, LeavesDefaultsWhenAKeyIsAbsent) {
  const Json json = Json::object();
  JsonReader reader(json, "train");
  double lr = 0.5;
  EXPECT_FALSE(reader.Get("lr", lr, 0, 1));
  EXPECT_EQ(lr, 0.5);
  std::string policy = "poly";
  EXPECT_FALSE(reader.GetChoice("policy", policy, {"step"}));
  EXPECT_EQ(policy, "poly");
  EXPECT_FALSE(reader.Has("lr"));
  EXPECT_FALSE(reader.Child("crf").has_value());
  EXPECT_THAT([&] { reader.Require<int>("epochs"); },
              ThrowsMessage<Error>("train.epochs: is missing; give it a value"));
}

template <typename T>
std::string ReadError(const char* value) {
  const Json json = Json::object({{"key", Parse(value)}});
  JsonReader reader(json, "runs[2]");
  try {
    reader.Require<T>("key");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(JsonReader, RefusesOtherTypes) {
  EXPECT_EQ(ReadError<int>("19.5"), "runs[2].key: must be an integer, found 19.5");
  EXPECT_EQ(ReadError<int>("\"3\""), "runs[2].key: must be an integer, found the string \"3\"");
  EXPECT_EQ(ReadError<int>("true"), "runs[2].key: must be an integer, found true");
  EXPECT_EQ(ReadError<bool>("1"), "runs[2].key: must be true or false, found 1");
  EXPECT_EQ(ReadError<double>("null"), "runs[2].key: must be a number, found null");
  EXPECT_EQ(ReadError<double>("\"1e-3\""),
            "runs[2].key: must be a number, found the string \"1e-3\"");
  EXPECT_EQ(ReadError<std::string>("3"), "runs[2].key: must be a string, found 3");
  EXPECT_EQ(ReadError<std::vector<int>>("3"), "runs[2].key: must be a list [...], found 3");
  EXPECT_EQ(ReadError<std::vector<int>>("[1, {}]"),
            "runs[2].key[1]: must be an integer, found the object {}");
  const std::string found = ReadError<int>(Json(std::string(500, 'x')).dump().c_str());
  EXPECT_THAT(found, EndsWith("xxx..."));
  EXPECT_LT(found.size(), 150u);
}

TEST(JsonReader, ChecksTheRangeOfTheType) {
  EXPECT_THAT(ReadError<int>("2147483648"),
              HasSubstr("must lie between -2147483648 and 2147483647, found 2147483648"));
  EXPECT_THAT(ReadError<int>("-2147483649"), HasSubstr("found -2147483649"));
  EXPECT_THAT(ReadError<int>("1e10"), HasSubstr("must lie between"));
  EXPECT_THAT(ReadError<int64_t>("9223372036854775808"), HasSubstr("must lie between"));
  EXPECT_THAT(ReadError<int64_t>("9223372036854775808.0"), HasSubstr("must lie between"));
  EXPECT_THAT(ReadError<uint64_t>("-1"), HasSubstr("must lie between 0 and"));
  EXPECT_THAT(ReadError<uint64_t>("18446744073709551616"), HasSubstr("must lie between 0 and"));
  EXPECT_EQ(ReadError<int>("2147483647"), "no error");
  EXPECT_EQ(ReadError<int>("-2147483648"), "no error");
  EXPECT_EQ(ReadError<int64_t>("-9223372036854775808.0"), "no error");
}

TEST(JsonReader, ChecksTheRangeAskedFor) {
  const Json json = Parse(R"({"lr": -0.1, "epochs": 0, "crop": 321})");
  JsonReader reader(json, "train");
  double lr = 0;
  int epochs = 0;
  EXPECT_THAT([&] { reader.Get("lr", lr, 0.0, 1.5); },
              ThrowsMessage<Error>("train.lr: must be between 0.0 and 1.5, found -0.1"));
  EXPECT_THAT([&] { reader.Get("epochs", epochs, 1, std::numeric_limits<int>::max()); },
              ThrowsMessage<Error>("train.epochs: must be at least 1, found 0"));
  EXPECT_THAT([&] { reader.Get("lr", lr, 0, std::numeric_limits<double>::infinity()); },
              ThrowsMessage<Error>("train.lr: must be at least 0.0, found -0.1"));
  EXPECT_THAT([&] { reader.Get("crop", epochs, std::numeric_limits<int>::min(), 320); },
              ThrowsMessage<Error>("train.crop: must be at most 320, found 321"));
  EXPECT_TRUE(reader.Get("crop", epochs, 321, 321));
}

TEST(JsonReader, SuggestsTheNearestChoice) {
  const Json json = Parse(R"({"policy": "polly"})");
  JsonReader reader(json, "train");
  std::string policy;
  EXPECT_THAT(
      [&] {
        reader.GetChoice("policy", policy, {"fixed", "poly", "step"});
      },
      ThrowsMessage<Error>("train.policy: unknown value \"polly\"; did you mean \"poly\"? Known: "
                           "fixed, poly, step"));
  EXPECT_TRUE(reader.GetChoice("policy", policy, {"polly"}));
  EXPECT_EQ(policy, "polly");
}

TEST(JsonReader, FinishRefusesKeysThatNobodyAskedFor) {
  const Json json = Parse(R"({"lr": 1, "momentun": 0.9})");
  JsonReader reader(json, "train");
  reader.Has("momentum");
  reader.Require<double>("lr");
  EXPECT_THAT([&] { reader.Finish(); },
              ThrowsMessage<Error>("train.momentun: unknown key \"momentun\"; did you mean "
                                   "\"momentum\"? Known: lr, momentum"));
}

TEST(JsonReader, AKeyThatIsWrittenWronglyIsNamedBeforeTheOneThatIsMissing) {
  const Json json = Parse(R"({"nmae": "fcn8s", "width": 2})");
  JsonReader reader(json, "model");
  EXPECT_THAT([&] { reader.Require<std::string>("name"); },
              ThrowsMessage<Error>("model.nmae: unknown key \"nmae\"; did you mean \"name\"?"));
  EXPECT_THAT([&] { reader.Require<int>("depth"); },
              ThrowsMessage<Error>("model.depth: is missing; give it a value"));
}

TEST(JsonDefaults, CompletesWhatWasRead) {
  const Json json = Parse(R"({"lr": 0.1, "model": {"backbone": "vgg.16", "v.2": {}}, "groups": [{}],
                               "proposals": "fast"})");
  JsonDefaults defaults("A.b");
  double lr = 1, width = 0.5, decay = 2;
  int64_t batch = 8;
  std::string policy = "poly", none;
  std::vector<int> list;
  {
    JsonReader train(json, "A.b");
    train.Get("lr", lr);
    train.Get("batch", batch, 1, 100);
    train.Get("none", none);
    train.Get("list", list);
    train.GetChoice("policy", policy, {"poly"});
    const Json trunk = Json::object(), groups = json["groups"];
    JsonReader(trunk, "A.b.model.backbone").Get("width", width);
    JsonReader(trunk, "A.b.model.v.2").Get("width", width);
    JsonReader(groups[0], "A.b.groups[0]").Get("decay", decay);
    JsonReader(groups[0], "A.b.groups[7]").Get("decay", decay);
    JsonReader(trunk, "A.bc").Get("width", width);
    JsonReader(trunk, "A.b.proposals").Get("width", width);
    JsonReader(trunk, "A.b.data").Get("width", width);
    Json part = "left of another key";
    train.Get("fit", part);
    const JsonDefaults inner("A.b");
    JsonReader(trunk, "A.b").Get("inner", width);
  }
  Json whole = json;
  defaults.Complete(whole, {"backbone"}, {"data"});
  EXPECT_EQ(whole, Parse(R"({"lr": 0.1, "model": {"backbone": {"name": "vgg.16", "width": 0.5},
                             "v.2": {"width": 0.5}}, "groups": [{"decay": 2.0}], "proposals": "fast", "batch": 8,
                             "policy": "poly"})"));
}

TEST(JsonReader, NeedsAnObject) {
  const Json list = Json::array();
  EXPECT_THAT([&] { JsonReader(list, ""); },
              ThrowsMessage<Error>("the top level: must be an object {...}, found the list []"));
  const Json json = Parse(R"({"model": "fcn32s"})");
  JsonReader reader(json, "runs[0]");
  EXPECT_THAT(
      [&] { reader.Child("model"); },
      ThrowsMessage<Error>("runs[0].model: must be an object {...}, found the string \"fcn32s\""));
}

}  // namespace
}  // namespace seglab
