#include "models/region_encoder.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "nn/layer_tap.h"
#include "tensor/compat.h"
#include "tensor/device.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

namespace seglab {
namespace {

constexpr float kLargestHalf = 65504;

const std::vector<std::pair<std::string, RegionView>>& ViewRows() {
  static const std::vector<std::pair<std::string, RegionView>> rows = {
      {"full", RegionView::kFull}, {"fg", RegionView::kFg}, {"full+fg", RegionView::kFullFg}};
  return rows;
}

/// "fc6" and "fc7" are the first and second of three fully connected layers, as features what the
/// layer behind them makes of them, their ReLU. Other names stand for themselves.
std::string LayerOf(const SegModel& backbone, const std::string& layer, const std::string& where) {
  if (layer != "fc6" && layer != "fc7") return layer;
  const auto modules = backbone.named_modules("", false);
  std::vector<std::string> fully_connected;
  for (const auto& item : modules) {
    if (item.value()->as<torch::nn::LinearImpl>() != nullptr) fully_connected.push_back(item.key());
  }
  if (fully_connected.size() != 3) {
    throw Error(where, ".layer: this backbone has no ", layer,
                "; take one with three fully connected layers (alexnet, vgg16 ...) or name a layer "
                "of this one, as \"seglab models\" lists them");
  }
  const std::string& name = fully_connected[layer == "fc6" ? 0 : 1];
  const size_t dot = name.rfind('.') + 1;
  return name.substr(0, dot) + std::to_string(std::stoi(name.substr(dot)) + 1);
}

}  // namespace

void RegionEncoderOptions::Read(JsonReader& reader) {
  std::string name;
  if (reader.Get("features", name)) {
    std::vector<std::string> names;
    bool found = false;
    for (const auto& [row, row_view] : ViewRows()) {
      names.push_back(row);
      if (row == name) {
        view = row_view;
        found = true;
      }
    }
    if (!found) throw Error(reader.Path("features"), ": ", UnknownName("view", name, names));
  }
  reader.Get("layer", layer);
  if (Json part; reader.Get("crop", part)) crop = CropOptions::FromJson(part, reader.Path("crop"));
  reader.Get("batch", batch, 1, 4096);
  Check(reader.path());
}

void RegionEncoderOptions::Check(const std::string& where) const {
  if (layer.empty()) throw Error(where, ".layer: must not be empty");
  if (batch < 1 || batch > 4096) throw Error(where, ".batch: must be 1 to 4096, found ", batch);
  crop.Check(where + ".crop");
}

Json RegionEncoderOptions::ToJson() const {
  std::string name;
  for (const auto& [row, row_view] : ViewRows()) {
    if (row_view == view) name = row;
  }
  return {{"features", name}, {"layer", layer}, {"crop", crop.ToJson()}};
}

RegionEncoder::RegionEncoder(std::shared_ptr<SegModel> backbone,
                             const RegionEncoderOptions& options, const std::string& where)
    : backbone_(std::move(backbone)),
      options_(options),
      layer_(LayerOf(*backbone_, options.layer, where)) {
  options_.Check(where);
  const cv::Mat black = cv::Mat::zeros(options_.crop.side, options_.crop.side, CV_8UC3);
  const RegionShape whole{{0, 0, black.cols, black.rows}, {}};
  channels_ =
      Compute(black, {1, [&whole](int64_t) { return whole; }}, Preprocessing(), false).size(1);
  dimension_ = channels_ * (options_.view == RegionView::kFullFg ? 2 : 1);
}

at::Tensor RegionEncoder::Compute(const cv::Mat& rgb, const RegionShapes& shapes,
                                  const Preprocessing& preprocessing, bool foreground) {
  const c10::InferenceMode inference;
  backbone_->eval();
  const c10::Device device = DeviceOf(*backbone_);
  const int64_t side = options_.crop.side, count = shapes.count;
  const std::array<uint8_t, 3> fill = preprocessing.FillColor();
  at::Tensor out = at::empty({count, channels_}, at::kHalf);
  for (int64_t first = 0; first < count; first += options_.batch) {
    const int64_t size = std::min<int64_t>(options_.batch, count - first);
    at::Tensor pixels = at::empty({size, side, side, 3}, at::kByte);
    at::Tensor valid = at::empty({size, 1, side, side}, at::kByte);
    at::parallel_for(0, size, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        CropRegion(rgb, shapes.at(first + i), options_.crop, fill, foreground,
                   pixels.data_ptr<uint8_t>() + i * side * side * 3,
                   valid.data_ptr<uint8_t>() + i * side * side);
      }
    });
    at::Tensor input = Preprocess(pixels.to(device), preprocessing);
    input.mul_(valid.to(device).to(at::kFloat));
    const LayerTap tap(*backbone_, {layer_});
    backbone_->forward(input);
    at::Tensor features = tap.Output(layer_).to(at::kFloat);
    features = features.dim() > 2 ? features.flatten(2).mean(2) : features;
    features = features.clamp(-kLargestHalf, kLargestHalf).to(at::kHalf).cpu();
    if (!out.size(1)) out = at::empty({count, features.size(1)}, at::kHalf);
    out.narrow(0, first, size).copy_(features);
  }
  return out;
}

at::Tensor RegionEncoder::Cached(const cv::Mat& rgb, const RegionShapes& shapes,
                                 const Preprocessing& preprocessing, const std::string& key,
                                 bool foreground) {
  if (cache_.empty() || key.empty()) return Compute(rgb, shapes, preprocessing, foreground);
  Digest digest;
  digest.Add(settings_);
  digest.Add(key);
  const bool half = AutocastEnabled(DeviceOf(*backbone_).type());
  digest.Add(StrCat(foreground ? "fg " : "full ", half ? "half " : "", rgb.rows, " x ", rgb.cols));
  for (int row = 0; row < rgb.rows; ++row)
    digest.Add(rgb.ptr(row), static_cast<size_t>(rgb.cols) * 3);
  const std::string path = JoinPath(cache_, digest.Hex() + ".safetensors");
  if (FileExists(path)) {
    try {
      const TensorFile file = ReadSafetensors(path);
      const at::Tensor* found = file.Find("features");
      if (found != nullptr && found->scalar_type() == at::kHalf &&
          found->sizes() == at::IntArrayRef({shapes.count, channels_})) {
        return *found;
      }
      Log::Warn(path, ": features of another shape; they are computed again");
    } catch (const Error& error) {
      Log::Warn(error.what(), "; the features are computed again");
    }
  }
  const at::Tensor features = Compute(rgb, shapes, preprocessing, foreground);
  WriteSafetensors(path, {{"features", features}});
  return features;
}

at::Tensor RegionEncoder::Of(const cv::Mat& rgb, const RegionShapes& shapes,
                             const Preprocessing& preprocessing, const std::string& key) {
  if (options_.view != RegionView::kFullFg)
    return Cached(rgb, shapes, preprocessing, key, options_.view == RegionView::kFg);
  return at::cat({Cached(rgb, shapes, preprocessing, key, false),
                  Cached(rgb, shapes, preprocessing, key, true)},
                 1);
}

void RegionEncoder::UseCache(const std::string& folder, const Preprocessing& preprocessing) {
  cache_ = folder;
  if (folder.empty()) return;
  MakeFolders(folder);
  Digest digest;
  digest.Add("features 1");
  digest.Add(Json{{"layer", layer_},
                  {"crop", options_.crop.ToJson()},
                  {"preprocessing", preprocessing.ToJson()}}
                 .dump());
  for (const auto& [name, tensor] : ModuleState(*backbone_)) {
    const at::Tensor values = tensor.detach().cpu().contiguous();
    digest.Add(name);
    digest.Add(values.data_ptr(), values.nbytes());
  }
  for (const auto& [name, value] : backbone_->Traits()) digest.Add(name + "=" + value);
  settings_ = digest.Hex();
}

}  // namespace seglab
