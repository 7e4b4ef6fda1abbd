#pragma once

#include <atomic>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>

#include "regions/proposal_options.h"
#include "regions/region_set.h"

namespace seglab {

/// Proposals of images, kept in a folder: one file an image, named by a hash (XXH3, 128 bits) of
/// the image's pixels, the options and kProposalVersion, written aside and renamed. Safe to use
/// from several threads and processes: who comes first writes, all read the same.
class ProposalCache {
 public:
  /// @param folder  made where it is missing; "": nothing is kept
  /// @throws Error when files cannot be made there, or the options are wrong
  ProposalCache(std::string folder, ProposalOptions options);

  /// What Propose gives for the image, from the folder where it is there. A file that is damaged
  /// is made again, which a line of the log says.
  /// @param rgb      CV_8UC3
  /// @param threads  for Propose
  /// @throws Error as Propose, or when a file cannot be written
  RegionSet Get(const cv::Mat& rgb, int threads);

  /// Where the proposals of an image are kept. @throws Error without a folder
  std::string PathOf(const cv::Mat& rgb) const;

  const ProposalOptions& options() const { return options_; }
  int64_t found() const { return found_; }  ///< images whose proposals were there
  int64_t made() const { return made_; }    ///< images whose proposals had to be made

 private:
  std::string folder_;
  ProposalOptions options_;
  std::atomic<int64_t> found_ = 0, made_ = 0;
};

}  // namespace seglab
