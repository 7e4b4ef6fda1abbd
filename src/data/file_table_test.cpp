#include "data/file_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/pair_list.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Empty files below a folder: only names matter here.
class Names : public testing::Test {
 protected:
  void Touch(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      MakeFolders(std::filesystem::path(folder_.File(name)).parent_path().string());
      WriteBytes(folder_.File(name), "");
    }
  }
  std::vector<std::string> Stems(const std::string& below, const std::string& pattern = "{stem}") {
    std::vector<std::string> stems;
    const FileTable table(folder_.File(below), {pattern, "", ""});
    for (const FileTable::Entry& entry : table.entries()) stems.push_back(entry.stem);
    return stems;
  }
  TestFolder folder_;
};

TEST_F(Names, PicturesInAnyCaseAndFolderWithoutWhatSystemsLeave) {
  Touch({"i/b.JPG", "i/a.png", "i/c.TIFF", "i/sub/deep/d.WebP", "i/Straße (2).jpeg", "i/e f.bmp",
         "i/scan.2024.05.01.jpg", "i/._a.png", "i/.DS_Store", "i/Thumbs.db", "i/notes.txt",
         "i/.ipynb_checkpoints/a.png", "i/__MACOSX/x.png", "i/@eaDir/y.jpg", "i/desktop.ini"});
  EXPECT_THAT(Stems("i"),
              ElementsAre("Straße (2)", "a", "b", "c", "e f", "scan.2024.05.01", "sub/deep/d"));
}

TEST_F(Names, PatternsTellStems) {
  Touch({"m/s0_mask.png", "m/a/s1_mask.PNG", "m/s2.png", "m/_mask.png", "m/img_s3_gt.png"});
  EXPECT_THAT(Stems("m", "{stem}_mask"), ElementsAre("a/s1", "s0"));
  EXPECT_THAT(Stems("m", "img_{stem}_gt"), ElementsAre("s3"));
  const FileTable table(folder_.File("m"), {"{stem}_mask", "", ""});
  EXPECT_EQ(table.Path(*table.Find("a/s1")), folder_.File("m/a/s1_mask.PNG"));
  EXPECT_EQ(table.Expected("a/s9"), folder_.File("m/a/s9_mask.png"));
  EXPECT_EQ(table.Find("s2"), nullptr);
  EXPECT_EQ(table.StemOf("a/s1_mask.png"), "a/s1");
}

TEST_F(Names, BadPatternsAreErrors) {
  for (const char* pattern : {"mask", "{stem}{stem}", "a/{stem}", "{stem}.png"}) {
    EXPECT_THAT(ErrorOf([&] { CheckPattern(pattern, "data.mask_pattern"); }),
                AllOf(HasSubstr("data.mask_pattern"), HasSubstr(pattern)));
  }
}

TEST_F(Names, LinksAreFollowedButNotForEver) {
  Touch({"real/a.png", "i/b.png"});
  std::filesystem::create_directory_symlink(folder_.File("real"), folder_.File("i/linked"));
  std::filesystem::create_directory_symlink(folder_.File("i"), folder_.File("i/self"));
  std::filesystem::create_symlink(folder_.File("gone.png"), folder_.File("i/dangling.png"));
  EXPECT_THAT(Stems("i"), ElementsAre("b", "linked/a"));
}

TEST_F(Names, HintsNameTheNearest) {
  Touch({"m/s0_mask.png", "m/other.png", "n/s0.npy"});
  const FileTable table(folder_.File("m"));
  EXPECT_THAT(table.Hint("s0", "mask_pattern"),
              AllOf(HasSubstr("nearest: " + folder_.File("m/s0_mask.png")),
                    HasSubstr("\"mask_pattern\": \"{stem}_mask\"")));
  EXPECT_THAT(table.Hint("othre"), HasSubstr("m/other.png"));
  EXPECT_EQ(table.Hint("entirely-different"), "");
  EXPECT_THAT(FileTable(folder_.File("n")).Hint("s0"), HasSubstr("n/s0.npy"));
}

TEST_F(Names, AFolderInsideMayBeLeftOut) {
  Touch({"d/a.jpg", "d/masks/a.png"});
  const FileTable table(folder_.File("d"), {"{stem}", "", folder_.File("d/masks")});
  ASSERT_EQ(table.entries().size(), 1u);
  EXPECT_EQ(table.entries()[0].file, "a.jpg");
}

/// Lists of the folder's images and masks.
class Lists : public Names {
 protected:
  Lists() {
    Touch({"root/JPEGImages/a.jpg", "root/JPEGImages/b c.jpg", "root/JPEGImages/d.JPEG",
           "root/JPEGImages/sub/e.jpg", "root/Masks/a.png", "root/Masks/b c.png",
           "root/Masks/d.png", "root/Masks/sub/e.png", "root/Aug/a.png", "root/Aug/b c.png"});
    root_ = folder_.File("root");
    images_ = std::make_shared<FileTable>(root_ + "/JPEGImages");
    masks_ = {std::make_shared<FileTable>(root_ + "/Masks")};
  }
  std::vector<PairFiles> Read(const std::string& text) {
    WriteBytes(folder_.File("list.txt"), text);
    return ListedPairs(folder_.File("list.txt"), *images_, masks_, {root_});
  }
  std::string root_;
  std::shared_ptr<const FileTable> images_;
  MaskTables masks_;
};

TEST_F(Lists, StemsWithOrWithoutEndingAndFolder) {
  for (const char* text :
       {"a\nb c\nd\nsub/e\n",
        "\xEF\xBB\xBF"
        "a.jpg\r\nb c.jpg\r\nd.jpeg\r\nsub/e.jpg\r\n\r\n",
        "a.png\nb c.jpg\nd.JPEG\nsub/e",
        "/JPEGImages/a.jpg\nJPEGImages/b c.jpg\n./d\nroot/JPEGImages/sub/e.jpg"}) {
    const std::vector<PairFiles> pairs = Read(text);
    ASSERT_EQ(pairs.size(), 4u) << text;
    EXPECT_EQ(pairs[0].name, "a");
    EXPECT_EQ(pairs[1].name, "b c");
    EXPECT_EQ(pairs[1].image, root_ + "/JPEGImages/b c.jpg");
    EXPECT_EQ(pairs[1].mask, root_ + "/Masks/b c.png");
    EXPECT_EQ(pairs[2].image, root_ + "/JPEGImages/d.JPEG");
    EXPECT_EQ(pairs[3].mask, root_ + "/Masks/sub/e.png");
  }
}

TEST_F(Lists, PairsInEveryForm) {
  for (const char* text :
       {"/JPEGImages/a.jpg /Aug/a.png\n/JPEGImages/b c.jpg /Aug/b c.png",
        "JPEGImages/a.jpg\tAug/a.png\nJPEGImages/b c.jpg\tAug/b c.png",
        "a.jpg,Aug/a.png\nb c.jpg, Aug/b c.png", "a;Aug/a.png\nb c;Aug/b c.png"}) {
    const std::vector<PairFiles> pairs = Read(text);
    ASSERT_EQ(pairs.size(), 2u) << text;
    EXPECT_EQ(pairs[0].name, "a");
    EXPECT_EQ(pairs[0].mask, root_ + "/Aug/a.png") << text;
    EXPECT_EQ(pairs[1].image, root_ + "/JPEGImages/b c.jpg");
    EXPECT_EQ(pairs[1].mask, root_ + "/Aug/b c.png") << text;
  }
  EXPECT_EQ(Read("a /Aug/gone.png")[0].mask, root_ + "/Aug/gone.png");
}

TEST_F(Lists, WhatIsMissedKeepsItsName) {
  const std::vector<PairFiles> pairs = Read("nobody\nnobody else.jpg");
  EXPECT_EQ(pairs[0].name, "nobody");
  EXPECT_EQ(pairs[0].image, "");
  EXPECT_EQ(pairs[1].name, "nobody else");
}

TEST_F(Lists, WrongLinesAreErrors) {
  EXPECT_THAT(ErrorOf([&] { Read(" \n"); }), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf([&] { Read("a\nd\na.jpg"); }),
              HasSubstr("\"a\" is entry 1 and again entry 3"));
  EXPECT_THAT(ErrorOf([&] { Read("d\na -1"); }), AllOf(HasSubstr("entry 2"), HasSubstr("no mask")));
}

TEST_F(Names, ImagesAndMasksInOneFolder) {
  Touch({"d/x.jpg", "d/x_mask.png", "d/y_mask.jpg", "d/y_mask_mask.png"});
  const FileTable images(folder_.File("d"));
  const MaskTables masks = {
      std::make_shared<FileTable>(folder_.File("d"), FileTableOptions{"{stem}_mask", "", ""})};
  const std::vector<PairFiles> pairs = AllPairs(images, masks);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].image, folder_.File("d/x.jpg"));
  EXPECT_EQ(pairs[1].name, "y_mask");
  const MaskTables same = {std::make_shared<FileTable>(folder_.File("d"))};
  EXPECT_THAT(ErrorOf([&] { AllPairs(images, same); }), HasSubstr("mask_pattern"));
}

}  // namespace
}  // namespace seglab
