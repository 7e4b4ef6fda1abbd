#pragma once

#include <string>

#include "base/json.h"
#include "models/seg_model.h"
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

/// What a weight file says of its images, or what a small table of well-known files says of its
/// format, names and shapes. The file's name plays no part.
/// @param traits  of the network that takes the weights; none where it is not known. One whose
///                "input" is "unit" is fed "imagenet" where the weights take "unit"; the "variant"
///                "caffe" is none of torchvision's
/// @throws Error when the metadata is damaged, or when the network makes its own input and cannot
///         give the weights what they take
WeightPreprocessing PreprocessingOf(const TensorFile& file, const NetworkTraits& traits,
                                    const std::string& path);

/// Settles which preprocessing goes with the weights of a file.
struct PreprocessingChoice {
  Preprocessing value;
  std::string remark = {};  ///< for the log, or ""
  bool warning = false;     ///< the remark is one: something is assumed or looks wrong
  bool assumed = false;     ///< neither the file nor the user tells it

  /// Writes the remark, if there is one.
  void Log() const;
};

/// The file's, where it states one; else the named one; else what the table knows; else "imagenet",
/// with a warning.
/// @param named  what the user named for the network, or nullptr
/// @throws Error naming both when the named one contradicts what the file states. A mean that is
///         off by less than a grey level (two roundings of Caffe's) contradicts nothing.
PreprocessingChoice ChoosePreprocessing(const TensorFile& file, const NetworkTraits& traits,
                                        const Preprocessing* named, const std::string& path);

/// The model's preprocessing where its JSON names one, else nullptr.
/// @param spec  what the model was made from. Null: one that is not MakeModel's own counts as named
const Preprocessing* NamedPreprocessing(const SegModel& model, const Json& spec);

}  // namespace seglab
