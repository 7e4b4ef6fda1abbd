#include "nn/conv_kind.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "nn/fast_conv.h"
#include "nn/grouped_conv.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

torch::nn::Conv2dOptions Windows(int64_t in, int64_t out, const ConvKindOptions& options) {
  return torch::nn::Conv2dOptions(in, out, options.kernel)
      .padding(options.kernel / 2 * options.rate)
      .dilation(options.rate);
}

}  // namespace

const std::vector<std::string>& ConvKindNames() {
  static const std::vector<std::string> names = {"standard", "dilated", "depthwise",
                                                 "depthwise_separable"};
  return names;
}

ConvKindOptions ConvKindOptions::FromJson(const Json& json, const std::string& path,
                                          const ConvKindOptions& otherwise) {
  const Json object = json.is_string() ? Json{{"kind", json}} : json;
  ConvKindOptions options = otherwise;
  JsonReader reader(object, path);
  reader.GetChoice("kind", options.kind, ConvKindNames());
  if (options.kind == "dilated" && options.rate == 1) options.rate = 2;
  reader.Get("kernel", options.kernel);
  reader.Get("rate", options.rate);
  reader.Finish();
  options.Check(path);
  return options;
}

void ConvKindOptions::Check(const std::string& where) const {
  const std::vector<std::string>& names = ConvKindNames();
  if (std::find(names.begin(), names.end(), kind) == names.end())
    throw Error(where, ".kind: ", UnknownName("value", kind, names));
  CheckRange(where, "kernel", kernel, 1, 15);
  if (kernel % 2 == 0) throw Error(where, ".kernel: must be odd, found ", kernel);
  CheckRange(where, "rate", rate, 1, 64);
  if (kind == "dilated" && rate == 1) {
    throw Error(where, ".rate: a dilated convolution has 2 or more, found 1; that is \"standard\"");
  }
  if (kind == "standard" && rate != 1) {
    throw Error(where, ".rate: a standard convolution has 1, found ", rate,
                "; that is \"dilated\"");
  }
}

int64_t ConvKindOptions::Weights(int64_t in, int64_t out) const {
  const int64_t cells = kernel * kernel;
  if (IsDepthwise()) return cells * in;
  if (IsSeparable()) return cells * in + in * out;
  return cells * in * out;
}

void AddConvolution(TensorSequential& layers, int64_t in, int64_t out,
                    const ConvKindOptions& options, bool bias) {
  options.Check();
  if (options.IsDepthwise() && in != out) {
    throw Error("convolution: a depthwise one keeps its channels, and cannot make ", out, " of ",
                in, "; take \"depthwise_separable\"");
  }
  if (options.IsDepthwise()) {
    layers->push_back(GroupedConv2d(Windows(in, in, options).groups(in).bias(bias)));
  } else if (options.IsSeparable()) {
    layers->push_back(GroupedConv2d(Windows(in, in, options).groups(in).bias(false)));
    layers->push_back(FastConv2d(torch::nn::Conv2dOptions(in, out, 1).bias(bias)));
  } else {
    layers->push_back(FastConv2d(Windows(in, out, options).bias(bias)));
  }
}

}  // namespace seglab
