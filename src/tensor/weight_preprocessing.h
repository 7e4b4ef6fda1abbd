#pragma once

#include <string>

#include "base/json.h"
#include "tensor/preprocessing.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// How sure it is what images a weight file was trained on.
enum class PreprocessingSource {
  kStated,   ///< its metadata says so
  kKnown,    ///< it looks like files for which it is known
  kUnknown,  ///< nothing says anything
};

struct WeightPreprocessing {
  PreprocessingSource source = PreprocessingSource::kUnknown;
  Preprocessing value;  ///< "imagenet" where it is unknown
  std::string basis;    ///< of kKnown, for a message: "torchvision's ResNet for ImageNet"
};

/// Whether the network, a GoogLeNet with "transform_input", itself turns "imagenet" into the "unit"
/// that torchvision's weights were trained on.
bool TransformsInput(const Json& spec);

/// What a weight file says of its images, or what a small table of well-known files says of its
/// format, names and shapes. The file's name plays no part.
/// @param spec  of the network that takes the weights, or null. One with "transform_input" is fed
///              "imagenet" where the weights take "unit"; with "caffe" it is none of torchvision's
/// @throws Error when the metadata is damaged, or when a network with "transform_input" cannot give
///         the weights what they take
WeightPreprocessing PreprocessingOf(const TensorFile& file, const Json& spec,
                                    const std::string& path);

/// Settles which preprocessing goes with the weights of a file.
struct PreprocessingChoice {
  Preprocessing value;
  std::string remark;    ///< for the log, or ""
  bool warning = false;  ///< the remark is one: something is assumed or looks wrong

  /// Writes the remark, if there is one.
  void Log() const;
};

/// The file's, where it states one; else the named one; else what the table knows; else "imagenet",
/// with a warning.
/// @param named  what the user named for the network, or nullptr
/// @throws Error naming both when the named one contradicts what the file states. A mean that is
///         off by less than a grey level (two roundings of Caffe's) contradicts nothing.
PreprocessingChoice ChoosePreprocessing(const TensorFile& file, const Json& spec,
                                        const Preprocessing* named, const std::string& path);

/// A preprocessing as users name it, a name or JSON; for Preprocessing::FromJson.
Json ParsePreprocessing(const std::string& text, const std::string& where);

/// "imagenet", "caffe" or "unit" where it is one of these, else its members, for messages.
std::string PreprocessingText(const Preprocessing& preprocessing);

}  // namespace seglab
