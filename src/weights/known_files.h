#pragma once

#include <string>
#include <vector>

namespace seglab {

/// A weight file that its authors published, with what it is recognised by wherever it lies.
struct KnownFile {
  std::string name;     ///< as published: "vgg16-397923af.pth"
  std::string sha256;   ///< the first eight digits of its SHA-256, or ""
  std::string sha1;     ///< all forty of its SHA-1, or ""
  std::string network;  ///< as --as takes it
  std::string from;     ///< who trained it on what
};

/// torchvision's files bear the first digits of their SHA-256 in their names; SHA-1 of Caffe's are
/// those of the readme beside each model.
const std::vector<KnownFile>& KnownFiles();

/// @param sha256, sha1  whole, in small letters. @return nullptr for a file that is not known
const KnownFile* FindKnownFile(const std::string& sha256, const std::string& sha1);

/// The digits of a hash that a name ends with ("resnet50-0676ba61.pth": "0676ba61"), as files of
/// torch.hub do: eight or more hexadecimal ones behind the last "-". "" where there are none, and
/// where they are a date or a number ("net-20150611.pth") and of no file that is known.
std::string HashInName(const std::string& path);

}  // namespace seglab
