// The data sets by name, on tiny trees of their real layouts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/classes.h"
#include "data/image_file.h"
#include "data/registry.h"
#include "data/sets/coco_shapes.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kHeight = 6, kWidth = 8;

class SetTrees : public testing::Test {
 protected:
  std::string Place(const std::string& name) {
    const std::string path = folder_.File(name);
    MakeFolders(std::filesystem::path(path).parent_path().string());
    return path;
  }
  void Image(const std::string& name) { WriteImage(Place(name), PatternImage(kHeight, kWidth)); }
  /// A mask whose row y is values[y], the last one further down.
  static cv::Mat Rows(const std::vector<int>& values) {
    cv::Mat mask(kHeight, kWidth, CV_8UC1);
    for (int y = 0; y < kHeight; ++y) mask.row(y) = values[std::min<size_t>(y, values.size() - 1)];
    return mask;
  }
  void Mask(const std::string& name, const std::vector<int>& values) {
    cv::imwrite(Place(name), Rows(values));
  }
  void Mat(const std::string& name, const char* variable, const std::vector<int>& values) {
    cv::Mat columns = Rows(values).t();
    size_t dims[2] = {kHeight, kWidth};
    mat_t* file = Mat_CreateVer(Place(name).c_str(), nullptr, MAT_FT_MAT5);
    matvar_t* matrix = Mat_VarCreate(variable, MAT_C_UINT8, MAT_T_UINT8, 2, dims, columns.data, 0);
    ASSERT_EQ(Mat_VarWrite(file, matrix, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(matrix);
    Mat_Close(file);
  }
  void Text(const std::string& name, const std::string& text) { WriteBytes(Place(name), text); }

  std::shared_ptr<const Dataset> Make(const std::string& name, Json more = Json::object()) {
    more["name"] = name;
    more["root"] = folder_.path();
    return MakeDataset(more);
  }
  static std::vector<int> LabelsOf(const Dataset& data, int64_t index = 0) {
    const cv::Mat map = data.Get(index).truth.LabelMap();
    std::vector<int> rows;
    for (int y = 0; y < map.rows; ++y) rows.push_back(map.at<uint8_t>(y, 0));
    return rows;
  }
  TestFolder folder_;
};

TEST_F(SetTrees, Cityscapes) {
  for (const char* city : {"aachen", "bochum"}) {
    const std::string stem = std::string("train/") + city + "/" + city + "_000000_000019_";
    Image("leftImg8bit/" + stem + "leftImg8bit.png");
    Mask("gtFine/" + stem + "gtFine_labelIds.png", {7, 33, 0, 4, 29, 11});
    Mask("gtFine/" + stem + "gtFine_labelTrainIds.png", {0, 18, 255, 255, 255, 2});
    Mask("gtFine/" + stem + "gtFine_instanceIds.png", {1});
  }
  for (const char* form : {"ids", "train_ids"}) {
    const auto data = Make("cityscapes", {{"labels", form}});
    ASSERT_EQ(data->Size(), 2);
    EXPECT_EQ(data->Name(1), "bochum/bochum_000000_000019");
    EXPECT_EQ(data->Labels().size(), 19);
    EXPECT_THAT(LabelsOf(*data), ElementsAre(0, 18, 255, 255, 255, 2)) << form;
  }
  EXPECT_THAT(ErrorOf([&] { Make("cityscapes", {{"split", "tran"}}); }), HasSubstr("\"train\"?"));
  EXPECT_THAT(ErrorOf([&] {
                Make("cityscapes", {{"split", "val"}});
              }),
              HasSubstr("no folder " + folder_.File("leftImg8bit/val")));
}

TEST_F(SetTrees, Ade20k) {
  Image("images/validation/ADE_val_00000001.jpg");
  Mask("annotations/validation/ADE_val_00000001.png", {0, 1, 150});
  const auto data = Make("ade20k", {{"split", "val"}});
  EXPECT_EQ(data->Labels().size(), 150);
  EXPECT_EQ(data->Labels().palette.back(), (Color{92, 0, 255}));
  EXPECT_THAT(LabelsOf(*data), ElementsAre(255, 0, 149, 149, 149, 149));
  Mask("annotations/validation/ADE_val_00000001.png", {151});
  EXPECT_THAT(ErrorOf([&] { data->Get(0); }), HasSubstr("label 151"));
}

TEST_F(SetTrees, PascalContext) {
  Image("JPEGImages/2008_000002.jpg");
  Mask("SegmentationClassContext/2008_000002.png", {0, 1, 59});
  Text("ImageSets/SegmentationContext/train.txt", "2008_000002\n");
  EXPECT_THAT(LabelsOf(*Make("pascal_context")), ElementsAre(0, 1, 59, 59, 59, 59));
  const auto data = Make("pascal_context", {{"classes", 59}});
  EXPECT_EQ(data->Labels().names.front(), "aeroplane");
  EXPECT_THAT(LabelsOf(*data), ElementsAre(255, 0, 58, 58, 58, 58));
}

TEST_F(SetTrees, Nyudv2) {
  Image("images/img_5001.png");
  Image("images/img_5002.png");
  Mask("labels/img_5001.png", {0, 1, 40});
  Mat("labels/img_5002.mat", "segmentation", {0, 1, 40});
  Text("train.txt", "img_5001\nimg_5002\n");
  const auto data = Make("nyudv2");
  EXPECT_EQ(data->Labels().size(), 40);
  EXPECT_THAT(LabelsOf(*data, 0), ElementsAre(255, 0, 39, 39, 39, 39));
  EXPECT_EQ(LabelsOf(*data, 1), LabelsOf(*data, 0));
}

TEST_F(SetTrees, SiftFlow) {
  const std::string place = "spatial_envelope_256x256_static_8outdoorcategories/coast_arnat59";
  Image("Images/" + place + ".jpg");
  Mat("SemanticLabels/" + place + ".mat", "S", {0, 1, 33});
  Text("train.txt", place + ".jpg\n");
  const auto data = Make("sift_flow");
  EXPECT_EQ(data->Labels().size(), 33);
  EXPECT_THAT(LabelsOf(*data), ElementsAre(255, 0, 32, 32, 32, 32));
}

TEST_F(SetTrees, CocoStuff) {
  Image("images/train2017/000000000009.jpg");
  // Category 12 does not exist, so 13 is class 11; 92, the first stuff, is class 80.
  Mask("annotations/train2017/000000000009.png", {0, 12, 91, 181, 255});
  const auto data = Make("coco_stuff");
  EXPECT_EQ(data->Labels().size(), 171);
  EXPECT_EQ(data->Labels().names.at(80), "banner");
  EXPECT_THAT(LabelsOf(*data), ElementsAre(0, 11, 80, 170, 255, 255));
  Mask("annotations/train2017/000000000009.png", {11});
  EXPECT_NE(ErrorOf([&] { data->Get(0); }), "");
}

TEST_F(SetTrees, OxfordPets) {
  Image("images/Abyssinian_1.jpg");
  Text("images/Abyssinian_1.mat", "");
  Mask("annotations/trimaps/Abyssinian_1.png", {1, 2, 3});
  Mask("annotations/trimaps/._Abyssinian_1.png", {1});
  Text("annotations/trainval.txt", "# id class species breed\nAbyssinian_1 1 1 1\n");
  const auto data = Make("oxford_pets");
  EXPECT_EQ(data->Name(0), "Abyssinian_1");
  EXPECT_THAT(LabelsOf(*data), ElementsAre(1, 0, 255, 255, 255, 255));
}

TEST_F(SetTrees, CocoObjects) {
  Image("train2017/000000000030.jpg");
  Text("annotations/instances_train2017.json", R"({
    "categories": [{"id": 1, "name": "person"}, {"id": 90, "name": "toothbrush"}],
    "images": [{"id": 30, "file_name": "000000000030.jpg", "height": 6, "width": 8}],
    "annotations": [
      {"id": 2, "image_id": 30, "category_id": 90, "iscrowd": 0, "area": 8,
       "segmentation": [[0, 1, 8, 1, 8, 2, 0, 2]]},
      {"id": 1, "image_id": 30, "category_id": 1, "iscrowd": 0, "area": 24,
       "segmentation": [[0, 1, 8, 1, 8, 4, 0, 4]]},
      {"id": 3, "image_id": 30, "category_id": 1, "iscrowd": 1, "area": 6,
       "segmentation": {"size": [6, 8], "counts": [3, 3]}},
      {"id": 4, "image_id": 77, "category_id": 1, "segmentation": []}]})");
  const auto data = Make("coco");
  EXPECT_THAT(data->Labels().names, ElementsAre("background", "person", "toothbrush"));
  EXPECT_THAT(LabelsOf(*data), ElementsAre(0, 2, 1, 1, 255, 255));
  EXPECT_EQ(data->Get(0).truth.LabelMap().at<uint8_t>(4, 1), 0);
  EXPECT_THAT(ErrorOf([&] {
                Make("coco", {{"split", "val"}});
              }),
              AllOf(HasSubstr("instances_val2017.json"), HasSubstr("nearest")));
}

// Annotations may stand before what they refer to; what is of a wrong type has a name.
TEST_F(SetTrees, CocoInAnyOrderAndBroken) {
  Image("train2017/1.jpg");
  const std::string file = "annotations/instances_train2017.json";
  const auto write = [&](const std::string& image_id, const std::string& category) {
    Text(file, R"({"annotations": [{"image_id": )" + image_id + R"(, "category_id": )" + category +
                   R"(, "segmentation": [[0, 0, 8, 0, 8, 6, 0, 6]]}], "info": {"year": 2017},
    "images": [{"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 5, "name": "a"}]})");
  };
  write("1", "5");
  EXPECT_THAT(LabelsOf(*Make("coco")), ElementsAre(1, 1, 1, 1, 1, 1));
  write("1", "6");
  EXPECT_THAT(ErrorOf([&] { Make("coco"); }), HasSubstr("category 6 of image 1 is not in"));
  write("\"one\"", "5");
  EXPECT_THAT(ErrorOf([&] { Make("coco"); }),
              HasSubstr("train2017.json: annotations.image_id: must be an integer, found"));
  Text(file, R"({"images": []})");
  EXPECT_THAT(ErrorOf([&] { Make("coco"); }), HasSubstr("holds no \"annotations\""));
}

TEST_F(SetTrees, CocoPanoptic) {
  Image("val2017/9.jpg");
  cv::Mat ids(kHeight, kWidth, CV_8UC3, cv::Scalar(0, 1, 5));  // B G R: 5 + 256
  ids.row(0) = cv::Scalar(0, 0, 0);
  ids.row(1) = cv::Scalar(2, 0, 7);  // 7 + 2 * 65536
  cv::imwrite(Place("annotations/panoptic_val2017/9.png"), ids);
  Text("annotations/panoptic_val2017.json", R"({
    "categories": [{"id": 1, "name": "person"}, {"id": 200, "name": "rug-merged"}],
    "images": [{"id": 9, "file_name": "9.jpg"}],
    "annotations": [{"image_id": 9, "file_name": "9.png", "segments_info": [
      {"id": 261, "category_id": 200, "iscrowd": 0},
      {"id": 131079, "category_id": 1, "iscrowd": 0}]}]})");
  const auto data =
      Make("coco", {{"split", "val"}, {"annotations", "annotations/panoptic_val2017.json"}});
  EXPECT_THAT(LabelsOf(*data), ElementsAre(255, 0, 1, 1, 1, 1));
  ids.row(5) = cv::Scalar(0, 0, 9);
  cv::imwrite(Place("annotations/panoptic_val2017/9.png"), ids);
  EXPECT_THAT(ErrorOf([&] { data->Get(0); }), HasSubstr("segment 9 at (0, 5)"));
}

TEST(CocoShapes, CompressedRuns) {
  // Made by the published rule by hand: 3, 40, 10, then 45 as 45 - 40 = 5, and 2 as 2 - 10 = -8.
  EXPECT_THAT(CocoRuns("3X1:5H", "x"), ElementsAre(3u, 40u, 10u, 45u, 2u));
  EXPECT_THAT(ErrorOf([] { CocoRuns("3X", "x"); }), HasSubstr("cut off"));
}

TEST(LabelsOfSets, EveryNameHasThem) {
  for (const char* name : {"voc", "camvid", "cityscapes", "ade20k", "pascal_context", "nyudv2",
                           "sift_flow", "coco_stuff", "oxford_pets"}) {
    const LabelSet labels = ParseClasses(name, "--labels").labels;
    EXPECT_EQ(labels.names.size(), labels.palette.size()) << name;
    EXPECT_EQ(std::set<std::string>(labels.names.begin(), labels.names.end()).size(),
              labels.names.size())
        << name;
  }
}

TEST(RealCoco, ObjectsHaveTheirAreas) {
  const std::string root = SharedPath("data/coco_mini");
  if (!FolderExists(root)) GTEST_SKIP() << "no " << root;
  const Json json = ReadJsonFile(root + "/annotations.json");
  double drawn = 0, told = 0;
  for (const Json& row : json["annotations"]) {
    cv::Mat map = cv::Mat::zeros(700, 700, CV_8UC1);
    if (!row["segmentation"].is_array()) continue;
    DrawCocoShape(CocoShapeOf(row["segmentation"], "x"), 1, map);
    drawn += cv::countNonZero(map);
    told += row["area"].get<double>();
  }
  EXPECT_NEAR(drawn / told, 1, 0.005);
  const auto data = MakeDataset({{"name", "coco"}, {"root", root}, {"split", "val"}});
  EXPECT_EQ(data->Size(), 102);
  EXPECT_EQ(data->Labels().size(), 81);
  for (int64_t i = 0; i < data->Size(); i += 10) data->Get(i);
}

}  // namespace
}  // namespace seglab
