#include "weights_check.h"

#include <torch/torch.h>

#include <iomanip>
#include <iostream>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "base/sha.h"
#include "tensor/state.h"
#include "weights/checkpoint_file.h"
#include "weights/known_files.h"
#include "weights/network_match.h"
#include "weights/weight_place.h"

namespace seglab {
namespace {

/// "161 tensors for {"name": "fcn8s"}, all finite". @throws Error where that is not so
std::string ContentOf(const std::string& path, const std::string& key) {
  TensorFile file = ReadNetworkWeights(path);
  std::string network;
  if (IsCheckpoint(file) && key.empty()) {
    network = CheckpointSpec(file, path).dump();
  } else {
    const PlacedNetworks found = FindNetworks(file, key, path);
    TakePlace(file, found.place, path);
    if (!found.networks.empty()) network = found.networks.front().spec.dump();
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (!tensor.defined() || !tensor.is_floating_point()) continue;
    if (!tensor.isfinite().all().item<bool>())
      throw Error(path, ": ", name, " holds values that are not finite; the file is no good");
  }
  return StrCat(file.tensors.size(), " tensors",
                network.empty() ? ", of no network that is known" : " for " + network,
                ", all finite");
}

/// What is wrong with a file; std::nullopt where nothing is.
std::optional<std::string> Check(const std::string& path, const std::string& key) {
  const FileHashes hashes = HashesOfFile(path);
  std::cout << path << "\n  SHA-256  " << hashes.sha256 << "\n";
  const KnownFile* known = FindKnownFile(hashes.sha256, hashes.sha1);
  const std::string stated = HashInName(path);
  if (known != nullptr) {
    std::cout << "  known    " << known->name << ": " << known->from << ", for " << known->network
              << "\n";
  } else if (!stated.empty() && hashes.sha256.starts_with(stated)) {
    std::cout << "  known    by its name, which states this hash\n";
  }
  std::optional<std::string> complaint;
  if (!stated.empty() && !hashes.sha256.starts_with(stated)) {
    complaint = StrCat(path, ": its name states the SHA-256 ", stated, ", its content has ",
                       hashes.sha256.substr(0, stated.size()), "; fetch it again");
  }
  try {
    const std::string content = ContentOf(path, key);
    std::cout << "  content  " << content << "\n";
  } catch (const Error& error) {
    if (!complaint) complaint = error.what();
  }
  return complaint;
}

}  // namespace

void CheckWeightFiles(const std::vector<std::string>& files, const std::string& key) {
  std::vector<std::string> wrong;
  for (const std::string& given : files) {
    std::optional<std::string> complaint;
    try {
      complaint = Check(FindCheckpoint(given), key);
    } catch (const Error& error) {
      complaint = error.what();
    }
    if (!complaint) continue;
    std::cout << "  wrong    " << *complaint << "\n";
    wrong.push_back(*complaint);
  }
  if (wrong.size() == 1) throw Error(wrong.front());
  if (!wrong.empty()) throw Error(wrong.size(), " of ", files.size(), " files are no good");
}

void ListKnownFiles(bool json) {
  if (json) {
    Json list = Json::array();
    for (const KnownFile& file : KnownFiles())
      list.push_back({{"name", file.name},
                      {"sha256", file.sha256},
                      {"sha1", file.sha1},
                      {"network", ParseJson(file.network, file.name)},
                      {"from", file.from}});
    std::cout << list.dump(2) << "\n";
    return;
  }
  for (const KnownFile& file : KnownFiles()) {
    const std::string hash =
        file.sha256.empty() ? "SHA-1 " + file.sha1 : "SHA-256 " + file.sha256 + "...";
    std::cout << std::left << std::setw(36) << file.name << " " << std::setw(47) << hash << "\n  "
              << file.from << "; " << file.network << "\n";
  }
}

}  // namespace seglab
