// SegNet-Basic, and the decoders that SegNet's authors compare it with.
//   V. Badrinarayanan, A. Kendall, R. Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder
//   Architecture for Image Segmentation", PAMI 2017, arXiv:1511.00561, sections 3.1 and 4, Table 1;
//   layers after the released segnet_basic prototxt.
//
//   image -> LRN -> conv1 -> pool -> conv2 -> pool -> conv3 -> pool -> conv4 -> pool
//   score <- decode1 <- up <- decode2 <- up <- decode3 <- up <- decode4 <- up <-
//
//   conv: 7x7 to 64 channels, batch norm, ReLU; pool: 2x2 maxima; decode: 7x7, batch norm, no ReLU;
//   score: 1x1 to the classes
//   decoder                       what it does
//   segnet                        up: max unpooling
//   encoder_addition              the same, plus the encoder's map of that size
//   single_channel                the same as segnet with depthwise decode layers
//   fcn                           maps of `classes` channels (1x1): the coarser one upsampled by a
//                                 transposed convolution, 8x8 from a bilinear start, plus the
//                                 encoder's
//   fcn_no_addition               the deepest map alone
//   fcn_no_reduction              as fcn with all 64 channels, the scores at the end
//   fcn_no_addition_no_reduction  both
//   bilinear                      as fcn_no_addition, upsampled bilinearly, without weights
//
//   `upsampling` and `convolution` put any other way there: what the tables of
//   experiments/upsampling and experiments/convolutions are made with.
//
// Deviations:
//   - the paper's Table 1 gives 1.425 M parameters; these layers, the released prototxt's with its
//     biases, have 1,416,587 with 11 classes, 1,414,336 of them weights of 7x7 windows;
//   - batch norm's statistics are the running ones of the training, as in segnet.cpp;
//   - the encoder's maps that are added are those before the pools: the paper says only that sizes
//     agree.

#include "models/segnet_basic.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "nn/sequential.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

bool IsFcn(const std::string& decoder) {
  return decoder.starts_with("fcn") || decoder == "bilinear";
}
bool Adds(const std::string& decoder) {
  return decoder == "encoder_addition" || decoder == "fcn" || decoder == "fcn_no_reduction";
}
bool Reduces(const std::string& decoder) {
  return decoder == "fcn" || decoder == "fcn_no_addition" || decoder == "bilinear";
}

/// A level of the encoder.
struct EncodedLevel {
  at::Tensor values;  ///< before the pool
  BeforePool before;
};

class SegNetBasic : public SegModel {
 public:
  SegNetBasic(const SegNetBasicOptions& options, int classes)
      : options_(options), channels_(ScaledChannels(64, options.width)) {
    for (int64_t i = 0; i < options.layers; ++i) {
      TensorSequential conv;
      const ConvKindOptions first = {"standard", options.convolution.kernel, 1};
      AddConvolution(conv, i == 0 ? 3 : channels_, channels_, i == 0 ? first : options.convolution,
                     /*bias=*/true);
      conv->push_back(BatchNorm2d(channels_));
      conv->push_back(nn::ReLU(nn::ReLUOptions(true)));
      convs_.push_back(register_module("conv" + std::to_string(i + 1), conv));
    }
    if (IsFcn(options.decoder)) {
      MakeFcnDecoder(classes);
    } else {
      MakeDecoder();
    }
    if (!Reduces(options.decoder))
      score_ = register_module("score", FastConv2d(nn::Conv2dOptions(channels_, classes, 1)));
    // The authors' filler; depthwise weights hardly learn with it.
    const bool thin = options.convolution.IsDepthwise() || options.convolution.IsSeparable();
    InitHe(*this, thin ? Fan::kOut : Fan::kIn);
  }

  SegOutput forward(const at::Tensor& image) override {
    std::vector<EncodedLevel> levels;
    at::Tensor x = Encode(image, &levels);
    if (Reduces(options_.decoder)) x = Forward(reductions_.back(), x);
    for (int64_t i = options_.layers - 1; i >= 0; --i) {
      x = Forward(ups_[i], x, levels[i].before);
      if (Adds(options_.decoder)) {
        x = x + (Reduces(options_.decoder) ? Forward(reductions_[i], levels[i].values)
                                           : levels[i].values);
      }
      if (!decodes_.empty()) x = Forward(decodes_[i], x);
    }
    return {score_ ? Forward(score_, x) : x};
  }

  at::Tensor Features(const at::Tensor& image) override { return Encode(image, nullptr); }

  NetworkTraits Traits() const override {
    NetworkTraits traits;
    if (options_.decoder != "segnet") traits["decoder"] = options_.decoder;
    if (options_.upsampling != UpsamplingKind::kMaxUnpooling)
      traits["upsampling"] = UpsamplingName(options_.upsampling);
    if (options_.convolution.rate > 1) traits["rates"] = std::to_string(options_.convolution.rate);
    if (!options_.lrn) traits["lrn"] = "none";
    return traits;
  }

 private:
  void MakeDecoder() {
    ConvKindOptions convolution = options_.convolution;
    if (options_.decoder == "single_channel") convolution.kind = "depthwise";
    for (int64_t i = 0; i < options_.layers; ++i) {
      const std::string number = std::to_string(i + 1);
      ups_.push_back(register_module(
          "up" + number, Upsampling(UpsamplingOptions{options_.upsampling, channels_})));
      TensorSequential decode;
      AddConvolution(decode, channels_, channels_, convolution, /*bias=*/true);
      decode->push_back(BatchNorm2d(channels_));
      decodes_.push_back(register_module("decode" + number, decode));
    }
  }

  void MakeFcnDecoder(int classes) {
    const bool reduces = Reduces(options_.decoder);
    const UpsamplingKind kind =
        options_.decoder == "bilinear" ? UpsamplingKind::kBilinear : UpsamplingKind::kTransposed;
    for (int64_t i = 0; i < options_.layers; ++i) {
      ups_.push_back(register_module(
          "up" + std::to_string(i + 1),
          Upsampling(UpsamplingOptions{kind, reduces ? classes : channels_, /*kernel=*/8})));
    }
    if (!reduces) return;
    for (int64_t i = 0; i <= options_.layers; ++i) {
      const bool deepest = i == options_.layers;
      if (!deepest && !Adds(options_.decoder)) {
        reductions_.emplace_back(nullptr);
        continue;
      }
      reductions_.push_back(register_module(deepest ? "reduce" : "reduce" + std::to_string(i + 1),
                                            FastConv2d(nn::Conv2dOptions(channels_, classes, 1))));
    }
  }

  /// @param levels  null, or gets what the way back needs
  at::Tensor Encode(const at::Tensor& image, std::vector<EncodedLevel>* levels) {
    CheckShape(image, {-1, 3, -1, -1}, "segnet_basic input");
    at::Tensor x = image;
    if (options_.lrn) {
      const auto lrn = nn::functional::LocalResponseNormFuncOptions(5).alpha(1e-4).beta(0.75).k(1);
      x = nn::functional::local_response_norm(x, lrn).contiguous(image.suggest_memory_format());
    }
    const bool unpools =
        !IsFcn(options_.decoder) && options_.upsampling == UpsamplingKind::kMaxUnpooling;
    for (TensorSequential& conv : convs_) {
      EncodedLevel level;
      level.values = Forward(conv, x);
      level.before = {level.values.size(2), level.values.size(3), {}};
      if (unpools) {
        std::tie(x, level.before.indices) =
            at::max_pool2d_with_indices(level.values, 2, 2, 0, 1, /*ceil_mode=*/true);
      } else {
        x = at::max_pool2d(level.values, 2, 2, 0, 1, /*ceil_mode=*/true);
      }
      if (levels != nullptr) levels->push_back(std::move(level));
    }
    return x;
  }

  SegNetBasicOptions options_;
  int64_t channels_;
  std::vector<TensorSequential> convs_, decodes_;
  std::vector<Upsampling> ups_;
  std::vector<FastConv2d> reductions_;  ///< by level, the deepest map's last; null where none is
  FastConv2d score_{nullptr};
};

}  // namespace

const std::vector<std::string>& SegNetBasicDecoders() {
  static const std::vector<std::string> names = {"segnet",
                                                 "encoder_addition",
                                                 "single_channel",
                                                 "fcn",
                                                 "fcn_no_addition",
                                                 "fcn_no_reduction",
                                                 "fcn_no_addition_no_reduction",
                                                 "bilinear"};
  return names;
}

void SegNetBasicOptions::Check(const std::string& where) const {
  const std::vector<std::string>& names = SegNetBasicDecoders();
  if (std::find(names.begin(), names.end(), decoder) == names.end())
    throw Error(where, ".decoder: ", UnknownName("value", decoder, names));
  if (IsFcn(decoder) && upsampling != UpsamplingKind::kMaxUnpooling) {
    throw Error(where, ".upsampling: the decoder \"", decoder,
                "\" has its own; leave one of them out");
  }
  convolution.Check(where + ".convolution");
  CheckRange(where, "layers", layers, 1, 6);
  CheckWidth(where, width);
}

std::shared_ptr<SegModel> MakeSegNetBasic(const SegNetBasicOptions& options, int classes) {
  options.Check();
  return std::make_shared<SegNetBasic>(options, classes);
}

std::shared_ptr<SegModel> MakeSegNetBasic(JsonReader& reader, int classes) {
  SegNetBasicOptions options;
  reader.GetChoice("decoder", options.decoder, SegNetBasicDecoders());
  // An FCN decoder has its own upsampling, which is not recorded as a default either.
  if (!IsFcn(options.decoder)) {
    ReadUpsampling(reader, options.upsampling);
  } else if (reader.Has("upsampling")) {
    throw Error(reader.Path("upsampling"), ": the decoder ", Json(options.decoder).dump(),
                " has its own; leave one of them out");
  }
  Json convolution;
  if (reader.Get("convolution", convolution)) {
    options.convolution =
        ConvKindOptions::FromJson(convolution, reader.Path("convolution"), options.convolution);
  }
  reader.Get("layers", options.layers);
  reader.Get("width", options.width);
  reader.Get("lrn", options.lrn);
  options.Check(reader.path());
  return MakeSegNetBasic(options, classes);
}

}  // namespace seglab
