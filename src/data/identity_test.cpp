#include "data/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/registry.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

/// Two images with masks, in a folder data set.
void Write(const std::string& root) {
  MakeFolders(root + "/images");
  MakeFolders(root + "/masks");
  const LabelSet labels = NumberedLabels(3);
  for (const char* name : {"a", "b"}) {
    WriteImage(root + "/images/" + name + ".png", cv::Mat(4, 5, CV_8UC3, cv::Scalar(9, 8, 7)));
    WriteMask(root + "/masks/" + name + ".png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(1)), labels);
  }
  WriteFileAtomically(root + "/classes.json", std::string_view(R"({"names": ["x", "y", "z"]})"));
}

std::string IdentityAt(const std::string& root, Json options = Json::object()) {
  options.update({{"name", "folder"}, {"root", root}});
  ContentHashes hashes;
  return DataIdentity(*MakeDataset(options, "data"), hashes);
}

TEST(DataIdentity, DoesNotDependOnThePlace) {
  const TestFolder folder;
  const std::string root = folder.File("set");
  Write(root);
  const std::string identity = IdentityAt(root);
  EXPECT_EQ(identity.size(), 32U);
  EXPECT_EQ(identity.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(IdentityAt(root + "/"), identity);
  EXPECT_EQ(IdentityAt(fs::relative(root).string()), identity);
  fs::create_directory_symlink(root, folder.File("link"));
  EXPECT_EQ(IdentityAt(folder.File("link")), identity);
  fs::copy(root, folder.File("copy"), fs::copy_options::recursive);
  EXPECT_EQ(IdentityAt(folder.File("copy")), identity);
}

TEST(DataIdentity, DependsOnAllThatIsLearned) {
  const TestFolder folder;
  const std::string root = folder.File("set");
  Write(root);
  const std::string identity = IdentityAt(root);
  EXPECT_NE(IdentityAt(root, {{"limit", 1}}), identity);
  const std::string classes = root + "/classes.json", usual = ReadFile(classes);
  WriteFileAtomically(classes, std::string_view(R"({"names": ["x", "y", "w"]})"));
  EXPECT_NE(IdentityAt(root), identity);
  WriteFileAtomically(classes,
                      std::string_view(R"({"names": ["x", "y", "z"], "values": {"1": 2}})"));
  EXPECT_NE(IdentityAt(root), identity);
  WriteFileAtomically(classes, usual);
  EXPECT_EQ(IdentityAt(root), identity);
  WriteMask(root + "/masks/b.png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(2)), NumberedLabels(3));
  EXPECT_NE(IdentityAt(root), identity);
  fs::rename(root + "/images/b.png", root + "/images/c.png");
  fs::rename(root + "/masks/b.png", root + "/masks/c.png");
  EXPECT_NE(IdentityAt(root), identity);
}

TEST(DataIdentity, DependsOnTheOrder) {
  const TestFolder folder;
  const std::string root = folder.File("set");
  Write(root);
  WriteFileAtomically(root + "/one.txt", std::string_view("a\nb\n"));
  WriteFileAtomically(root + "/same.txt", std::string_view("a\nb\n"));
  WriteFileAtomically(root + "/other.txt", std::string_view("b\na\n"));
  EXPECT_EQ(IdentityAt(root, {{"split", "one"}}), IdentityAt(root, {{"split", "same"}}));
  EXPECT_EQ(IdentityAt(root, {{"split", "one"}}), IdentityAt(root));
  EXPECT_NE(IdentityAt(root, {{"split", "one"}}), IdentityAt(root, {{"split", "other"}}));
}

TEST(DataIdentity, OneByteOfAMaskChangesIt) {
  const TestFolder folder;
  const std::string root = folder.File("set"), mask = root + "/masks/b.png";
  Write(root);
  const std::string identity = IdentityAt(root), usual = ReadFile(mask);
  std::string bytes = usual;
  bytes.back() ^= 1;
  WriteFileAtomically(mask, bytes);
  EXPECT_NE(IdentityAt(root), identity);
  WriteFileAtomically(mask, usual);
  EXPECT_EQ(IdentityAt(root), identity);
}

TEST(DataIdentity, OfMadeSamplesTheOptions) {
  ContentHashes hashes;
  const auto identity = [&](const Json& more) {
    Json options = {{"name", "shapes"}, {"size", 5}};
    options.update(more);
    return DataIdentity(*MakeDataset(options, "data"), hashes);
  };
  const std::string usual = identity(Json::object());
  EXPECT_EQ(identity(Json::object()), usual);
  for (const Json& other : {Json{{"size", 6}}, Json{{"seed", 2}}, Json{{"split", "val"}},
                            Json{{"width", 64}}, Json{{"void_border", false}}}) {
    EXPECT_NE(identity(other), usual) << other;
  }
}

TEST(DataIdentity, AMissingFileIsSaidAsReadingItWould) {
  const TestFolder folder;
  Write(folder.File("set"));
  fs::remove(folder.File("set/masks/b.png"));
  EXPECT_THAT(ErrorOf([&] { IdentityAt(folder.File("set")); }), HasSubstr("no such mask"));

  // Image and mask are missing: as in reading, the image is named.
  const std::string voc = folder.File("voc");
  for (const char* name : {"/JPEGImages", "/SegmentationClass", "/ImageSets/Segmentation"})
    MakeFolders(voc + name);
  WriteFileAtomically(voc + "/ImageSets/Segmentation/train.txt", std::string_view("x\n"));
  const auto dataset = MakeDataset({{"name", "voc"}, {"root", voc}}, "data");
  const std::string error = ErrorOf([&] { dataset->Get(0); });
  EXPECT_THAT(error, HasSubstr("no such image"));
  ContentHashes hashes;
  EXPECT_EQ(ErrorOf([&] { DataIdentity(*dataset, hashes); }), error);
}

/// Makes all files below a folder as old as data usually are.
void MakeOld(const std::string& root) {
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file())
      fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
}

TEST(ContentHashes, FilesThatHaveNotChangedAreNotReadAgain) {
  const TestFolder folder;
  Write(folder.File("set"));
  MakeOld(folder.File("set"));
  const std::string cache = folder.File("hashes.txt");
  const auto dataset = MakeDataset({{"name", "folder"}, {"root", folder.File("set")}}, "data");
  std::string identity;
  {
    ContentHashes hashes(cache);
    identity = DataIdentity(*dataset, hashes);
    EXPECT_EQ(hashes.files_read(), 4);
    hashes.Save();
  }
  ContentHashes hashes(cache);
  EXPECT_EQ(DataIdentity(*dataset, hashes), identity);
  EXPECT_EQ(hashes.files_read(), 0);
  WriteMask(folder.File("set/masks/b.png"), cv::Mat(4, 5, CV_8UC1, cv::Scalar(2)),
            NumberedLabels(3));
  EXPECT_NE(DataIdentity(*dataset, hashes), identity);
  EXPECT_EQ(hashes.files_read(), 1);
  fs::create_directory_symlink(folder.File("set"), folder.File("link"));
  hashes.Of(folder.File("link/masks/a.png"));
  EXPECT_EQ(hashes.files_read(), 1);
}

TEST(ContentHashes, AFreshFileIsReadAgain) {
  const TestFolder folder;
  const std::string file = folder.File("a");
  WriteFileAtomically(file, std::string_view("1"));
  ContentHashes hashes;
  const std::string hash = hashes.Of(file);
  const auto time = fs::last_write_time(file);
  WriteFileAtomically(file, std::string_view("2"));
  fs::last_write_time(file, time);  // as where the clock of a file system has not moved on
  EXPECT_NE(hashes.Of(file), hash);
}

TEST(ContentHashes, ADamagedFileIsAnEmptyOne) {
  const TestFolder folder;
  Write(folder.File("set"));
  MakeOld(folder.File("set"));
  const std::string cache = folder.File("hashes.txt");
  {
    ContentHashes hashes(cache);
    hashes.Of(folder.File("set/masks/a.png"));
    hashes.Save();
  }
  const std::string whole = ReadFile(cache);
  std::string flipped = whole;
  flipped[flipped.find('\n') + 1] ^= 1;  // in the hash of a file
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("seglab content hashes 1 \nx y z\n"),
        whole.substr(0, whole.size() - 1), flipped}) {
    WriteFileAtomically(cache, text);
    ContentHashes hashes(cache);
    hashes.Of(folder.File("set/masks/a.png"));
    EXPECT_EQ(hashes.files_read(), 1) << text;
  }
}

}  // namespace
}  // namespace seglab
