#include <algorithm>
#include <iomanip>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "command_line.h"
#include "commands.h"
#include "data/audit.h"
#include "data/drawn_split.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/mend.h"
#include "data/registry.h"
#include "inference/upper_bounds.h"
#include "option_groups.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

void PrintDatasets() {
  for (const DatasetRow& row : DatasetRows()) {
    std::cout << "  " << std::left << std::setw(16) << row.name << row.summary;
    if (!row.splits.empty()) std::cout << " (splits: " << Join(row.splits) << ")";
    std::cout << "\n";
  }
}

/// Says which pictures of the split are in the one it is compared with, too.
void CompareSplits(const Dataset& dataset, const Json& spec, std::string against) {
  const bool chosen = !against.empty();
  if (!chosen) {
    if (spec.contains("split") && !spec["split"].is_string()) return;
    const std::string split = spec.value("split", "train");
    against = split == "train" ? "val" : "train";
    const std::vector<std::string> splits = SplitsOf(spec);
    if (std::find(splits.begin(), splits.end(), against) == splits.end()) return;
  }
  Json other = spec;
  other["split"] = against;
  std::shared_ptr<const Dataset> compared;
  try {
    compared = MakeDataset(other);
  } catch (const Error&) {
    if (chosen) throw;
    return;  // not there: nobody asked for it
  }
  const SharedPictures shared = FindSharedPictures(dataset, *compared);
  if (shared.count == 0) return;
  std::cout << "warning: " << shared.count << " of " << dataset.Size() << " pictures stand in \""
            << against << "\", too: " << Join(shared.names)
            << (shared.count > static_cast<int64_t>(shared.names.size()) ? ", ..." : "")
            << "; scores on what was trained on say nothing\n";
}

int Doctor(const Dataset& dataset, const Json& spec, int64_t limit, const std::string& against) {
  const Audit audit = AuditDataset(dataset, limit, UsableCores());
  std::cout << AuditToText(audit, dataset.Labels());
  CompareSplits(dataset, spec, against);
  std::string mend;
  for (const std::string& line : ProposeMends(dataset, audit)) {
    std::cout << "to mend it: " << line << "\n";
    if (mend.empty()) mend = "; to mend it: " + line;
  }
  if (!audit.errors.empty())
    throw Error(audit.error_count, " samples cannot be used, the first: ", audit.errors.front());
  const std::string hopeless = WhyHopeless(audit, dataset.Labels());
  if (!hopeless.empty())
    throw Error(spec.value("root", spec.value("name", "")), ": ", hopeless, mend);
  return 0;
}

void Export(const Dataset& dataset, int64_t limit, const std::string& out) {
  if (dataset.GetTask() == Task::kClassification)
    throw Error("data export: a classification data set has no masks");
  const std::string images = JoinPath(out, "images"), masks = JoinPath(out, "masks");
  CheckWritableFolder(out);
  MakeFolders(images);
  MakeFolders(masks);
  const int64_t count = limit > 0 ? std::min(limit, dataset.Size()) : dataset.Size();
  Progress progress("exporting", count);
  for (int64_t i = 0; i < count; ++i) {
    if (const int signal = StopRequested()) throw Stopped(signal, "export stopped");
    const Sample sample = dataset.Get(i);
    if (const size_t slash = sample.name.rfind('/'); slash != std::string::npos) {
      MakeFolders(JoinPath(images, sample.name.substr(0, slash)));
      MakeFolders(JoinPath(masks, sample.name.substr(0, slash)));
    }
    WriteImage(JoinPath(images, sample.name + ".png"), sample.image);
    WriteMask(JoinPath(masks, sample.name + ".png"), sample.truth.LabelMap(), dataset.Labels());
    progress.Update(i + 1);
  }
  const Json classes = {{"names", dataset.Labels().names}, {"palette", dataset.Labels().palette}};
  WriteFileAtomically(JoinPath(out, "classes.json"), JsonText(classes));
}

}  // namespace

int DataCommand(const Args& args) {
  std::vector<std::string> actions, settings;
  std::string against, out;
  DataOptions data("", "look at");
  int64_t limit = 0;
  CommandLine line(
      "data list | doctor --dataset NAME ... | bounds --dataset NAME ... | export --dataset NAME "
      "... --out DIR",
      "Lists the data sets; looks a data set over for faults; says what coarse networks can reach "
      "on it; writes it as a folder data set.");
  data.AddTo(line);
  line.Positional(&actions, 1, 1)
      .Option("against", &against,
              "doctor: split in which no picture of this one may stand; \"\" = train or val")
      .Many("set", &settings, "an option of the data set, e.g. --set height=256")
      .Option("limit", &limit, "look at this many samples; 0 = all")
      .Option("out", &out, "export: folder to write");
  if (!line.Parse(args)) return 0;
  if (actions[0] == "list") {
    PrintDatasets();
    return 0;
  }
  const std::vector<std::string> known = {"list", "doctor", "bounds", "export"};
  if (std::find(known.begin(), known.end(), actions[0]) == known.end())
    throw UsageError("data: ", UnknownName("action", actions[0], known));
  const Json spec = data.Spec(line, settings);
  const std::shared_ptr<const Dataset> dataset = MakeDataset(spec);
  if (actions[0] == "doctor") return Doctor(*dataset, spec, limit, against);
  if (actions[0] == "bounds") {
    const auto some = FirstSamples(dataset, limit);
    const auto bounds =
        UpperBounds(some, {128, 64, 32, 16, 8, 4}, AbsentPolicy::kUnion, UsableCores());
    std::cout << UpperBoundsText(bounds, some->Size());
    return 0;
  }
  if (out.empty()) throw UsageError("data export: --out is missing");
  Export(*dataset, limit, out);
  return 0;
}

}  // namespace seglab
