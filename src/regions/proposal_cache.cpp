#include "regions/proposal_cache.h"

#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "regions/propose.h"
#include "regions/region_file.h"

namespace seglab {

ProposalCache::ProposalCache(std::string folder, ProposalOptions options)
    : folder_(std::move(folder)), options_(std::move(options)) {
  options_.Check();
  if (!folder_.empty()) CheckWritableFolder(folder_);
}

std::string ProposalCache::PathOf(const cv::Mat& rgb) const {
  if (folder_.empty()) throw Error("ProposalCache: has no folder, so an image has no file");
  Digest digest;
  digest.Add(StrCat(kProposalVersion, "\n", CanonicalJson(options_.ToJson()), "\n", rgb.rows, " ",
                    rgb.cols, " ", rgb.type()));
  for (int y = 0; y < rgb.rows; ++y)
    digest.Add(rgb.ptr(y), static_cast<size_t>(rgb.cols) * rgb.elemSize());
  return JoinPath(folder_, digest.Hex() + ".regions");
}

RegionSet ProposalCache::Get(const cv::Mat& rgb, int threads) {
  if (folder_.empty()) {
    ++made_;
    return Propose(rgb, options_, threads);
  }
  const std::string path = PathOf(rgb);
  if (FileExists(path)) {
    try {
      RegionSet set = DecodeRegions(ReadFile(path));
      if (set.height() != rgb.rows || set.width() != rgb.cols) {
        throw Error("proposals: are of an image of another size");
      }
      ++found_;
      return set;
    } catch (const Error& error) {
      Log::Warn(path, ": is damaged (", error.what(), "), the proposals are made again");
    }
  }
  RegionSet set = Propose(rgb, options_, threads);
  WriteFileAtomically(path, EncodeRegions(set));
  ++made_;
  return set;
}

}  // namespace seglab
