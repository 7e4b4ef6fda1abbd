// Caffe's and ONNX's messages: src/caffe/proto/caffe.proto of BVLC/caffe, onnx/onnx.proto of
// onnx/onnx.

#include "tensor/foreign_file.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

struct Foreign {
  size_t at;
  std::string_view signature;
  const char* what;
};
constexpr Foreign kForeign[] = {
    {0, "\x89HDF\r\n", "an HDF5 file; load it in Python and save its arrays as safetensors"},
    {0, "\x1f\x8b", "compressed; unpack it with gunzip"},
    {0, "BZh", "compressed; unpack it with bunzip2"},
    {0,
     "\xfd"
     "7zXZ",
     "compressed; unpack it with unxz"},
    {0, "\x28\xb5\x2f\xfd", "compressed; unpack it with zstd -d"},
    {0, "Rar!", "an archive; unpack it with unrar"},
    {0, "7z\xbc\xaf", "an archive; unpack it with 7z x"},
    {0, "\x80",
     "a pickle that torch.save did not write; load it in Python and save its tensors with "
     "torch.save"},
    {0, "version https://git-lfs", "a reference to a file in Git LFS; fetch it with git lfs pull"},
    {0, "\x93NUMPY", "an array of numpy; load it in Python and save it as safetensors"},
    {0, "MATLAB 5.0", "a MATLAB file; load it in Python (scipy.io) and save it as safetensors"},
    {0, "GGUF", "a GGUF file, of language models; give a network's weights"},
    {4, "TFL3", "a TensorFlow Lite file; give the weights of the network that it was made from"},
    {0, "\x89PNG", "a PNG picture"},
    {0, "\xff\xd8\xff", "a JPEG picture"},
    {0, "%PDF", "a PDF document"},
    {0,
     "\x7f"
     "ELF",
     "a program"},
};

constexpr size_t kTarName = 100, kTarMagic = 257;

std::string Tar(std::string_view bytes) {
  const std::string_view name = bytes.substr(0, std::min(bytes.find('\0'), kTarName));
  for (std::string_view old : {"pickle", "storages", "tensors", "sys_info"}) {
    if (name == old || name == std::string("./").append(old))
      return "a file of torch.save from before 2017 (tar); load it in Python and save it again";
  }
  return StrCat("a tar archive, its first entry is ", Quoted(name), "; unpack it with tar xf");
}

bool IsSpace(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

/// The text without a byte order mark and blanks before it.
std::string_view Trimmed(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  while (!bytes.empty() && IsSpace(bytes.front())) bytes.remove_prefix(1);
  return bytes;
}

/// Whether the beginning of a file is text.
bool IsText(std::string_view bytes) {
  constexpr size_t kLook = 512;
  bytes = bytes.substr(0, kLook);
  return std::all_of(bytes.begin(), bytes.end(), [](char letter) {
    return IsSpace(letter) || (static_cast<unsigned char>(letter) >= ' ' && letter != 0x7f);
  });
}

std::string TextKind(std::string_view text) {
  if (text.starts_with('<'))
    return "a web page or XML, perhaps instead of the download it was meant to be; download it "
           "again";
  constexpr size_t kLook = 1 << 16;
  const std::string_view head = text.substr(0, kLook);
  if (text.starts_with('{') || text.starts_with('[')) {
    if (head.find("\"weight_map\"") != std::string_view::npos)
      return "the index of a model in several files; join them in Python into one safetensors file";
    return "JSON text; give the file of the weights that belongs to it";
  }
  for (std::string_view word : {"name:", "layer {", "layer{", "layers {", "layers{",
                                "input:", "net:", "train_net:", "input_dim:"}) {
    if (text.starts_with(word))
      return "a prototxt, Caffe's description of a network or a training, without weights; give "
             "the .caffemodel";
  }
  return "";
}

/// A varint and what follows it; nothing where it does not end.
std::optional<uint64_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Messages of protobuf whose first field is a number: a weight file's is none.
std::string Message(std::string_view bytes) {
  if (!bytes.starts_with('\x08')) return "";
  bytes.remove_prefix(1);
  if (!TakeVarint(bytes) || bytes.size() < 2) return "";
  const char tag = bytes.front();
  bytes.remove_prefix(1);
  const std::optional<uint64_t> size = TakeVarint(bytes);
  if (!size) return "";
  if (tag == '\x10' || tag == '\x18')
    return "a blob of Caffe (.binaryproto), as means of images are; give the .caffemodel";
  if (tag != '\x12' && tag != '\x1a' && tag != '\x3a' && tag != '\x42') return "";
  const std::string_view text = bytes.substr(0, std::min<uint64_t>(*size, bytes.size()));
  if (tag == '\x12' && text.ends_with(".caffemodel")) {
    return StrCat("a solverstate, the state of Caffe's solver; the weights are in ", Quoted(text));
  }
  if (tag == '\x1a')
    return "a solverstate, the state of Caffe's solver; give the .caffemodel beside it";
  return "an ONNX file (or another model in protobuf); give the weights that it was exported from, "
         "as safetensors or .pth";
}

}  // namespace

std::string ForeignFile(std::string_view bytes) {
  if (bytes.size() > kTarMagic && bytes.substr(kTarMagic).starts_with("ustar")) return Tar(bytes);
  for (const Foreign& foreign : kForeign) {
    if (bytes.size() > foreign.at && bytes.substr(foreign.at).starts_with(foreign.signature))
      return foreign.what;
  }
  if (const std::string message = Message(bytes); !message.empty()) return message;
  return IsText(bytes) ? TextKind(Trimmed(bytes)) : "";
}

}  // namespace seglab
