#include "data/masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <filesystem>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/overlay.h"
#include "data/sbd.h"
#include "data/test_images.h"
#include "data/voc.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const LabelSet kThree = {{"a", "b", "c"}, {{1, 2, 3}, {40, 50, 60}, {7, 80, 9}}};

std::vector<png_color> SomePalette(int count) {
  std::vector<png_color> palette(count);
  // Colors unlike the indices, and two of them equal: going through colors would lose labels.
  for (int i = 0; i < count; ++i) palette[i] = {static_cast<png_byte>(200 - i / 2), 9, 17};
  return palette;
}

struct LowDepth {
  int depth;
  int color_type;
  bool transparent;
  bool interlaced;
};

class ReadMaskKinds : public testing::TestWithParam<LowDepth> {};

TEST_P(ReadMaskKinds, GivesStoredValues) {
  const LowDepth& kind = GetParam();
  TestFolder folder;
  RawPng png;
  png.width = 13;  // no whole number of bytes at any low depth
  png.height = 9;
  png.depth = kind.depth;
  png.color_type = kind.color_type;
  png.transparent = kind.transparent;
  png.interlaced = kind.interlaced;
  const cv::Mat mask = PatternMask(png.height, png.width, 1 << kind.depth);
  png.packed = Pack(mask, kind.depth);
  if (kind.color_type == PNG_COLOR_TYPE_PALETTE) png.palette = SomePalette(1 << kind.depth);
  WriteBytes(folder.File("m.png"), png.Bytes());
  EXPECT_TRUE(SamePixels(ReadMask(folder.File("m.png")), mask));
}

std::vector<LowDepth> AllLowDepths() {
  std::vector<LowDepth> all;
  for (int depth : {1, 2, 4, 8}) {
    for (int color_type : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE}) {
      for (bool transparent : {false, true}) {
        for (bool interlaced : {false, true}) {
          all.push_back({depth, color_type, transparent, interlaced});
        }
      }
    }
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, ReadMaskKinds, testing::ValuesIn(AllLowDepths()));

TEST(ReadMask, RefusesWhatHoldsNoIndices) {
  TestFolder folder;
  const std::string path = folder.File("m.png");
  struct Case {
    int color_type;
    int depth;
    int bytes_per_pixel;
    const char* found;
  };
  for (const Case& c : std::vector<Case>{
           {PNG_COLOR_TYPE_GRAY, 16, 2, "a 16-bit grey image"},
           {PNG_COLOR_TYPE_RGB, 8, 3, "an RGB image"},
           {PNG_COLOR_TYPE_RGBA, 8, 4, "an RGBA image"},
           {PNG_COLOR_TYPE_RGB, 16, 6, "a 16-bit RGB image"},
           {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2, "an 8-bit grey image with transparency"}}) {
    RawPng png;
    png.width = 4;
    png.height = 3;
    png.depth = c.depth;
    png.color_type = c.color_type;
    png.packed.assign(png.width * png.height * c.bytes_per_pixel, 1);
    WriteBytes(path, png.Bytes());
    EXPECT_THAT(ErrorOf([&] { ReadMask(path); }),
                AllOf(HasSubstr(path), HasSubstr(c.found),
                      HasSubstr("save it as 8-bit grey or palette PNG")));
  }
}

TEST(ReadMask, RefusesJpegEmptyAndMissing) {
  TestFolder folder;
  WriteImage(folder.File("m.jpg"), PatternImage(8, 8));
  EXPECT_THAT(ErrorOf([&] { ReadMask(folder.File("m.jpg")); }), HasSubstr("is no PNG file"));
  WriteBytes(folder.File("empty.png"), "");
  EXPECT_THAT(ErrorOf([&] { ReadMask(folder.File("empty.png")); }), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf([&] { ReadMask(folder.File("none.png")); }), HasSubstr("none.png"));
}

TEST(ReadMask, EveryTruncationIsAnError) {
  TestFolder folder;
  WriteMask(folder.File("whole.png"), PatternMask(40, 30, 3), kThree);
  const std::string bytes = ReadFile(folder.File("whole.png"));
  for (size_t size = 0; size < bytes.size(); size += 7) {
    WriteBytes(folder.File("cut.png"), bytes.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadMask(folder.File("cut.png")); }), HasSubstr("cut.png")) << size;
    EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("cut.png")); }), HasSubstr("cut.png")) << size;
  }
}

TEST(ReadMask, HugeSizeInHeaderIsAnErrorBeforeMemoryIsTaken) {
  TestFolder folder;
  RawPng png;
  png.width = 30000;
  png.height = 30000;
  png.depth = 1;
  png.packed.assign(size_t{30000} * 3750, 0);
  const std::string bytes = png.Bytes();
  WriteBytes(folder.File("m.png"), bytes.substr(0, 1000));
  EXPECT_THAT(ErrorOf([&] { ReadMask(folder.File("m.png")); }), HasSubstr("cannot hold"));
}

TEST(WriteMask, ReadsBackAndCarriesColors) {
  TestFolder folder;
  cv::Mat mask = PatternMask(17, 23, 3);
  mask.at<uint8_t>(0, 0) = kIgnoreLabel;
  mask.at<uint8_t>(1, 1) = 9;  // not in the palette: VOC's color
  const std::string path = folder.File("m.png");
  WriteMask(path, mask, kThree);
  EXPECT_TRUE(SamePixels(ReadMask(path), mask));

  // OpenCV expands the palette: an independent reading of the colors.
  cv::Mat colors = cv::imread(path, cv::IMREAD_COLOR);
  cv::cvtColor(colors, colors, cv::COLOR_BGR2RGB);
  EXPECT_TRUE(SamePixels(colors, ColorizeMask(mask, kThree)));
  EXPECT_EQ(colors.at<cv::Vec3b>(0, 0), cv::Vec3b(224, 224, 192));
  EXPECT_EQ(colors.at<cv::Vec3b>(1, 1), cv::Vec3b(192, 0, 0));
  EXPECT_TRUE(SamePixels(ReadImage(path), colors));
}

TEST(WriteMask, PartOfALargerMatrixIsWrittenRowByRow) {
  TestFolder folder;
  const cv::Mat part = PatternMask(20, 20, 3)(cv::Rect(3, 4, 7, 9));
  WriteMask(folder.File("m.png"), part, kThree);
  EXPECT_TRUE(SamePixels(ReadMask(folder.File("m.png")), part));
}

TEST(WriteMask, MissingFolderIsAnError) {
  TestFolder folder;
  const std::string path = folder.File("none/m.png");
  EXPECT_THAT(ErrorOf([&] { WriteMask(path, PatternMask(2, 2, 2), kThree); }), HasSubstr("none"));
}

TEST(ReadImage, PngAndJpegAreRgb) {
  TestFolder folder;
  const cv::Mat image = PatternImage(32, 48);
  WriteImage(folder.File("i.png"), image);
  EXPECT_TRUE(SamePixels(ReadImage(folder.File("i.png")), image));
  WriteImage(folder.File("i.jpg"), image);
  const cv::Mat jpeg = ReadImage(folder.File("i.jpg"));
  ASSERT_EQ(jpeg.size(), image.size());
  EXPECT_LT(cv::norm(jpeg, image, cv::NORM_L1) / (32 * 48 * 3), 3.0);
}

TEST(ReadImage, EveryKindOfPngBecomesRgbAsOpenCvHasIt) {
  TestFolder folder;
  const std::string path = folder.File("i.png");
  struct Case {
    int color_type;
    int depth;
    int bits_per_pixel;
  };
  for (const Case& c : std::vector<Case>{{PNG_COLOR_TYPE_GRAY, 1, 1},
                                         {PNG_COLOR_TYPE_GRAY, 4, 4},
                                         {PNG_COLOR_TYPE_GRAY, 8, 8},
                                         {PNG_COLOR_TYPE_GRAY, 16, 16},
                                         {PNG_COLOR_TYPE_PALETTE, 2, 2},
                                         {PNG_COLOR_TYPE_PALETTE, 8, 8},
                                         {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 16},
                                         {PNG_COLOR_TYPE_RGB, 8, 24},
                                         {PNG_COLOR_TYPE_RGB, 16, 48},
                                         {PNG_COLOR_TYPE_RGBA, 8, 32},
                                         {PNG_COLOR_TYPE_RGBA, 16, 64}}) {
    for (bool transparent : {false, true}) {
      if (transparent && (c.color_type & PNG_COLOR_MASK_ALPHA) != 0) continue;
      RawPng png;
      png.width = 8;
      png.height = 5;
      png.depth = c.depth;
      png.color_type = c.color_type;
      png.transparent = transparent;
      if (c.color_type == PNG_COLOR_TYPE_PALETTE) png.palette = SomePalette(1 << c.depth);
      for (int i = 0; i < png.height * c.bits_per_pixel; ++i) {
        png.packed.push_back(static_cast<uint8_t>(37 * i));
      }
      WriteBytes(path, png.Bytes());
      cv::Mat expected = cv::imread(path, cv::IMREAD_COLOR);
      cv::cvtColor(expected, expected, cv::COLOR_BGR2RGB);
      EXPECT_TRUE(SamePixels(ReadImage(path), expected))
          << "color type " << c.color_type << ", depth " << c.depth << ", tRNS " << transparent;
    }
  }
}

TEST(ReadImage, TruncatedJpegIsAnErrorAndTrailingBytesAreNot) {
  TestFolder folder;
  WriteImage(folder.File("whole.jpg"), PatternImage(64, 64));
  const std::string bytes = ReadFile(folder.File("whole.jpg"));
  const std::string path = folder.File("i.jpg");
  for (size_t size = 3; size < bytes.size(); size += 11) {
    WriteBytes(path, bytes.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadImage(path); }), AllOf(HasSubstr(path), HasSubstr("truncated")))
        << size;
  }
  WriteBytes(path, bytes.substr(0, bytes.size() - 1));
  EXPECT_THAT(ErrorOf([&] { ReadImage(path); }), HasSubstr("truncated"));
  WriteBytes(path, bytes + "some bytes that a camera left");
  EXPECT_TRUE(SamePixels(ReadImage(path), ReadImage(folder.File("whole.jpg"))));
}

TEST(ReadImage, EndMarkerOfAThumbnailDoesNotCount) {
  TestFolder folder;
  WriteImage(folder.File("whole.jpg"), PatternImage(64, 64));
  const std::string bytes = ReadFile(folder.File("whole.jpg"));
  // An APP1 segment with scan and end markers in it, as an EXIF thumbnail has them.
  const std::string thumbnail("\xff\xe1\x00\x08\xff\xda\xff\xd9\x00\x00", 10);
  const std::string with = bytes.substr(0, 2) + thumbnail + bytes.substr(2);
  WriteBytes(folder.File("i.jpg"), with);
  EXPECT_EQ(ReadImage(folder.File("i.jpg")).rows, 64);
  WriteBytes(folder.File("i.jpg"), with.substr(0, with.size() / 2));
  EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("i.jpg")); }), HasSubstr("truncated"));
}

TEST(ReadImage, ProgressiveJpegIsWhole) {
  TestFolder folder;
  cv::imwrite(folder.File("i.jpg"), PatternImage(64, 64), {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  EXPECT_EQ(ReadImage(folder.File("i.jpg")).rows, 64);
}

TEST(ReadImage, HugeJpegSizeIsAnError) {
  TestFolder folder;
  WriteImage(folder.File("i.jpg"), PatternImage(16, 16));
  std::string bytes = ReadFile(folder.File("i.jpg"));
  const size_t frame = bytes.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // 65500 x 65500
  WriteBytes(folder.File("i.jpg"), bytes);
  EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("i.jpg")); }), HasSubstr("i.jpg"));
}

TEST(ReadImage, NoImageEmptyMissing) {
  TestFolder folder;
  WriteBytes(folder.File("text.jpg"), "not an image");
  EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("text.jpg")); }),
              AllOf(HasSubstr("text.jpg"), HasSubstr("cannot be read as an image")));
  WriteBytes(folder.File("empty.jpg"), "");
  EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("empty.jpg")); }), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf([&] { ReadImage(folder.File("none.jpg")); }), HasSubstr("none.jpg"));
}

TEST(WriteImage, UnknownExtensionIsAnError) {
  EXPECT_THAT(ErrorOf([] { WriteImage("a.b/image", PatternImage(2, 2)); }), HasSubstr(".png"));
  EXPECT_THAT(ErrorOf([] { WriteImage("image.tga", PatternImage(2, 2)); }), HasSubstr(".tga"));
}

TEST(CheckLabels, NamesTheFirstWrongPixel) {
  cv::Mat mask = PatternMask(6, 9, 5);
  mask.at<uint8_t>(0, 0) = kIgnoreLabel;
  CheckLabels(mask, 5, "m.png");
  mask.at<uint8_t>(4, 7) = 5;
  EXPECT_THAT(ErrorOf([&] { CheckLabels(mask, 5, "m.png"); }),
              AllOf(HasSubstr("m.png: label 5 at (7, 4)"), HasSubstr("5 classes (0 to 4)")));
  CheckLabels(mask, 6, "m.png");
  mask.at<uint8_t>(5, 8) = 254;
  CheckLabels(mask, 255, "m.png");
  EXPECT_NE(ErrorOf([&] { CheckLabels(mask, 254, "m.png"); }), "");
}

TEST(VocColor, IsThePublishedMap) {
  // The first entries and the last of the VOC development kit's color map.
  EXPECT_EQ(VocColor(0), (Color{0, 0, 0}));
  EXPECT_EQ(VocColor(1), (Color{128, 0, 0}));
  EXPECT_EQ(VocColor(2), (Color{0, 128, 0}));
  EXPECT_EQ(VocColor(7), (Color{128, 128, 128}));
  EXPECT_EQ(VocColor(8), (Color{64, 0, 0}));
  EXPECT_EQ(VocColor(15), (Color{192, 128, 128}));
  EXPECT_EQ(VocColor(20), (Color{0, 64, 128}));
  EXPECT_EQ(VocColor(255), (Color{224, 224, 224 - 32}));
}

TEST(Overlay, MixesLabelledPixelsOnly) {
  const cv::Mat image(1, 3, CV_8UC3, cv::Scalar(100, 100, 100));
  cv::Mat mask(1, 3, CV_8UC1, cv::Scalar(0));
  mask.at<uint8_t>(0, 1) = 2;
  mask.at<uint8_t>(0, 2) = kIgnoreLabel;
  const cv::Mat half = Overlay(image, mask, kThree, 0.5);
  EXPECT_EQ(half.at<cv::Vec3b>(0, 0), cv::Vec3b(51, 51, 52));
  EXPECT_EQ(half.at<cv::Vec3b>(0, 1), cv::Vec3b(54, 90, 55));
  EXPECT_EQ(half.at<cv::Vec3b>(0, 2), cv::Vec3b(100, 100, 100));
  EXPECT_EQ(Overlay(image, mask, kThree, 0.5, true).at<cv::Vec3b>(0, 0), cv::Vec3b(100, 100, 100));
  EXPECT_TRUE(SamePixels(Overlay(image, mask, kThree, 0.0), image));
  EXPECT_EQ(Overlay(image, mask, kThree, 1.0).at<cv::Vec3b>(0, 1), cv::Vec3b(7, 80, 9));
  EXPECT_THAT(ErrorOf([&] { Overlay(image, mask, kThree, 1.5); }), HasSubstr("1.5"));
}

/// Writes a file as SBD's are: MAT 5, compressed, a structure with the labels in column order.
void WriteSbd(const std::string& path, const cv::Mat& mask, const char* variable = "GTcls",
              const char* field = "Segmentation", matio_classes type = MAT_C_UINT8) {
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  size_t one[2] = {1, 1};
  const char* fields[2] = {"Boundaries", field};
  matvar_t* record = Mat_VarCreateStruct(variable, 2, one, fields, 2);
  double boundary = 1;
  Mat_VarSetStructFieldByName(
      record, "Boundaries", 0,
      Mat_VarCreate("Boundaries", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &boundary, 0));
  cv::Mat columns = mask.t();
  size_t dims[2] = {static_cast<size_t>(mask.rows), static_cast<size_t>(mask.cols)};
  std::vector<double> doubles(columns.begin<uint8_t>(), columns.end<uint8_t>());
  const bool bytes = type == MAT_C_UINT8;
  Mat_VarSetStructFieldByName(
      record, field, 0,
      Mat_VarCreate(field, type, bytes ? MAT_T_UINT8 : MAT_T_DOUBLE, 2, dims,
                    bytes ? static_cast<void*>(columns.data) : doubles.data(), 0));
  EXPECT_EQ(Mat_VarWrite(file, record, MAT_COMPRESSION_ZLIB), 0);
  Mat_VarFree(record);
  Mat_Close(file);
}

/// HDF5, a library of 300,000 lines, is not let at files of strangers.
TEST(ReadSbdMask, Mat73IsToldFromNoMatlabFile) {
  TestFolder folder;
  std::string header = "MATLAB 7.3 MAT-file, Platform: GLNXA64";
  header.resize(124, ' ');
  header += std::string("\0\2IM", 4);
  const std::string path = folder.File("a.mat");
  WriteFileAtomically(path, header + std::string(512, '\0'));
  EXPECT_THAT(ErrorOf([&] { ReadSbdMask(path); }),
              AllOf(HasSubstr("a.mat: is a MATLAB 7.3 file"), HasSubstr("-v7")));
}

TEST(ReadSbdMask, ReadsCompressedMat5) {
  TestFolder folder;
  cv::Mat mask = PatternMask(50, 37, 21);
  mask.at<uint8_t>(3, 5) = 255;
  WriteSbd(folder.File("x.mat"), mask);
  EXPECT_TRUE(SamePixels(ReadSbdMask(folder.File("x.mat")), mask));
}

TEST(ReadSbdMask, Errors) {
  TestFolder folder;
  const std::string path = folder.File("x.mat");
  const auto error = [&] { return ErrorOf([&] { ReadSbdMask(path); }); };
  const cv::Mat mask = PatternMask(50, 37, 21);
  EXPECT_THAT(error(), HasSubstr(path));
  WriteBytes(path, "");
  EXPECT_THAT(error(), HasSubstr("is no MATLAB file"));
  WriteBytes(path, std::string(300, 'x'));
  EXPECT_THAT(error(), HasSubstr("is no MATLAB file"));
  WriteSbd(path, mask, "GTinst");
  EXPECT_THAT(error(), HasSubstr("GTcls"));
  WriteSbd(path, mask, "GTcls", "Other");
  EXPECT_THAT(error(), HasSubstr("Segmentation"));
  WriteSbd(path, mask, "GTcls", "Segmentation", MAT_C_DOUBLE);
  EXPECT_THAT(error(), HasSubstr("uint8"));
  WriteSbd(path, mask);
  const std::string bytes = ReadFile(path);
  for (size_t size = 1; size < bytes.size(); size += 13) {
    WriteBytes(path, bytes.substr(0, size));
    EXPECT_THAT(error(), HasSubstr(path)) << size;
  }
}

TEST(RealMasks, CamvidEqualsOpenCvsReading) {
  const std::string folder = SharedPath("data/camvid/valannot");
  if (!FolderExists(folder)) GTEST_SKIP() << "no " << folder;
  for (const std::string& name : ListFiles(folder, {".png"})) {
    const std::string path = JoinPath(folder, name);
    ASSERT_TRUE(SamePixels(ReadMask(path), cv::imread(path, cv::IMREAD_UNCHANGED))) << name;
  }
}

TEST(RealMasks, VocEqualsColorsMappedBack) {
  const std::string root = SharedPath("data/voc");
  if (!FolderExists(root)) GTEST_SKIP() << "no " << root;
  std::map<Color, uint8_t> index_of;
  for (int i = 0; i < 21; ++i) index_of[VocColor(i)] = static_cast<uint8_t>(i);
  index_of[Color{224, 224, 192}] = 255;
  for (const std::string& id : ReadLines(root + "/ImageSets/Segmentation/val.txt")) {
    const std::string path = root + "/SegmentationClass/" + id + ".png";
    const cv::Mat colors = cv::imread(path, cv::IMREAD_COLOR);
    cv::Mat expected(colors.size(), CV_8UC1);
    for (int y = 0; y < colors.rows; ++y) {
      for (int x = 0; x < colors.cols; ++x) {
        const cv::Vec3b bgr = colors.at<cv::Vec3b>(y, x);
        const auto found = index_of.find(Color{bgr[2], bgr[1], bgr[0]});
        ASSERT_NE(found, index_of.end()) << id;
        expected.at<uint8_t>(y, x) = found->second;
      }
    }
    ASSERT_TRUE(SamePixels(ReadMask(path), expected)) << id;
  }
}

}  // namespace
}  // namespace seglab
