#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/files.h"
#include "tensor/test_pth.h"

// What trainings put into a file beside the weights, and what is none of torch.save's state.
namespace seglab {
namespace {

using namespace std::string_literals;
using namespace test_files;
using testing::Each;
using testing::HasSubstr;

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

TEST_F(PthTest, NothingIsExecuted) {
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

}  // namespace
}  // namespace seglab
