#include "data/audit.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <numeric>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/prefetch.h"
#include "data/image_file.h"
#include "data/masks.h"

namespace seglab {
namespace {

/// What one sample adds.
struct Finding {
  std::string name;
  std::string error;                     // empty: the sample is sound
  std::array<int64_t, 256> counts = {};  // pixels per label, or 1 for the category
  int height = 0;
  int width = 0;
  bool turned = false;  // by its EXIF orientation
};

Finding Look(const Dataset& dataset, int64_t index) {
  Finding finding;
  finding.name = dataset.Name(index);
  try {
    const Sample sample = dataset.Get(index);
    finding.height = sample.image.rows;
    finding.width = sample.image.cols;
    const std::vector<std::string> files = dataset.Files(index);
    finding.turned = !files.empty() && ReadOrientation(files.front()) != 1;
    const int classes = dataset.Labels().size();
    if (dataset.GetTask() == Task::kClassification) {
      if (sample.truth.CategoryIndex() < 0 || sample.truth.CategoryIndex() >= classes) {
        throw Error(finding.name, ": category ", sample.truth.CategoryIndex(),
                    " is out of range, there are ", classes, " classes");
      }
      finding.counts.at(sample.truth.CategoryIndex()) = 1;
      return finding;
    }
    if (sample.truth.LabelMap().size() != sample.image.size()) {
      throw Error(finding.name, ": the image is ", sample.image.cols, "x", sample.image.rows,
                  " pixels, its label map ", sample.truth.LabelMap().cols, "x",
                  sample.truth.LabelMap().rows);
    }
    CheckLabels(sample.truth.LabelMap(), classes, finding.name);
    for (int y = 0; y < sample.truth.LabelMap().rows; ++y) {
      const uint8_t* row = sample.truth.LabelMap().ptr<uint8_t>(y);
      for (int x = 0; x < sample.truth.LabelMap().cols; ++x) ++finding.counts[row[x]];
    }
  } catch (const Error& error) {
    finding.error = error.what();
  }
  return finding;
}

void KeepUpTo(size_t max_kept, std::vector<std::string>& kept, const std::string& text) {
  if (kept.size() < max_kept) kept.push_back(text);
}

void Add(const Finding& finding, size_t max_kept, Audit& audit) {
  ++audit.looked_at;
  if (!finding.error.empty()) {
    ++audit.error_count;
    KeepUpTo(max_kept, audit.errors, finding.error);
    return;
  }
  const bool first = audit.max_height == 0;
  audit.min_height = first ? finding.height : std::min(audit.min_height, finding.height);
  audit.turned_count += finding.turned ? 1 : 0;
  audit.min_width = first ? finding.width : std::min(audit.min_width, finding.width);
  audit.max_height = std::max(audit.max_height, finding.height);
  audit.max_width = std::max(audit.max_width, finding.width);

  int64_t labelled = 0;
  for (size_t i = 0; i < audit.counts.size(); ++i) {
    audit.counts[i] += finding.counts[i];
    labelled += finding.counts[i];
  }
  if (audit.task == Task::kClassification) return;
  audit.void_pixels += finding.counts[kIgnoreLabel];
  if (labelled == 0) {
    ++audit.all_void_count;
    KeepUpTo(max_kept, audit.all_void, finding.name);
  }
}

/// Lines "  text", and how many more there are.
void AppendKept(std::ostream& out, const std::vector<std::string>& kept, int64_t count) {
  for (const std::string& text : kept) out << "  " << text << '\n';
  const int64_t more = count - static_cast<int64_t>(kept.size());
  if (more > 0) out << "  and " << more << " more\n";
}

}  // namespace

std::vector<std::string> Audit::AbsentClasses(const LabelSet& labels) const {
  std::vector<std::string> absent;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) absent.push_back(labels.names.at(i));
  }
  return absent;
}

Audit AuditDataset(const Dataset& dataset, int64_t at_most, int threads, size_t max_kept) {
  const int64_t size = dataset.Size();
  const int64_t count = at_most > 0 ? std::min(at_most, size) : size;
  Audit audit;
  audit.task = dataset.GetTask();
  audit.counts.assign(dataset.Labels().size(), 0);
  // Sample k of `count` is number k * size / count, written so that the product cannot overflow.
  const auto look = [&dataset, size, count](int64_t k) {
    return Look(dataset, k * (size / count) + k * (size % count) / count);
  };
  OrderedPrefetch<Finding> findings(look, 0, count, std::max(threads, 0));
  while (std::optional<Finding> finding = findings.Next()) Add(*finding, max_kept, audit);
  return audit;
}

std::string AuditToText(const Audit& audit, const LabelSet& labels) {
  std::ostringstream out;
  const bool classification = audit.task == Task::kClassification;
  const int64_t counted = std::accumulate(audit.counts.begin(), audit.counts.end(), int64_t{0});
  const int64_t total = counted + audit.void_pixels;
  const auto percent = [total](int64_t n) { return total == 0 ? 0.0 : 100.0 * n / total; };

  size_t name_width = 5;
  for (const std::string& name : labels.names) name_width = std::max(name_width, name.size());
  const auto line = [&](const std::string& index, const std::string& name, int64_t n) {
    out << std::setw(5) << index << "  " << std::left << std::setw(static_cast<int>(name_width))
        << name << std::right << std::setw(15) << n << std::setw(8) << Fixed(percent(n), 2)
        << " %\n";
  };
  out << "label  " << std::left << std::setw(static_cast<int>(name_width)) << "class" << std::right
      << std::setw(15) << (classification ? "pictures" : "pixels") << std::setw(8) << "share"
      << '\n';
  for (size_t i = 0; i < audit.counts.size(); ++i) {
    line(std::to_string(i), labels.names.at(i), audit.counts[i]);
  }
  if (!classification) line(std::to_string(kIgnoreLabel), "void", audit.void_pixels);

  out << "samples read: " << audit.looked_at - audit.error_count << " of " << audit.looked_at
      << " looked at\n";
  if (audit.max_height > 0) {
    out << "sizes: width " << audit.min_width << " to " << audit.max_width << ", height "
        << audit.min_height << " to " << audit.max_height << " pixels\n";
  }
  if (audit.turned_count > 0) {
    out << "pictures with an EXIF orientation, which are read as people see them unless "
           "\"orientation\" says otherwise: "
        << audit.turned_count << '\n';
  }
  const std::vector<std::string> absent = audit.AbsentClasses(labels);
  if (!absent.empty()) out << "classes that never occur: " << Join(absent) << '\n';
  if (audit.all_void_count > 0) {
    out << "samples without one labelled pixel: " << audit.all_void_count << '\n';
    AppendKept(out, audit.all_void, audit.all_void_count);
  }
  if (audit.error_count > 0) {
    out << "errors: " << audit.error_count << '\n';
    AppendKept(out, audit.errors, audit.error_count);
  }
  if (absent.empty() && audit.all_void_count == 0 && audit.error_count == 0) {
    out << "no problem found\n";
  }
  return out.str();
}

}  // namespace seglab
