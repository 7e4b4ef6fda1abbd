#include "data/exif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/folder.h"
#include "data/image_file.h"
#include "data/jpeg_codec.h"
#include "data/masks.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A TIFF header whose only entry is the orientation.
std::string Tiff(int orientation, bool big) {
  std::string tiff =
      big ? std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0", 26)
          : std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0", 26);
  tiff[big ? 19 : 18] = static_cast<char>(orientation);
  return tiff;
}

std::string WithExif(const std::string& jpeg, int orientation, bool big = true) {
  const std::string body = std::string("Exif\0\0", 6) + Tiff(orientation, big);
  std::string segment("\xff\xe1", 2);
  segment += static_cast<char>((body.size() + 2) >> 8);
  segment += static_cast<char>(body.size() + 2);
  return jpeg.substr(0, 2) + segment + body + jpeg.substr(2);
}

TEST(Exif, IsAppliedAsOpenCvDoes) {
  TestFolder folder;
  WriteImage(folder.File("plain.jpg"), PatternImage(16, 32));
  const std::string plain = ReadFile(folder.File("plain.jpg"));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (bool big : {false, true}) {
      const std::string path = folder.File("turned.jpg");
      WriteBytes(path, WithExif(plain, orientation, big));
      cv::Mat expected = cv::imread(path, cv::IMREAD_COLOR);
      cv::cvtColor(expected, expected, cv::COLOR_BGR2RGB);
      int found = 0;
      EXPECT_TRUE(SamePixels(ReadImage(path, ImageView::kAsSeen, &found), expected))
          << orientation << (big ? " big" : " little");
      EXPECT_EQ(found, orientation);
      EXPECT_TRUE(
          SamePixels(ReadImage(path, ImageView::kAsStored), ReadImage(folder.File("plain.jpg"))));
    }
  }
}

TEST(Exif, OfPngAndWebp) {
  TestFolder folder;
  WriteImage(folder.File("a.png"), PatternImage(8, 12));
  std::string png = ReadFile(folder.File("a.png"));
  const std::string tiff = Tiff(6, true);
  std::string chunk("\0\0\0", 3);
  chunk += static_cast<char>(tiff.size());
  png.insert(33, chunk + "eXIf" + tiff + std::string(4, '\0'));  // behind IHDR
  EXPECT_EQ(ExifOrientation(png), 6);
  std::string webp = "RIFF....WEBPVP8X";
  webp += std::string("\x0a\0\0\0", 4) + std::string(10, '\0') + "EXIF";
  webp += static_cast<char>(tiff.size());
  webp += std::string(3, '\0') + Tiff(8, false);
  EXPECT_EQ(ExifOrientation(webp), 8);
}

TEST(Exif, OfACutFileIsNone) {
  for (const std::string& whole : {std::string("RIFF....WEBPVP8X"),
                                   std::string("\xff\xd8\xff\xe1\0\x10"
                                               "Exif",
                                               10),
                                   std::string("\x89PNG\r\n\x1a\n\0\0\0\xd"
                                               "IHDR",
                                               16)}) {
    for (size_t length = 0; length <= whole.size(); ++length)
      EXPECT_EQ(ExifOrientation(whole.substr(0, length)), 1) << length;
  }
}

TEST(Exif, BrokenOnesAreNone) {
  TestFolder folder;
  WriteImage(folder.File("a.jpg"), PatternImage(8, 12));
  const std::string whole = WithExif(ReadFile(folder.File("a.jpg")), 6);
  EXPECT_EQ(ExifOrientation(WithExif(whole, 9)), 1);
  EXPECT_EQ(ExifOrientation(WithExif(whole, 0)), 1);
  for (size_t size = 0; size < 60; ++size) ExifOrientation(whole.substr(0, size));
}

TEST(Exif, SizesThatDifferAreExplained) {
  TestFolder folder;
  MakeFolders(folder.File("images"));
  MakeFolders(folder.File("masks"));
  WriteBytes(folder.File("classes.json"), R"({"names": ["a", "b"]})");
  WriteImage(folder.File("images/x.jpg"), PatternImage(16, 32));
  WriteBytes(folder.File("images/x.jpg"), WithExif(ReadFile(folder.File("images/x.jpg")), 6));
  const LabelSet two = {{"a", "b"}, {}};
  FolderOptions options;
  options.root = folder.path();
  WriteMask(folder.File("masks/x.png"), PatternMask(32, 16, 2), two);  // drawn upright
  EXPECT_EQ(MakeFolder(options)->Get(0).image.rows, 32);
  WriteMask(folder.File("masks/x.png"), PatternMask(16, 32, 2), two);
  EXPECT_THAT(ErrorOf([&] { MakeFolder(options)->Get(0); }),
              AllOf(HasSubstr("EXIF orientation, 6"), HasSubstr("\"orientation\": \"stored\"")));
  options.view = ImageView::kAsStored;
  EXPECT_EQ(MakeFolder(options)->Get(0).image.rows, 16);
  EXPECT_EQ(MakeFolder(options)->Settings()["orientation"], "stored");
}

TEST(DecodeJpegRgb, HasOpenCvsBits) {
  TestFolder folder;
  const cv::Mat image = PatternImage(37, 51);
  cv::Mat grey;
  cv::cvtColor(image, grey, cv::COLOR_RGB2GRAY);
  for (const std::vector<int>& options :
       {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}, {cv::IMWRITE_JPEG_QUALITY, 40}}) {
    for (const cv::Mat& picture : {image, grey}) {
      cv::imwrite(folder.File("i.jpg"), picture, options);
      cv::Mat expected = cv::imread(folder.File("i.jpg"), cv::IMREAD_COLOR);
      cv::cvtColor(expected, expected, cv::COLOR_BGR2RGB);
      EXPECT_TRUE(SamePixels(DecodeJpegRgb(ReadFile(folder.File("i.jpg")), "i.jpg"), expected));
    }
  }
}

TEST(DecodeJpegRgb, HalfAFileWithAnEndMarkerIsAnError) {
  TestFolder folder;
  cv::Mat image(64, 64, CV_8UC3);
  cv::randu(image, 0, 255);
  for (const std::vector<int>& options : {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}}) {
    cv::imwrite(folder.File("i.jpg"), image, options);
    const std::string bytes = ReadFile(folder.File("i.jpg"));
    EXPECT_THAT(
        ErrorOf([&] { DecodeJpegRgb(bytes.substr(0, bytes.size() / 2) + "\xff\xd9", "half.jpg"); }),
        AllOf(HasSubstr("half.jpg"), HasSubstr("broken or truncated JPEG")));
    // Bytes too many in front of the end leave the picture whole.
    std::string more = bytes;
    more.insert(more.size() - 2, std::string("\0\0\0", 3));
    EXPECT_EQ(DecodeJpegRgb(more, "more.jpg").rows, 64);
  }
}

}  // namespace
}  // namespace seglab
