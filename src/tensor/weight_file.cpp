#include "tensor/weight_file.h"

#include <string_view>

#include "base/error.h"
#include "tensor/caffemodel.h"
#include "tensor/foreign_file.h"
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
      const std::string foreign = ForeignFile(bytes);
      if (!foreign.empty()) throw Error(path, ": is no weight file but ", foreign);
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
