#include "models/rcnn.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "models/test_models.h"

namespace seglab {
namespace {

Json TinyRcnn(const std::string& view = "full+fg", const std::string& layer = "fc6") {
  return {{"name", "rcnn"},
          {"features", view},
          {"layer", layer},
          {"crop", {{"side", 32}, {"context", 4}}},
          {"proposals", {{"ks", {50}}, {"max_regions", 12}}},
          {"backbone", {{"name", "vgg11"}, {"width", 0.0625}, {"fc6_kernel", 3}}}};
}

std::shared_ptr<Rcnn> MakeTiny(const Json& spec = TinyRcnn(), int classes = 4) {
  return std::dynamic_pointer_cast<Rcnn>(SeededModel(spec, classes));
}

/// A bright square on dark ground.
cv::Mat Scene() {
  cv::Mat image(60, 80, CV_8UC3);
  image.setTo(cv::Scalar(40, 50, 60));
  image(cv::Rect(20, 10, 30, 30)).setTo(cv::Scalar(220, 60, 30));
  return image;
}

at::Tensor InputOf(const cv::Mat& rgb, const Preprocessing& preprocessing) {
  const at::Tensor pixels =
      torch::from_blob(rgb.data, {1, rgb.rows, rgb.cols, 3}, at::TensorOptions().dtype(at::kByte));
  return Preprocess(pixels, preprocessing);
}

TEST(Rcnn, AnySizeGivesScoreMaps) {
  const std::shared_ptr<Rcnn> model = MakeTiny();
  for (const auto& [height, width] : {std::pair{1, 1}, std::pair{5, 7}, std::pair{60, 33}}) {
    const at::Tensor logits = model->forward(torch::zeros({2, 3, height, width})).logits;
    EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{2, 4, height, width}));
    EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
  }
}

TEST(Rcnn, BeforeItIsFittedAllIsBackground) {
  const std::shared_ptr<Rcnn> model = MakeTiny();
  model->SetThreshold(0.5);
  const at::Tensor logits = model->forward(InputOf(Scene(), model->preprocessing)).logits;
  EXPECT_EQ(logits.argmax(1).max().item<int64_t>(), 0);
}

/// The classifiers' scores decide which region is pasted as what.
TEST(Rcnn, PastesTheRegionThatItsClassifiersPrefer) {
  const std::shared_ptr<Rcnn> model = MakeTiny();
  const cv::Mat image = Scene();
  const RegionSet set = model->Propose(image);
  const at::Tensor features = model->FeaturesOf(image, ShapesOf(set), "").to(at::kFloat);
  ASSERT_EQ(features.size(1), model->Dimension());
  size_t square = set.regions().size();
  for (size_t i = 0; i < set.regions().size(); ++i) {
    if (set.regions()[i].box == cv::Rect(20, 10, 30, 30)) square = i;
  }
  ASSERT_LT(square, set.regions().size()) << "the square is proposed";
  // A plane through the square's own row, which no other row reaches.
  const at::Tensor own = features[static_cast<int64_t>(square)];
  const at::Tensor direction = own - features.mean(0);
  std::vector<LinearModel> models(3, AbsentModel(model->Dimension()));
  const at::Tensor reached = features.mv(direction);
  at::Tensor others = reached.clone();
  others[static_cast<int64_t>(square)] = -1e30;
  const auto mine = reached[static_cast<int64_t>(square)].item<float>();
  ASSERT_GT(mine, others.max().item<float>()) << "its features differ from the others'";
  models[1].weights.assign(direction.data_ptr<float>(),
                           direction.data_ptr<float>() + direction.numel());
  models[1].bias = -(mine + others.max().item<float>()) / 2;
  model->SetClassifiers(models);
  model->SetThreshold(0);
  const at::Tensor labels =
      model->forward(InputOf(image, model->preprocessing)).logits.Values().argmax(1)[0];
  EXPECT_EQ(labels[25][35].item<int64_t>(), 2);
  EXPECT_EQ(labels[5][5].item<int64_t>(), 0);
  EXPECT_EQ((labels == 2).sum().item<int64_t>(), set.regions()[square].area);
}

TEST(Rcnn, ViewsOfARegion) {
  const cv::Mat image = Scene();
  cv::Mat hole = cv::Mat::ones(30, 30, CV_8UC1);
  hole(cv::Rect(5, 5, 10, 10)).setTo(0);
  const auto features = [&](const std::string& view, const cv::Mat& mask) {
    const RegionShape shape{{20, 10, 30, 30}, mask};
    return MakeTiny(TinyRcnn(view))
        ->FeaturesOf(image, {1, [&shape](int64_t) { return shape; }}, "");
  };
  const at::Tensor both = features("full+fg", hole);
  EXPECT_TRUE(at::equal(both, at::cat({features("full", hole), features("fg", hole)}, 1)));
  EXPECT_TRUE(at::equal(features("full", hole), features("full", cv::Mat())));
  EXPECT_FALSE(at::equal(features("fg", hole), features("fg", cv::Mat())));
}

TEST(Rcnn, TheCacheGivesTheSameBitsAndADamagedFileIsMadeAnew) {
  const TestFolder folder;
  const std::shared_ptr<Rcnn> model = MakeTiny();
  const cv::Mat image = Scene();
  const RegionSet set = model->Propose(image);
  const at::Tensor computed = model->FeaturesOf(image, ShapesOf(set), "");
  model->UseCache(folder.path());
  const auto cached = [&] { return model->FeaturesOf(image, ShapesOf(set), "a").clone(); };
  EXPECT_TRUE(SameBits(cached(), computed));
  EXPECT_TRUE(SameBits(cached(), computed));
  const std::vector<std::string> files = ListFiles(folder.path(), {".safetensors"});
  ASSERT_EQ(files.size(), 2u) << "full and fg";
  for (const std::string& file : files)
    WriteFileAtomically(JoinPath(folder.path(), file), "damaged");
  EXPECT_TRUE(SameBits(cached(), computed));
  EXPECT_TRUE(SameBits(cached(), computed));
  // Other weights are other features.
  {
    const torch::NoGradGuard no_grad;
    model->parameters().back().mul_(2);
    for (at::Tensor& parameter : model->parameters()) parameter.mul_(1.5);
  }
  model->UseCache(folder.path());
  EXPECT_FALSE(SameBits(cached(), computed));
}

TEST(Rcnn, StartsFromAClassifierOfItsBackbone) {
  const Json backbone = TinyRcnn()["backbone"];
  const auto classifier =
      SeededModel({{"name", "classifier"}, {"backbone", backbone}}, 7, /*seed=*/3);
  const std::shared_ptr<Rcnn> model = MakeTiny();
  const SegModel::Start start = model->StartFrom(Snapshot(*classifier));
  LoadState(*model, start.tensors, {"source", start.new_layers, start.dropped_layers});
  const NamedTensors from = Snapshot(*classifier);
  size_t same = 0;
  for (const auto& [name, tensor] : Snapshot(*model)) {
    for (const auto& [source, values] : from) {
      if (name == "backbone." + source && values.sizes() == tensor.sizes()) {
        EXPECT_TRUE(SameBits(tensor, values)) << name;
        ++same;
      }
    }
  }
  EXPECT_EQ(same + 2, from.size()) << "all but the classes' weight and bias";
}

TEST(Rcnn, NamesTheLayersThatItCannotTake) {
  EXPECT_NE(ErrorOf([] {
              MakeModel({{"name", "rcnn"}, {"backbone", "mobilenet_v2"}}, 4);
            }).find("this backbone has no fc6"),
            std::string::npos);
  EXPECT_NE(ErrorOf([] { MakeTiny(TinyRcnn("full", "features.99")); }).find("features.99"),
            std::string::npos);
  EXPECT_NE(ErrorOf([] { MakeTiny(TinyRcnn("ful")); }).find("did you mean"), std::string::npos);
  Json map_layer = TinyRcnn("full", "features.19");
  EXPECT_GT(MakeTiny(map_layer)->Dimension(), 0);
}

}  // namespace
}  // namespace seglab
