#include "data/pair_list.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"

namespace seglab {
namespace {

/// A file that a line of a list names.
struct ListedFile {
  std::string stem, path;
};

/// The text without "./" and "/" in front: lists of others begin paths at the data set's root.
std::string WithoutFront(std::string text) {
  while (text.starts_with("./")) text.erase(0, 2);
  text.erase(0, std::min(text.find_first_not_of('/'), text.size()));
  return text;
}

bool EndsInFolder(const std::string& folder, const std::string& end) {
  const std::string path = std::filesystem::path(folder).lexically_normal().string();
  const std::string_view trimmed(path.data(), path.size() - (path.ends_with('/') ? 1 : 0));
  return trimmed == end || (trimmed.size() > end.size() && trimmed.ends_with(end) &&
                            trimmed[trimmed.size() - end.size() - 1] == '/');
}

/// What `text` means in a folder: relative to it, or to one above of which it holds the name.
std::optional<ListedFile> InTable(const FileTable& table, const std::string& text) {
  if (const auto* entry = table.FindListed(text)) return {{entry->stem, table.Path(*entry)}};
  const std::string plain = WithoutFront(text);
  if (plain != text) {
    if (const auto* entry = table.FindListed(plain)) return {{entry->stem, table.Path(*entry)}};
  }
  for (size_t at = plain.find('/'); at != std::string::npos; at = plain.find('/', at + 1)) {
    if (!EndsInFolder(table.folder(), plain.substr(0, at))) continue;
    const auto* entry = table.FindListed(plain.substr(at + 1));
    if (entry != nullptr) return {{entry->stem, table.Path(*entry)}};
  }
  return std::nullopt;
}

class ListReader {
 public:
  ListReader(const std::string& list, const FileTable& images, const MaskTables& masks,
             const std::vector<std::string>& roots)
      : list_(list), images_(images), masks_(masks), roots_(roots) {
    roots_.push_back(std::filesystem::path(list).parent_path().string());
  }

  PairFiles Read(const std::string& line, size_t number) const {
    if (const auto image = Image(line)) return {image->stem, image->path, MaskOf(image->stem)};
    for (const char separator : {'\t', ',', ';', ' '}) {
      size_t at = line.find(separator);
      for (; at != std::string::npos; at = line.find(separator, at + 1)) {
        if (const auto pair = Split(line, at, number)) return *pair;
      }
    }
    // No file of such a name: said when the sample is read.
    const std::string plain = WithoutFront(line), stem = images_.StemOf(plain);
    const std::string name = IsPictureName(plain) && !stem.empty() ? stem : plain;
    return {name, "", MaskOf(name)};
  }

 private:
  std::optional<ListedFile> Image(const std::string& text) const {
    if (text.empty()) return std::nullopt;
    if (auto found = InTable(images_, text)) return found;
    return InRoots(text);
  }

  /// A picture that stands elsewhere.
  std::optional<ListedFile> InRoots(const std::string& text) const {
    if (!IsPictureName(text)) return std::nullopt;
    const std::string plain = WithoutFront(text);
    if (FileExists(text)) return {{PictureStem(plain), text}};
    for (const std::string& root : roots_) {
      const std::string path = JoinPath(root, plain);
      if (FileExists(path)) return {{PictureStem(plain), path}};
    }
    return std::nullopt;
  }

  std::string MaskOf(const std::string& stem) const {
    for (const auto& table : masks_) {
      if (const auto* entry = table->Find(stem)) return table->Path(*entry);
    }
    return "";
  }

  std::optional<PairFiles> Split(const std::string& line, size_t at, size_t number) const {
    const auto trimmed = [](std::string text) {
      text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
      text.resize(text.find_last_not_of(" \t") + 1);
      return text;
    };
    const std::string first = trimmed(line.substr(0, at)), second = trimmed(line.substr(at + 1));
    if (second.empty()) return std::nullopt;
    const auto image = Image(first);
    if (!image) return std::nullopt;
    for (const auto& table : masks_) {
      if (const auto mask = InTable(*table, second))
        return {{image->stem, image->path, mask->path}};
    }
    if (const auto mask = InRoots(second)) return {{image->stem, image->path, mask->path}};
    if (!IsPictureName(second)) {
      throw Error(list_, ": entry ", number, " is \"", line, "\": \"", first,
                  "\" is an image, but \"", second,
                  "\" no mask; a line is an image, or an image and its mask");
    }
    const std::string& root = roots_.front();
    return {{image->stem, image->path, JoinPath(root, WithoutFront(second))}};
  }

  const std::string& list_;
  const FileTable& images_;
  const MaskTables& masks_;
  std::vector<std::string> roots_;
};

void RefuseItself(const PairFiles& pair) {
  if (pair.image.empty() || pair.image != pair.mask) return;
  throw Error(pair.image,
              ": would be image and mask at once; name the masks' folder with \"masks\", or their ",
              "names with \"mask_pattern\", as in \"{stem}_mask\"");
}

}  // namespace

std::vector<PairFiles> AllPairs(const FileTable& images, const MaskTables& masks) {
  const std::vector<FileTable::Entry>& entries = images.entries();
  std::unordered_set<std::string_view> taken;  // files that are masks
  for (const auto& table : masks) {
    if (table->folder() != images.folder() || table->pattern() == images.pattern()) continue;
    for (const FileTable::Entry& entry : table->entries()) {
      if (images.Find(entry.stem) != nullptr) taken.insert(entry.file);
    }
  }
  std::vector<PairFiles> pairs;
  pairs.reserve(entries.size() - taken.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!taken.empty() && taken.count(entries[i].file) != 0) continue;
    if (i > 0 && entries[i - 1].stem == entries[i].stem) {
      throw Error(images.folder(), ": ", entries[i - 1].file, " and ", entries[i].file,
                  " have the same name but for the extension; take one out");
    }
    PairFiles pair{entries[i].stem, images.Path(entries[i]), ""};
    for (size_t k = 0; k < masks.size() && pair.mask.empty(); ++k) {
      if (const auto* mask = masks[k]->Find(pair.name)) pair.mask = masks[k]->Path(*mask);
    }
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) {
    throw Error(images.folder(), ": holds no image",
                images.pattern() == "{stem}" ? "" : " named " + images.pattern(), " (",
                Join(PictureExtensions()), ")");
  }
  RefuseItself(pairs.front());
  return pairs;
}

std::vector<PairFiles> ListedPairs(const std::string& list, const FileTable& images,
                                   const MaskTables& masks, const std::vector<std::string>& roots,
                                   bool first_column) {
  std::vector<std::string> lines = ReadLines(list);
  if (first_column) {
    std::erase_if(lines, [](const std::string& line) { return line.front() == '#'; });
    for (std::string& line : lines) line.resize(std::min(line.find_first_of(" \t"), line.size()));
  }
  if (lines.empty()) throw Error(list, ": the list is empty, it must name one sample a line");
  const ListReader reader(list, images, masks, roots);
  std::vector<PairFiles> pairs;
  pairs.reserve(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) pairs.push_back(reader.Read(lines[i], i + 1));
  std::unordered_map<std::string_view, size_t> seen;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto [earlier, is_new] = seen.emplace(pairs[i].name, i);
    if (!is_new) {
      throw Error(list, ": \"", pairs[i].name, "\" is entry ", earlier->second + 1,
                  " and again entry ", i + 1, "; take one out");
    }
  }
  RefuseItself(pairs.front());
  return pairs;
}

bool AllHaveImages(const std::vector<PairFiles>& pairs) {
  return std::none_of(pairs.begin(), pairs.end(),
                      [](const PairFiles& pair) { return pair.image.empty(); });
}

bool AllHaveMasks(const std::vector<PairFiles>& pairs) {
  return std::none_of(pairs.begin(), pairs.end(),
                      [](const PairFiles& pair) { return pair.mask.empty(); });
}

}  // namespace seglab
