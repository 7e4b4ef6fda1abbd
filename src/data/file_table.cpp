#include "data/file_table.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStem = "{stem}";
const std::string kPng = ".png";
constexpr int kMaxDepth = 16;       // folders in folders
constexpr int kMaxLooks = 20;       // hints that look through all files
constexpr int kNeighbours = 64;     // files looked at by later hints
constexpr size_t kMaxNames = 2000;  // names whose distances are measured

char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EndsWithoutCase(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() &&
         std::equal(ending.begin(), ending.end(), text.end() - ending.size(),
                    [](char a, char b) { return a == LowerOf(b); });
}

/// The ending of a picture's name, or "".
std::string_view PictureEnding(std::string_view name) {
  const size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || name[dot] != '.' || dot == 0) return {};
  const std::string_view ending = name.substr(dot);
  for (const std::string& known : PictureExtensions()) {
    if (ending.size() == known.size() && EndsWithoutCase(ending, known)) return ending;
  }
  return {};
}

/// A folder and those below it.
class Walk {
 public:
  Walk(const FileTableOptions& options, std::vector<FileTable::Entry>& entries)
      : options_(options), entries_(entries) {
    const size_t at = options.pattern.find(kStem);
    before_ = options.pattern.substr(0, at);
    after_ = options.pattern.substr(at + kStem.size());
    std::error_code error;
    if (!options.without.empty()) without_ = fs::weakly_canonical(options.without, error);
  }

  /// @param prefix  the folder relative to the first one, with "/" behind, or ""
  void Look(const fs::path& folder, const std::string& prefix, int depth) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    std::vector<std::string> below;
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string& path = entry->path().native();
      std::string name = path.substr(path.find_last_of('/') + 1);
      if (IsSystemName(name)) continue;
      std::error_code unreadable;  // a dangling link is neither file nor folder
      if (entry->is_directory(unreadable)) {
        below.push_back(std::move(name));
      } else if (entry->is_regular_file(unreadable)) {
        Add(prefix, name);
      }
    }
    if (error) {
      throw Error(folder.string(), ": cannot list this folder, ", error.message(),
                  "; check the path");
    }
    above_.push_back(folder);
    for (const std::string& name : below) LookBelow(folder / name, prefix + name + "/", depth);
    above_.pop_back();
  }

 private:
  void LookBelow(const fs::path& folder, const std::string& prefix, int depth) {
    std::error_code error;
    const bool link = fs::is_symlink(folder, error);
    if (!without_.empty() || link) {
      const fs::path real = fs::weakly_canonical(folder, error);
      if (real == without_) return;
      // A link to a folder above would be followed for ever.
      if (link && IsAbove(real)) return;
    }
    if (depth < kMaxDepth) Look(folder, prefix, depth + 1);
  }

  bool IsAbove(const fs::path& real) const {
    return std::any_of(above_.begin(), above_.end(), [&real](const fs::path& folder) {
      std::error_code error;
      return fs::weakly_canonical(folder, error) == real;
    });
  }

  void Add(const std::string& prefix, const std::string& name) {
    std::string_view stem = name;
    if (const std::string_view ending = PictureEnding(name); !ending.empty()) {
      stem.remove_suffix(ending.size());
    } else if (!options_.more_extension.empty() && EndsWithoutCase(name, options_.more_extension)) {
      stem.remove_suffix(options_.more_extension.size());
    } else {
      return;
    }
    if (stem.size() <= before_.size() + after_.size() || !stem.starts_with(before_) ||
        !stem.ends_with(after_)) {
      return;
    }
    stem.remove_prefix(before_.size());
    stem.remove_suffix(after_.size());
    entries_.push_back({prefix + std::string(stem), prefix + name});
  }

  const FileTableOptions& options_;
  std::vector<FileTable::Entry>& entries_;
  std::string before_, after_;
  fs::path without_;
  std::vector<fs::path> above_;  // the folder looked at and those it lies in
};

/// The name behind the last "/".
std::string_view BaseName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

const std::vector<std::string>& PictureExtensions() {
  static const std::vector<std::string> extensions = {".jpg",  ".jpeg", ".png", ".bmp",  ".tif",
                                                      ".tiff", ".webp", ".jpe", ".jfif", ".dib",
                                                      ".ppm",  ".pgm",  ".pbm", ".pnm",  ".jp2"};
  return extensions;
}

bool IsPictureName(std::string_view name) { return !PictureEnding(name).empty(); }

std::string PictureStem(std::string_view path) {
  return std::string(path.substr(0, path.size() - PictureEnding(path).size()));
}

bool IsSystemName(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {"thumbs.db", "ehthumbs.db",
                                                             "desktop.ini", "__macosx", "@eadir"};
  if (name.empty() || name.front() == '.') return true;
  return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view known) {
    return name.size() == known.size() && EndsWithoutCase(name, known);
  });
}

void CheckPattern(const std::string& pattern, const std::string& where) {
  const size_t at = pattern.find(kStem);
  if (at == std::string::npos || pattern.find(kStem, at + 1) != std::string::npos) {
    throw Error(where, ": \"", pattern,
                "\" must hold {stem} once, the name without its ending, as in {stem}_mask");
  }
  if (pattern.find('/') != std::string::npos) {
    throw Error(where, ": \"", pattern, "\" names files, not folders; give \"images\" and ",
                "\"masks\" the folders");
  }
  if (IsPictureName(pattern)) {
    throw Error(where, ": \"", pattern, "\" is a name without ending, every kind of picture is ",
                "found: ", PictureStem(pattern));
  }
}

FileTable::FileTable(const std::string& folder, FileTableOptions options)
    : folder_(folder), options_(std::move(options)) {
  CheckPattern(options_.pattern, folder);
  Walk(options_, entries_).Look(folder, "", 0);
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.stem != b.stem ? a.stem < b.stem : a.file < b.file;
  });
  by_stem_.reserve(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) by_stem_.emplace(entries_[i].stem, i);
}

const FileTable::Entry* FileTable::Find(const std::string& stem) const {
  const auto found = by_stem_.find(stem);
  if (found == by_stem_.end()) return nullptr;
  const std::string& wanted = options_.more_extension.empty() ? kPng : options_.more_extension;
  for (size_t i = found->second; i < entries_.size() && entries_[i].stem == stem; ++i) {
    if (EndsWithoutCase(entries_[i].file, wanted)) return &entries_[i];
  }
  return &entries_[found->second];
}

const FileTable::Entry* FileTable::FindListed(const std::string& text) const {
  if (const Entry* entry = Find(text)) return entry;
  const std::string stem = StemOf(text);
  const auto found = by_stem_.find(stem);
  if (stem.empty() || found == by_stem_.end()) return nullptr;
  for (size_t i = found->second; i < entries_.size() && entries_[i].stem == stem; ++i) {
    if (entries_[i].file == text) return &entries_[i];
  }
  return Find(stem);
}

std::string FileTable::Path(const Entry& entry) const { return JoinPath(folder_, entry.file); }

std::string FileTable::StemOf(std::string_view file) const {
  const size_t slash = file.find_last_of('/') + 1;
  const std::string name = PictureStem(file.substr(slash));
  const size_t at = options_.pattern.find(kStem);
  const std::string_view pattern = options_.pattern;
  const std::string_view before = pattern.substr(0, at), after = pattern.substr(at + kStem.size());
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
      !name.ends_with(after)) {
    return "";
  }
  return std::string(file.substr(0, slash)) +
         name.substr(before.size(), name.size() - before.size() - after.size());
}

const FileTable::Entry* FileTable::Twin(size_t i) const {
  if (i > 0 && entries_[i - 1].stem == entries_[i].stem) return &entries_[i - 1];
  if (i + 1 < entries_.size() && entries_[i + 1].stem == entries_[i].stem) return &entries_[i + 1];
  return nullptr;
}

std::string FileTable::Expected(const std::string& stem, const std::string& ending) const {
  const size_t slash = stem.find_last_of('/') + 1;
  std::string name = options_.pattern;
  name.replace(name.find(kStem), kStem.size(), stem.substr(slash));
  return JoinPath(folder_, stem.substr(0, slash) + name + ending);
}

const FileTable::Entry* FileTable::Nearest(const std::string& stem) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), stem,
                                   [](const Entry& e, const std::string& s) { return e.stem < s; });
  const size_t middle = at - entries_.begin();
  const bool all = looks_->fetch_add(1) < kMaxLooks;
  const size_t first = all || middle < kNeighbours ? 0 : middle - kNeighbours;
  const size_t last = all ? entries_.size() : std::min(entries_.size(), middle + kNeighbours);
  const std::string_view base = BaseName(stem);
  // A name with the stem in it is the likeliest; then one of the same name in another folder.
  const Entry* best = nullptr;
  for (size_t i = first; i < last && !base.empty(); ++i) {
    const std::string_view other = BaseName(entries_[i].stem);
    if (other.find(base) == std::string_view::npos) continue;
    if (best == nullptr || entries_[i].stem.size() < best->stem.size()) best = &entries_[i];
  }
  if (best != nullptr) return best;
  const size_t near = std::min(last, std::max(first, middle - std::min(middle, kMaxNames / 2)));
  std::vector<std::string> names;
  for (size_t i = near; i < last && names.size() < kMaxNames; ++i)
    names.push_back(entries_[i].stem);
  const std::string nearest = NearestName(stem, names);
  const auto found = by_stem_.find(nearest);
  return found == by_stem_.end() ? nullptr : &entries_[found->second];
}

std::string FileTable::Hint(const std::string& stem, const std::string& pattern_option) const {
  const Entry* nearest = entries_.empty() ? nullptr : Nearest(stem);
  if (nearest == nullptr) {
    // The same name with an ending that is no picture's, or by no pattern at all.
    const std::string beside = NearestPathHint(Expected(stem));
    if (!beside.empty() || !entries_.empty()) return beside;
    return "; " + folder_ + " holds no picture that is named so";
  }
  std::string hint = " (nearest: " + JoinPath(folder_, nearest->file) + ")";
  const std::string_view base = BaseName(stem);
  const std::string name = PictureStem(BaseName(nearest->file));
  const size_t at = base.empty() ? std::string::npos : name.find(base);
  if (pattern_option.empty() || at == std::string::npos || name.size() == base.size()) return hint;
  std::string pattern = name;
  pattern.replace(at, base.size(), kStem);
  return hint + "; \"" + pattern_option + "\": \"" + pattern + "\" finds it";
}

std::string NearestPathHint(const std::string& path) {
  const fs::path wanted(path);
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  const std::string name = wanted.filename().string();
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string other = entry->path().filename().string();
    if (IsSystemName(other)) continue;
    // The same name with another ending is nearer than a like one.
    if (other != name && Stem(other) == Stem(name)) {
      return " (nearest: " + (folder / other).string() + ")";
    }
    if (names.size() < kMaxNames) names.push_back(std::move(other));
  }
  std::sort(names.begin(), names.end());
  const std::string nearest = NearestName(name, names);
  return nearest.empty() ? "" : " (nearest: " + (folder / nearest).string() + ")";
}

}  // namespace seglab
