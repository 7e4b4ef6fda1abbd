#include "experiment/plan.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "experiment/identity.h"
#include "tensor/tensor_file.h"
#include "train/checkpoint.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A run of which nothing but its seed is known.
struct OneRun {
  RunSpec spec;
  RunIdentity identity;

  explicit OneRun(int seed) {
    spec.name = spec.group = "A";
    spec.config["seed"] = seed;
    identity.determinants = Determinants(spec, "", "data");
    identity.hash = HashHex(CanonicalJson(identity.determinants));
    identity.evaluations = {{"", "e"}};
  }
  PlannedRun In(const std::string& folder) const { return PlanRun(spec, identity, folder); }
};

void WriteClaim(const std::string& folder, const OneRun& run) {
  MakeFolders(folder);
  WriteFileAtomically(JoinPath(folder, "hash.txt"), std::string_view(run.identity.hash + "\n"));
  WriteFileAtomically(JoinPath(folder, "determinants.json"), JsonText(run.identity.determinants));
}

void WriteState(const std::string& folder, const OneRun& run, int64_t iteration) {
  TrainState state;
  state.run_hash = run.identity.hash;
  state.iteration = iteration;
  WriteSafetensors(JoinPath(folder, "last.safetensors"), {}, {{"state", state.ToJson().dump()}});
}

void WriteResult(const std::string& folder, const OneRun& run, const std::string& evaluation) {
  const Json result = {{"hash", run.identity.hash}, {"name", "A"}, {"identity", evaluation}};
  WriteFileAtomically(JoinPath(folder, "result.json"), std::string_view(result.dump()));
}

TEST(PlanRun, KnowsWhereARunStands) {
  const TestFolder folder;
  const OneRun a(1);
  const std::string place = folder.File("A");
  EXPECT_EQ(a.In(place).status, RunStatus::kNew);
  EXPECT_EQ(a.In(place).folder, place);
  EXPECT_FALSE(FolderExists(place));

  WriteClaim(place, a);
  EXPECT_EQ(a.In(place).status, RunStatus::kNew);
  WriteState(place, a, 17);
  EXPECT_EQ(a.In(place).status, RunStatus::kStarted);
  EXPECT_EQ(a.In(place).iteration, 17);
  EXPECT_THAT(a.In(place).missing, ElementsAre(""));

  WriteResult(place, a, "other options");
  EXPECT_EQ(a.In(place).status, RunStatus::kTrained);
  EXPECT_THAT(PlanText({a.In(place)}), HasSubstr("A: trained, to be evaluated, "));
  WriteResult(place, a, "e");
  EXPECT_EQ(a.In(place).status, RunStatus::kFinished);
  EXPECT_EQ(a.In(place).folder, place);
}

TEST(PlanRun, LeavesTheFolderOfAnotherRunAloneAndSaysWhy) {
  const TestFolder folder;
  const std::string place = folder.File("A");
  const OneRun old(1), changed(2);
  WriteClaim(place, old);
  WriteState(place, old, 17);
  WriteResult(place, old, "e");
  const PlannedRun run = changed.In(place);
  const std::string own = place + "@" + changed.identity.hash.substr(0, 8);
  EXPECT_EQ(run.status, RunStatus::kNew);
  EXPECT_EQ(run.folder, own);
  EXPECT_EQ(run.others, "seed is 1 there, 2 here");
  WriteClaim(own, changed);
  WriteState(own, changed, 3);
  EXPECT_EQ(changed.In(place).status, RunStatus::kStarted);
  EXPECT_EQ(changed.In(place).iteration, 3);
  EXPECT_EQ(old.In(place).status, RunStatus::kFinished);
}

TEST(PlanRun, AnEmptyHashFileIsNone) {
  const TestFolder folder;
  MakeFolders(folder.File("A"));
  WriteFileAtomically(folder.File("A/hash.txt"), std::string_view(""));
  EXPECT_EQ(OneRun(1).In(folder.File("A")).folder, folder.File("A"));
  EXPECT_EQ(OneRun(1).In(folder.File("A")).status, RunStatus::kNew);
}

/// A run on a folder of images.
RunSpec OnFolder(const std::string& root) {
  RunSpec spec;
  spec.name = spec.group = "A";
  spec.config = {{"model", {{"name", "fcn32s"}}}, {"data", {{"name", "folder"}, {"root", root}}}};
  return spec;
}

TEST(IdentityOf, IsOneForAllWaysToTypeTheDataFolder) {
  const TestFolder folder;
  const std::string root = folder.File("set");
  MakeFolders(root + "/images");
  MakeFolders(root + "/masks");
  WriteImage(root + "/images/a.png", cv::Mat(4, 5, CV_8UC3, cv::Scalar(9, 8, 7)));
  WriteMask(root + "/masks/a.png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(1)), NumberedLabels(2));
  WriteFileAtomically(root + "/classes.json", std::string_view(R"({"names": ["x", "y"]})"));
  std::filesystem::create_directory_symlink(root, folder.File("link"));
  ContentHashes hashes;
  const std::string usual = IdentityOf(OnFolder(root), "", hashes).hash;
  for (const std::string& typed :
       {root + "/", folder.File("link"), std::filesystem::relative(root).string()}) {
    EXPECT_EQ(IdentityOf(OnFolder(typed), "", hashes).hash, usual) << typed;
  }
  WriteMask(root + "/masks/a.png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(0)), NumberedLabels(2));
  EXPECT_NE(IdentityOf(OnFolder(root), "", hashes).hash, usual);
}

TEST(IdentityOf, TheFileThatStartsARunIsPartOfItWhereverItLies) {
  const TestFolder folder;
  RunSpec spec;
  spec.name = spec.group = "A";
  spec.config = {{"model", {{"name", "fcn32s"}}}, {"data", {{"name", "shapes"}, {"size", 3}}}};
  const auto hash_from = [&](const std::string& file) {
    ContentHashes hashes;
    spec.config["init"] = file;
    return IdentityOf(spec, "", hashes).hash;
  };
  WriteSafetensors(folder.File("a.safetensors"), {{"w", torch::zeros({2})}});
  const std::string zeros = hash_from(folder.File("a.safetensors"));
  std::filesystem::copy_file(folder.File("a.safetensors"), folder.File("b.safetensors"));
  EXPECT_EQ(hash_from(folder.File("b.safetensors")), zeros);
  WriteSafetensors(folder.File("a.safetensors"), {{"w", torch::ones({2})}});
  EXPECT_NE(hash_from(folder.File("a.safetensors")), zeros);
}

}  // namespace
}  // namespace seglab
