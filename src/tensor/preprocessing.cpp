#include "tensor/preprocessing.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/error.h"
#include "base/names.h"
#include "tensor/state.h"

namespace seglab {
namespace {

constexpr const char* kNames[] = {"imagenet", "caffe", "unit"};

/// Mean color of the ILSVRC networks of Caffe's model zoo, B G R (reference code of FCN).
constexpr std::array<double, 3> kCaffeMean = {104.00698793, 116.66876762, 122.67891434};

void Check(const Preprocessing& p, const std::string& path) {
  if (p.channel_order != "RGB" && p.channel_order != "BGR") {
    throw Error(path, ".channel_order: \"", p.channel_order, "\" is neither RGB nor BGR");
  }
  for (double s : p.std) {
    if (!(s > 0)) throw Error(path, ".std: every value must be above 0, found ", s);
  }
  if (!(p.scale > 0)) throw Error(path, ".scale: must be above 0, found ", p.scale);
}

std::array<double, 3> Triple(const std::vector<double>& values, const std::string& path) {
  if (values.size() != 3) throw Error(path, ": expected 3 numbers, found ", values.size());
  return {values[0], values[1], values[2]};
}

std::string ExactText(double value) { return Json(value).dump(); }

}  // namespace

Preprocessing Preprocessing::FromJson(const Json& json, const std::string& path) {
  Preprocessing p;
  if (json.is_string()) {
    const std::string name = json.get<std::string>();
    if (name == "imagenet") return p;
    if (name == "caffe") return {"BGR", 1.0, kCaffeMean, {1, 1, 1}};
    if (name == "unit") return {"RGB", 1.0 / 255, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    throw Error(path, ": ",
                UnknownName("preprocessing", name, {std::begin(kNames), std::end(kNames)}));
  }
  JsonReader reader(json, path);
  p.channel_order = reader.Require<std::string>("channel_order");
  p.scale = reader.Require<double>("scale");
  p.mean = Triple(reader.Require<std::vector<double>>("mean"), reader.Path("mean"));
  p.std = Triple(reader.Require<std::vector<double>>("std"), reader.Path("std"));
  reader.Finish();
  Check(p, path);
  return p;
}

Json Preprocessing::ToJson() const {
  return {{"channel_order", channel_order}, {"scale", scale}, {"mean", mean}, {"std", std}};
}

bool Preprocessing::FromMetadata(const std::map<std::string, std::string>& metadata,
                                 const std::string& where) {
  const char* keys[] = {"channel_order", "scale", "mean", "std"};
  const auto present = std::count_if(std::begin(keys), std::end(keys),
                                     [&](const char* key) { return metadata.count(key) != 0; });
  // Another program's "scale" or "mean" alone are its own words.
  if (present == 0 || (present < 3 && metadata.count("channel_order") == 0)) return false;
  if (present != 4) {
    throw Error(where,
                ": its metadata names its preprocessing only in part; it needs all of "
                "channel_order, scale, mean, std");
  }
  Json json = {{"channel_order", metadata.at("channel_order")}};
  json["scale"] = ParseJson(metadata.at("scale"), where + " (metadata scale)");
  json["mean"] = ParseJson("[" + metadata.at("mean") + "]", where + " (metadata mean)");
  json["std"] = ParseJson("[" + metadata.at("std") + "]", where + " (metadata std)");
  *this = FromJson(json, where + " (metadata)");
  return true;
}

void Preprocessing::ToMetadata(std::map<std::string, std::string>& metadata) const {
  auto list = [](const std::array<double, 3>& v) {
    return ExactText(v[0]) + "," + ExactText(v[1]) + "," + ExactText(v[2]);
  };
  metadata["channel_order"] = channel_order;
  metadata["scale"] = ExactText(scale);
  metadata["mean"] = list(mean);
  metadata["std"] = list(std);
}

std::array<uint8_t, 3> Preprocessing::FillColor() const {
  std::array<uint8_t, 3> color;
  for (int c = 0; c < 3; ++c) {
    const int from = channel_order == "RGB" ? c : 2 - c;
    color[c] = static_cast<uint8_t>(std::clamp(std::lround(mean[from] / scale), 0L, 255L));
  }
  return color;
}

std::string PreprocessingText(const Preprocessing& preprocessing) {
  for (const char* name : kNames) {
    if (preprocessing == Preprocessing::FromJson(name, "preprocessing"))
      return StrCat("\"", name, "\"");
  }
  return preprocessing.ToJson().dump();
}

at::Tensor Preprocess(const at::Tensor& image, const Preprocessing& p) {
  CheckShape(image, {-1, -1, -1, 3}, "image");
  if (image.scalar_type() != at::kByte)
    throw Error("image: must be uint8, found ", image.dtype().name());
  std::vector<float> factor(3), shift(3);
  for (int c = 0; c < 3; ++c) {
    factor[c] = static_cast<float>(p.scale / p.std[c]);
    shift[c] = static_cast<float>(-p.mean[c] / p.std[c]);
  }
  at::Tensor x = image.to(at::kFloat);
  if (p.channel_order == "BGR") x = x.flip({3});
  x = x.mul_(torch::tensor(factor, x.options())).add_(torch::tensor(shift, x.options()));
  return x.permute({0, 3, 1, 2});
}

at::Tensor Unpreprocess(const at::Tensor& input, const Preprocessing& p) {
  CheckShape(input, {-1, 3, -1, -1}, "input");
  std::vector<float> factor(3), shift(3);
  for (int c = 0; c < 3; ++c) {
    factor[c] = static_cast<float>(p.std[c] / p.scale);
    shift[c] = static_cast<float>(p.mean[c] / p.scale);
  }
  at::Tensor x = input.to(at::kFloat).permute({0, 2, 3, 1});
  x = x.mul(torch::tensor(factor, x.options())).add_(torch::tensor(shift, x.options()));
  if (p.channel_order == "BGR") x = x.flip({3});
  return x.round_().clamp_(0, 255).to(at::kByte).contiguous();
}

}  // namespace seglab
