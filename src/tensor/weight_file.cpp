#include "tensor/weight_file.h"

#include <string_view>

#include "base/error.h"
#include "tensor/caffemodel.h"
#include "tensor/mapped_file.h"
#include "tensor/pth.h"

namespace seglab {
namespace {

/// 8 bytes of length, then a JSON object; no header is of more than 100 MB, so the length ends in
/// zeros.
bool IsSafetensors(std::string_view bytes) {
  return bytes.size() > 8 && bytes[8] == '{' &&
         bytes.substr(4, 4) == std::string_view("\0\0\0\0", 4);
}

struct Foreign {
  size_t at;
  std::string_view signature;
  const char* what;
};
constexpr Foreign kForeign[] = {
    {0, "\x89HDF\r\n", "an HDF5 file; load it in Python and save its arrays as safetensors"},
    {257, "ustar",
     "a file of torch.save from before 2017 (tar); load it in Python and save it again"},
    {0, "\x1f\x8b", "compressed; unpack it with gunzip"},
    {0, "BZh", "compressed; unpack it with bunzip2"},
    {0,
     "\xfd"
     "7zXZ",
     "compressed; unpack it with unxz"},
    {0, "\x28\xb5\x2f\xfd", "compressed; unpack it with zstd -d"},
    {0, "\x80",
     "a pickle that torch.save did not write; load it in Python and save its tensors with "
     "torch.save"},
    {0, "<", "a web page or XML, perhaps instead of the download it was meant to be"},
    {0, "version https://git-lfs", "a reference to a file in Git LFS; fetch it with git lfs pull"},
};

}  // namespace

TensorFile ReadWeights(const std::string& path) {
  enum { kSafetensors, kPth, kCaffemodel } format;
  {
    const MappedFile file(path);
    const std::string_view bytes = file.bytes();
    if (bytes.empty()) throw Error(path, ": is empty");
    if (IsZip(bytes) || IsLegacyPth(bytes)) {
      format = kPth;
    } else if (IsSafetensors(bytes)) {
      format = kSafetensors;
    } else {
      for (const Foreign& foreign : kForeign) {
        if (bytes.size() > foreign.at && bytes.substr(foreign.at).starts_with(foreign.signature))
          throw Error(path, ": is no weight file but ", foreign.what);
      }
      if (!MayBeCaffemodel(bytes)) {
        throw Error(path,
                    ": is no weight file that is known: safetensors, .pth of torch.save or "
                    ".caffemodel");
      }
      format = kCaffemodel;
    }
  }
  switch (format) {
    case kSafetensors:
      return ReadSafetensors(path);
    case kPth:
      return ReadPth(path);
    case kCaffemodel:
      break;
  }
  return ReadCaffemodel(path);
}

}  // namespace seglab
