#include "weights/known_files.h"

#include <algorithm>
#include <string_view>

namespace seglab {

const std::vector<KnownFile>& KnownFiles() {
  static const std::vector<KnownFile> files = {
      {"alexnet-owt-7be5be79.pth", "7be5be79", "",
       R"({"name": "classifier", "backbone": "alexnet"})", "torchvision, ImageNet"},
      {"vgg11-8a719046.pth", "8a719046", "", R"({"name": "classifier", "backbone": "vgg11"})",
       "torchvision, ImageNet"},
      {"vgg13-19584684.pth", "19584684", "", R"({"name": "classifier", "backbone": "vgg13"})",
       "torchvision, ImageNet"},
      {"vgg16-397923af.pth", "397923af", "", R"({"name": "classifier", "backbone": "vgg16"})",
       "torchvision, ImageNet"},
      {"vgg19-dcbb9e9d.pth", "dcbb9e9d", "", R"({"name": "classifier", "backbone": "vgg19"})",
       "torchvision, ImageNet"},
      {"vgg11_bn-6002323d.pth", "6002323d", "", R"({"name": "classifier", "backbone": "vgg11_bn"})",
       "torchvision, ImageNet"},
      {"vgg13_bn-abd245e5.pth", "abd245e5", "", R"({"name": "classifier", "backbone": "vgg13_bn"})",
       "torchvision, ImageNet"},
      {"vgg16_bn-6c64b313.pth", "6c64b313", "", R"({"name": "classifier", "backbone": "vgg16_bn"})",
       "torchvision, ImageNet"},
      {"vgg19_bn-c79401a0.pth", "c79401a0", "", R"({"name": "classifier", "backbone": "vgg19_bn"})",
       "torchvision, ImageNet"},
      {"googlenet-1378be20.pth", "1378be20", "",
       R"({"name": "classifier", "backbone": "googlenet"})", "torchvision, ImageNet"},
      {"resnet18-f37072fd.pth", "f37072fd", "", R"({"name": "classifier", "backbone": "resnet18"})",
       "torchvision, ImageNet"},
      {"resnet34-b627a593.pth", "b627a593", "", R"({"name": "classifier", "backbone": "resnet34"})",
       "torchvision, ImageNet"},
      {"resnet50-0676ba61.pth", "0676ba61", "", R"({"name": "classifier", "backbone": "resnet50"})",
       "torchvision, ImageNet"},
      {"resnet50-11ad3fa6.pth", "11ad3fa6", "", R"({"name": "classifier", "backbone": "resnet50"})",
       "torchvision, ImageNet, second recipe"},
      {"resnet101-63fe2227.pth", "63fe2227", "",
       R"({"name": "classifier", "backbone": "resnet101"})", "torchvision, ImageNet"},
      {"resnet101-cd907fc2.pth", "cd907fc2", "",
       R"({"name": "classifier", "backbone": "resnet101"})",
       "torchvision, ImageNet, second recipe"},
      {"resnet152-394f9c45.pth", "394f9c45", "",
       R"({"name": "classifier", "backbone": "resnet152"})", "torchvision, ImageNet"},
      {"resnet152-f82ba261.pth", "f82ba261", "",
       R"({"name": "classifier", "backbone": "resnet152"})",
       "torchvision, ImageNet, second recipe"},
      {"squeezenet1_0-b66bff10.pth", "b66bff10", "",
       R"({"name": "classifier", "backbone": "squeezenet1_0"})", "torchvision, ImageNet"},
      {"squeezenet1_1-b8a52dc0.pth", "b8a52dc0", "",
       R"({"name": "classifier", "backbone": "squeezenet1_1"})", "torchvision, ImageNet"},
      {"mobilenet_v2-b0353104.pth", "b0353104", "",
       R"({"name": "classifier", "backbone": "mobilenet_v2"})", "torchvision, ImageNet"},
      {"mobilenet_v2-7ebf99e0.pth", "7ebf99e0", "",
       R"({"name": "classifier", "backbone": "mobilenet_v2"})",
       "torchvision, ImageNet, second recipe"},
      {"fcn_resnet50_coco-1167a1af.pth", "1167a1af", "",
       R"({"name": "fcn_resnet50", "aux_loss": true})", "torchvision, COCO with VOC's 21 classes"},
      {"fcn_resnet101_coco-7ecb50ca.pth", "7ecb50ca", "",
       R"({"name": "fcn_resnet101", "aux_loss": true})", "torchvision, COCO with VOC's 21 classes"},
      {"deeplabv3_resnet50_coco-cd0a2569.pth", "cd0a2569", "",
       R"({"name": "deeplabv3_resnet50", "aux_loss": true})",
       "torchvision, COCO with VOC's 21 classes"},
      {"deeplabv3_resnet101_coco-586e9e4e.pth", "586e9e4e", "",
       R"({"name": "deeplabv3_resnet101", "aux_loss": true})",
       "torchvision, COCO with VOC's 21 classes"},
      {"bvlc_reference_caffenet.caffemodel", "", "4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46",
       R"({"name": "classifier", "backbone": {"name": "alexnet", "caffe": true}})",
       "BVLC, ImageNet"},
      {"bvlc_googlenet.caffemodel", "", "405fc5acd08a3bb12de8ee5e23a96bec22f08204",
       R"({"name": "classifier", "backbone": {"name": "googlenet", "caffe": true}})",
       "BVLC, ImageNet"},
      {"VGG_ILSVRC_16_layers.caffemodel", "", "9363e1f6d65f7dba68c4f27a1e62105cdf6c4e24",
       R"({"name": "classifier", "backbone": "vgg16"})", "Simonyan and Zisserman, ImageNet"},
      {"VGG_ILSVRC_19_layers.caffemodel", "", "239785e7862442717d831f682bb824055e51e9ba",
       R"({"name": "classifier", "backbone": "vgg19"})", "Simonyan and Zisserman, ImageNet"},
  };
  return files;
}

const KnownFile* FindKnownFile(const std::string& sha256, const std::string& sha1) {
  for (const KnownFile& file : KnownFiles()) {
    const bool same = file.sha256.empty() ? file.sha1 == sha1 : sha256.starts_with(file.sha256);
    if (same) return &file;
  }
  return nullptr;
}

std::string HashInName(const std::string& path) {
  constexpr size_t kFewest = 8, kMost = 64;
  std::string name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.find('.', name.rfind('-') == std::string::npos ? 0 : name.rfind('-')));
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos) return "";
  const std::string digits = name.substr(dash + 1);
  const bool known =
      std::any_of(KnownFiles().begin(), KnownFiles().end(),
                  [&digits](const KnownFile& file) { return file.sha256 == digits; });
  const bool hexadecimal = std::all_of(digits.begin(), digits.end(), [](char c) {
    return std::string_view("0123456789abcdef").find(c) != std::string_view::npos;
  });
  // Digits alone are rather a date or a number of steps.
  const bool has_letter =
      std::any_of(digits.begin(), digits.end(), [](char c) { return c >= 'a'; });
  const bool is_hash = hexadecimal && (has_letter || known) && digits.size() >= kFewest;
  return is_hash && digits.size() <= kMost ? digits : "";
}

}  // namespace seglab
