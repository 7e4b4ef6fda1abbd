#include "tensor/pth.h"

#include <memory>

#include "base/error.h"
#include "tensor/byte_reader.h"
#include "tensor/mapped_file.h"
#include "tensor/pickle.h"
#include "tensor/pth_state.h"
#include "tensor/quoted.h"
#include "tensor/zip.h"

namespace seglab {
namespace {

// The number 0x1950a86a20f9469cfc6c, low byte first.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr int64_t kLegacyProtocol = 1001;

[[noreturn]] void BigEndian(const std::string& path) {
  throw Error(path,
              ": was written by a machine with the high byte first, which is not supported; load "
              "it in Python and save it again on this machine");
}

bool EndsPlain(std::string_view name, std::string_view file) {
  return name.size() > file.size() && name.ends_with(file) &&
         name.find('/') == name.size() - file.size();
}

/// @throws Error on a ZIP archive that is not one of torch.save
[[noreturn]] void OtherArchive(const ZipArchive& archive, const std::string& path) {
  for (const ZipArchive::Entry& entry : archive.entries()) {
    for (std::string_view end :
         {".pth", ".pt", ".ckpt", ".tar", ".bin", ".safetensors", ".caffemodel"}) {
      if (!entry.name.ends_with(end)) continue;
      throw Error(path, ": is a ZIP archive around ", Quoted(entry.name),
                  "; unpack it (unzip) and give that file");
    }
    if (entry.name.ends_with(".npy"))
      throw Error(path, ": is a ZIP archive of numpy's arrays (.npz); in Python: torch.save({k: ",
                  "torch.from_numpy(v) for k, v in numpy.load(...).items()}, ...)");
  }
  throw Error(path, ": is a ZIP archive but not one of torch.save: it has no data.pkl");
}

/// The name of the folder that an archive of torch.save consists of, with "/".
std::string ArchiveFolder(const ZipArchive& archive, const std::string& path) {
  const ZipArchive::Entry* pickle = nullptr;
  for (const ZipArchive::Entry& entry : archive.entries()) {
    if (!EndsPlain(entry.name, "/data.pkl")) continue;
    if (pickle != nullptr) throw Error(path, ": has two data.pkl; the file is damaged");
    pickle = &entry;
  }
  if (pickle == nullptr) OtherArchive(archive, path);
  return std::string(pickle->name.substr(0, pickle->name.find('/') + 1));
}

TensorFile ReadZipPth(const std::shared_ptr<MappedFile>& file, MemoryBudget& budget) {
  const std::string& path = file->path();
  const ZipArchive archive(file->bytes(), path);
  const std::string folder = ArchiveFolder(archive, path);
  const ZipArchive::Entry* order = archive.Find(folder + "byteorder");
  if (order != nullptr && archive.Content(*order) != "little") BigEndian(path);

  const std::string where = path + " (data.pkl)";
  const Pickle pickle(archive.Content(*archive.Find(folder + "data.pkl")), where, budget);
  PthStorages storages = FindStorages(pickle, path, budget);
  for (auto& [key, storage] : storages) {
    const ZipArchive::Entry* entry = archive.Find(StrCat(folder, "data/", key));
    if (entry == nullptr) {
      throw Error(path, ": has no data for its storage ", Quoted(key),
                  "; the file is truncated or damaged");
    }
    if (entry->size % storage.ElementSize() != 0 ||
        entry->size / storage.ElementSize() != storage.elements) {
      throw Error(path, ": its storage ", Quoted(key), " has ", entry->size, " bytes instead of ",
                  storage.elements, " elements; the file is damaged");
    }
    archive.Content(*entry);
    storage.offset = entry->offset;
    storage.placed = true;
  }
  const bool script = archive.Find(folder + "constants.pkl") != nullptr;
  return ReadState(pickle, storages, file, budget, script);
}

/// The old format: pickles of a magic number, a version, a description of the machine, the data and
/// the list of storages, then every storage as its number of elements (8 bytes) and its elements.
class LegacyReader {
 public:
  LegacyReader(std::shared_ptr<MappedFile> file, MemoryBudget& budget)
      : file_(std::move(file)), path_(file_->path()), budget_(budget) {}

  TensorFile Read() {
    NextPickle("magic number");
    const Pickle version = NextPickle("version");
    if (!version.root().Is(PickleKind::kInt) || version.root().Int() != kLegacyProtocol)
      throw Error(path_, ": is of an unknown version of the old format of torch.save");
    CheckMachine(NextPickle("machine"));
    const Pickle pickle = NextPickle("pickle");
    PthStorages storages = FindStorages(pickle, path_, budget_);
    Place(storages);
    return ReadState(pickle, storages, file_, budget_, /*script=*/false);
  }

 private:
  Pickle NextPickle(const std::string& what) {
    const std::string where = StrCat(path_, " (", what, ")");
    Pickle pickle(file_->bytes().substr(position_), where, budget_);
    position_ += pickle.size();
    return pickle;
  }

  void CheckMachine(const Pickle& machine) const {
    const PickleValue values = machine.root();
    for (size_t i = 0; i + 1 < values.size(); i += 2) {
      if (values[i].Is(PickleKind::kText) && values[i].Text() == "little_endian" &&
          values[i + 1].Is(PickleKind::kBool) && values[i + 1].Int() == 0) {
        BigEndian(path_);
      }
    }
  }

  void Place(PthStorages& storages) {
    const Pickle keys = NextPickle("list of storages");
    const PickleValue list = keys.root();
    if (!list.Is(PickleKind::kList))
      throw Error(path_, ": has no list of its storages; the file is damaged");
    for (size_t i = 0; i < list.size(); ++i) {
      if (!list[i].Is(PickleKind::kText))
        throw Error(path_, ": its list of storages holds what is no name; the file is damaged");
      const std::string_view key = list[i].Text();
      auto found = storages.find(key);
      if (found == storages.end() || found->second.placed) {
        throw Error(path_, ": its storage ", Quoted(key), " is ",
                    found == storages.end() ? "used by no tensor" : "listed twice",
                    "; the file is damaged");
      }
      PlaceOne(key, found->second);
    }
    for (const auto& [key, storage] : storages) {
      if (!storage.placed)
        throw Error(path_, ": has no data for its storage ", Quoted(key), "; the file is damaged");
    }
    if (position_ != file_->size()) {
      throw Error(path_, ": has ", file_->size() - position_,
                  " bytes after its last storage; the file is damaged");
    }
  }

  void PlaceOne(std::string_view key, PthStorage& storage) {
    const std::string where = StrCat(path_, " (storage ", Quoted(key), ")");
    ByteReader reader(file_->bytes().substr(position_), where);
    const auto elements = static_cast<uint64_t>(reader.Read<int64_t>());
    if (elements != storage.elements) {
      throw Error(where, ": has ", elements, " elements instead of ", storage.elements,
                  "; the file is damaged");
    }
    storage.offset = position_ + reader.position();
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(elements, storage.ElementSize(), &bytes))
      throw Error(where, ": has an impossible number of elements; the file is damaged");
    reader.Take(bytes);
    position_ += reader.position();
    storage.placed = true;
  }

  std::shared_ptr<MappedFile> file_;
  const std::string path_;
  MemoryBudget& budget_;
  uint64_t position_ = 0;
};

}  // namespace

bool IsZip(std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06");
}

bool IsLegacyPth(std::string_view bytes) {
  // Protocol 2 puts 4 bytes before the number, protocol 4 and above 13.
  return bytes.starts_with('\x80') &&
         bytes.substr(0, 32).find(kLegacyMagic) != std::string_view::npos;
}

TensorFile ReadPth(const std::string& path) {
  auto file = std::make_shared<MappedFile>(path);
  MemoryBudget budget(path, file->size());
  if (IsZip(file->bytes())) return ReadZipPth(file, budget);
  if (IsLegacyPth(file->bytes())) return LegacyReader(file, budget).Read();
  throw Error(path, ": is no file of torch.save: it begins as neither of its two formats does");
}

}  // namespace seglab
