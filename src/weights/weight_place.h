#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor_file.h"

// Trainings of others put a network's weights below a key ("model_state", "state_dict_ema"), or
// their names behind a prefix ("module.", "_orig_mod.", "model."), or both. Dots part the names of
// every format, so that both are the beginning of a name.
namespace seglab {

/// Where in a file the weights of a network stand.
struct WeightPlace {
  std::string prefix;      ///< stands before each of their names, with its dot; "" = nothing
  bool unwrapped = false;  ///< "module" and "_orig_mod" within their names are left out too
  size_t beside = 0;       ///< tensors that stand elsewhere
  std::vector<std::string> others;  ///< keys of copies that would fit as well, the EMA's as a rule
  bool tie = false;                 ///< nothing speaks for this place more than for the first other

  bool IsPlain() const { return prefix.empty() && !unwrapped; }
};

/// Says whether tensors of these names are a network's. What a file holds and cannot be read is
/// there as an undefined tensor.
using NamesFit = std::function<bool(const NamedTensors& tensors)>;

/// A file's tensors at a place, under the names that they have there.
NamedTensors TensorsAt(const TensorFile& file, const WeightPlace& place);

/// Places where there may be weights: the whole file, that below TensorFile::key, and then by the
/// number of their tensors; 64 at most.
/// @param key  only those below this one; "" = all. @throws Error where the file has no such key
std::vector<WeightPlace> PossiblePlaces(const TensorFile& file, const std::string& key,
                                        const std::string& path);

/// The place whose names fit. Where several do: the one that is no moving average of weights (EMA),
/// then the one below TensorFile::key, then one below a key that is usual.
std::optional<WeightPlace> FittingPlace(const TensorFile& file, const std::string& key,
                                        const NamesFit& fits, const std::string& path);

/// Where the weights stand by the file's structure alone: below TensorFile::key, or `key`, behind
/// what wraps all names ("module.").
WeightPlace UsualPlace(const TensorFile& file, const std::string& key, const std::string& path);

/// Leaves in the file what stands at the place, under the names there.
/// @throws Error where the place is one of several, or holds what cannot be read
void TakePlace(TensorFile& file, const WeightPlace& place, const std::string& path);

/// The same with the place that fits, which is logged, or else the usual one.
void TakeFitting(TensorFile& file, const std::string& key, const NamesFit& fits,
                 const std::string& path);

/// "\"state_dict.module.\" is taken off the names of its weights, 9 tensors beside them are left
/// out"; "" for a plain place.
std::string PlaceText(const WeightPlace& place);

}  // namespace seglab
