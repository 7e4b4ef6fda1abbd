#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tensor/tensor_file.h"
#include "tensor/test_files.h"
#include "weights/caffe_names.h"

// Files of Caffe's networks, as ReadWeights gives them.
namespace seglab {

inline const std::vector<std::string> kWeightAndBias = {"weight", "bias"};

/// A file whose tensors know what they were called: element i is i.
class CaffeFile {
 public:
  CaffeFile() { file_.format = "caffemodel"; }

  CaffeFile& Add(const std::string& layer, const std::vector<std::string>& blobs = kWeightAndBias,
                 const std::vector<int64_t>& shape = {1}) {
    for (const std::string& blob : blobs) {
      caffe_.push_back(layer + "." + blob);
      const auto number = static_cast<double>(caffe_.size());
      file_.tensors.emplace_back(
          caffe_.back(),
          torch::full(blob == "weight" ? shape : std::vector<int64_t>{1}, number, at::kFloat));
    }
    file_.metadata[layer + ".type"] = "Convolution";
    return *this;
  }

  TensorFile& file() { return file_; }

  /// Today's name -> Caffe's.
  std::map<std::string, std::string> Renamed() {
    UseNetworkNames(file_, "net.caffemodel");
    std::map<std::string, std::string> names;
    for (const auto& [name, tensor] : file_.tensors) {
      const auto number = static_cast<size_t>(tensor.flatten()[0].item<float>());
      EXPECT_TRUE(names.emplace(name, caffe_[number - 1]).second) << name << " twice";
    }
    return names;
  }

 private:
  TensorFile file_;
  std::vector<std::string> caffe_;
};

/// The convolutions of a VGG.
/// @param depths  of the stages
inline CaffeFile Vgg(const std::vector<int>& depths) {
  CaffeFile file;
  for (size_t stage = 1; stage <= depths.size(); ++stage) {
    for (int i = 1; i <= depths[stage - 1]; ++i) file.Add(StrCat("conv", stage, "_", i));
  }
  return file;
}

/// @param ids  of the blocks: "2a"
inline CaffeFile ResNet(const std::vector<std::string>& ids) {
  const std::vector<std::string> weight = {"weight"}, statistics = {"running_mean", "running_var"};
  CaffeFile file;
  file.Add("conv1", weight).Add("bn_conv1", statistics).Add("scale_conv1");
  for (const std::string& id : ids) {
    for (const char* branch : {"_branch1", "_branch2a", "_branch2b", "_branch2c"}) {
      if (branch == std::string("_branch1") && id.substr(1) != "a") continue;
      file.Add("res" + id + branch, weight).Add("bn" + id + branch, statistics);
      file.Add("scale" + id + branch);
    }
  }
  return file.Add("fc1000");
}

/// A layer of a file, byte by byte. LayerParameter: name 1, type 2, blobs 7; BlobProto: data 5,
/// shape 7.
inline std::string CaffeLayer(const std::string& name, const std::string& type,
                              const std::vector<at::Tensor>& blobs) {
  std::string layer = test_files::Field(1, name) + test_files::Field(2, type);
  for (const at::Tensor& blob : blobs) {
    const at::Tensor plain = blob.detach().contiguous();
    std::string shape;
    for (int64_t side : plain.sizes())
      shape += test_files::NumberField(1, static_cast<uint64_t>(side));
    const std::string_view data(static_cast<const char*>(plain.data_ptr()),
                                static_cast<size_t>(plain.numel()) * sizeof(float));
    layer += test_files::Field(7, test_files::Field(7, shape) + test_files::Field(5, data));
  }
  return test_files::Field(100, layer);
}

}  // namespace seglab
