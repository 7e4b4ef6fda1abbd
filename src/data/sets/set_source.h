#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/image_file.h"
#include "data/pair_dataset.h"

namespace seglab {

/// What the data sets by name have in common.
struct SetOptions {
  std::string title;   ///< the data set's name, begins messages
  std::string root;    ///< folder that it was unpacked in
  std::string split;   ///< "" = the first that it knows
  std::string images;  ///< folder of images, below root or absolute
  std::string masks;   ///< folder of masks, below root or absolute
  int64_t limit = 0;   ///< use only the first n; 0 = all
  ImageView view = ImageView::kAsSeen;

  /// "root", "split", "images", "masks", "orientation", "limit"; what is set stays where they are
  /// absent. @throws Error
  void Read(JsonReader& reader);
  /// Of a set that has no other options. @throws Error
  static SetOptions FromJson(const Json& json, const std::string& path, const std::string& title,
                             const std::string& images, const std::string& masks);
};

/// How files are named, and how lists are read.
struct SetNames {
  std::string image_pattern = "{stem}", mask_pattern = "{stem}";
  std::string mask_extension;  ///< besides pictures': ".mat"
  std::string list;            ///< path of the list of the split, "" = all files
  bool first_column = false;   ///< of the list: more columns say other things
};

/// Looks up a set's files. The caller adds what values of masks mean.
/// @param layout  what the root must hold, for messages
/// @throws Error when a folder or the list is missing
PairSource FindSet(const SetOptions& options, const SetNames& names, LabelSet labels,
                   const std::string& layout);

/// A set of a folder of images, one of labels that count from 1 (pictures, or .mat), and lists
/// <split>.txt, "train" where none is named. @throws Error as FindSet
std::shared_ptr<const Dataset> MakeListedSet(const SetOptions& options, const LabelSet& labels,
                                             const std::string& layout);

/// @throws Error when `split` is none of `splits`; "" becomes the first
std::string CheckedSplit(const std::string& split, const std::vector<std::string>& splits,
                         const std::string& title);

/// Labels of names with "|" between them. @param colors  "rrggbb" a class, one behind the other; ""
/// = VOC's
LabelSet LabelTable(const char* names, const char* colors = "");

/// What a mask's 0 means is void and n is class n - 1.
void CountFromOne(PairSource& source);

}  // namespace seglab
