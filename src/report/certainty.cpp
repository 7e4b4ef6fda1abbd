#include "report/certainty.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/names.h"
#include "metrics/image_counts.h"
#include "report/columns.h"
#include "report/short_names.h"

namespace seglab {
namespace {

constexpr double kSignificant = 0.05;
constexpr Interval kNoInterval = {NAN, NAN, NAN};

/// The runs of a group with the counts of their images.
struct Group {
  std::string name;
  std::vector<EvaluatedImages> images;
  std::vector<double> scores;  ///< mean IU in percent, of each seed
  AbsentPolicy policy = AbsentPolicy::kUnion;

  Evaluations evaluations() const {
    Evaluations all;
    for (const EvaluatedImages& one : images) all.push_back(&one);
    return all;
  }
};

AbsentPolicy PolicyOf(const RunResult& run) {
  const Json& metrics = run.metrics;
  const Json name = metrics.is_object() ? metrics.value("absent_policy", Json()) : Json();
  return name.is_string() ? ParseAbsentPolicy(name.get<std::string>()) : AbsentPolicy::kUnion;
}

/// The group of a run, in the order in which they first appear.
Group& Of(std::vector<Group>& groups, const std::string& name) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&name](const Group& group) { return group.name == name; });
  if (found != groups.end()) return *found;
  groups.emplace_back();
  groups.back().name = name;
  return groups.back();
}

Interval InPercent(Interval interval) {
  interval.value *= 100;
  interval.low *= 100;
  interval.high *= 100;
  return interval;
}

std::vector<Group> ReadGroups(const ExperimentResult& result, std::vector<std::string>& notes) {
  std::vector<Group> groups;
  std::vector<std::string> without;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run)) continue;
    const std::string path = JoinPath(run.folder, ImageCountsFile(run.evaluation));
    if (!FileExists(path)) {
      without.push_back(run.name);
      continue;
    }
    EvaluatedImages images;
    try {
      images = ReadImageCounts(path);
    } catch (const Error& error) {
      notes.push_back(StrCat(run.name, " is left out: ", error.what(), "."));
      continue;
    }
    Group& group = Of(groups, run.group);
    group.images.push_back(std::move(images));
    group.scores.push_back(100 * MetricValue(run.metrics, "mean_iou"));
    group.policy = PolicyOf(run);
  }
  if (!without.empty())
    notes.push_back("Without counts of each image, of an older release: " + Join(without) + ".");
  return groups;
}

/// One for each column; none of scores that do not follow from counts.
std::vector<Interval> IntervalsOf(const Group& group, const std::vector<std::string>& columns,
                                  const StatisticsOptions& options) {
  std::vector<std::string> counted;
  std::copy_if(columns.begin(), columns.end(), std::back_inserter(counted), IsCounted);
  const std::vector<Interval> found = BootstrapIntervals(group.evaluations(), counted, options);
  std::vector<Interval> intervals;
  size_t next = 0;
  for (const std::string& column : columns)
    intervals.push_back(IsCounted(column) ? InPercent(found[next++]) : kNoInterval);
  return intervals;
}

/// Which rows are compared.
std::vector<std::pair<size_t, size_t>> PairsOf(const std::vector<Group>& groups,
                                               const std::string& baseline) {
  constexpr size_t kFew = 5;
  std::vector<std::pair<size_t, size_t>> pairs;
  const auto named = std::find_if(groups.begin(), groups.end(), [&baseline](const Group& group) {
    return group.name == baseline;
  });
  if (named != groups.end()) {
    const auto at = static_cast<size_t>(named - groups.begin());
    for (size_t i = 0; i < groups.size(); ++i) {
      if (i != at) pairs.emplace_back(at, i);
    }
    return pairs;
  }
  const auto mean = [](const Group& group) {
    double sum = 0;
    for (double score : group.scores) sum += score;
    const double all = sum / static_cast<double>(group.scores.size());
    return std::isfinite(all) ? all : -1;
  };
  const auto best = static_cast<size_t>(
      std::max_element(groups.begin(), groups.end(),
                       [&mean](const Group& a, const Group& b) { return mean(a) < mean(b); }) -
      groups.begin());
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = i + 1; j < groups.size(); ++j) {
      if (groups.size() <= kFew || i == best || j == best) pairs.emplace_back(i, j);
    }
  }
  return pairs;
}

std::string PText(double p) {
  if (!std::isfinite(p)) return "p unknown";
  if (p < 0.001) return "p < 0.001";
  return "p = " + Fixed(p, p < 0.1 ? 3 : 2);
}

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json IntervalJson(const Interval& interval) {
  return {{"value", Number(interval.value)},
          {"low", Number(interval.low)},
          {"high", Number(interval.high)}};
}

}  // namespace

bool PairCertainty::IsBeyondNoise() const {
  return images.p < kSignificant && !(seeds.p >= kSignificant);
}

Certainty MakeCertainty(const ExperimentResult& result) {
  Certainty certainty;
  const std::vector<Group> groups = ReadGroups(result, certainty.notes);
  if (groups.empty()) return certainty;
  StatisticsOptions options;
  for (const Group& group : groups) {
    options.policy = group.policy;
    RowCertainty row{group.name, {}};
    const bool same_images = std::all_of(
        group.images.begin(), group.images.end(),
        [&group](const auto& other) { return SameImages(group.images.front(), other); });
    if (same_images) {
      row.columns = IntervalsOf(group, result.columns, options);
    } else {
      certainty.notes.push_back(group.name + ": its seeds were scored on other images.");
      row.columns.assign(result.columns.size(), kNoInterval);
    }
    certainty.rows.push_back(std::move(row));
  }
  std::vector<double> p;
  for (const auto& [i, j] : PairsOf(groups, result.baseline)) {
    const Group &first = groups[i], &second = groups[j];
    Evaluations all = first.evaluations();
    const Evaluations more = second.evaluations();
    all.insert(all.end(), more.begin(), more.end());
    const bool comparable = first.policy == second.policy &&
                            std::all_of(all.begin(), all.end(), [&](const EvaluatedImages* one) {
                              return SameImages(*all.front(), *one);
                            });
    if (!comparable) {
      certainty.notes.push_back(StrCat(first.name, " and ", second.name,
                                       ": not compared, other images or another policy."));
      continue;
    }
    options.policy = first.policy;
    PairCertainty pair{first.name, second.name,
                       Compare(first.evaluations(), second.evaluations(), options),
                       CompareSeeds(first.scores, second.scores)};
    pair.images.difference = InPercent(pair.images.difference);
    p.push_back(pair.images.p);
    certainty.pairs.push_back(std::move(pair));
  }
  const std::vector<double> adjusted = HolmAdjusted(p);
  for (size_t i = 0; i < adjusted.size(); ++i) certainty.pairs[i].images.p = adjusted[i];
  return certainty;
}

std::string PairSentence(const PairCertainty& pair) {
  const Interval& d = pair.images.difference;
  const bool second_wins = d.value >= 0;
  const std::string& winner = second_wins ? pair.second : pair.first;
  const std::string& loser = second_wins ? pair.first : pair.second;
  const std::string half = std::isfinite(d.low) ? " ± " + FormatPercent((d.high - d.low) / 2) : "";
  const std::string apart = FormatPercent(std::abs(d.value)) + half + " mean IU";
  const std::string p = PText(pair.images.p);
  std::string text = pair.IsBeyondNoise()
                         ? winner + " beats " + loser + " by " + apart + " (" + p + ")"
                         : winner + " and " + loser + ": " + apart + " apart, noise (" + p;
  if (!pair.IsBeyondNoise()) {
    if (std::isfinite(pair.seeds.p)) text += " over images, " + PText(pair.seeds.p) + " over seeds";
    text += ")";
    if (pair.seeds.seeds_needed > 0 && pair.seeds.p >= kSignificant)
      text += StrCat("; ", pair.seeds.seeds_needed, " seeds of each would tell");
  } else if (std::isfinite(pair.seeds.p)) {
    text.back() = ' ';
    text += "over images, " + PText(pair.seeds.p) + " over seeds)";
  }
  return text + ".";
}

PairCertainty WithShortNames(const PairCertainty& pair, const Certainty& certainty) {
  constexpr size_t kLongest = 60;
  std::vector<std::string> names;
  for (const RowCertainty& row : certainty.rows) names.push_back(row.group);
  const std::vector<std::string> shown = ShortNames(names, kLongest);
  PairCertainty renamed = pair;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == pair.first) renamed.first = shown[i];
    if (names[i] == pair.second) renamed.second = shown[i];
  }
  return renamed;
}

std::string CertaintyText(const Certainty& certainty, const std::vector<std::string>& columns) {
  if (certainty.rows.empty()) return "";
  const auto at = std::find(columns.begin(), columns.end(), "mean_iou");
  std::string text;
  if (at != columns.end()) {
    const auto column = static_cast<size_t>(at - columns.begin());
    text += "\nmean IU, 95 % interval over images\n";
    for (const RowCertainty& row : certainty.rows) {
      const Interval& interval = row.columns[column];
      text += "  " + row.group + ": " + FormatPercent(interval.value) +
              (std::isfinite(interval.low) ? " [" + FormatPercent(interval.low) + ", " +
                                                 FormatPercent(interval.high) + "]\n"
                                           : ", too few images for an interval\n");
    }
  }
  for (const PairCertainty& pair : certainty.pairs)
    text += PairSentence(WithShortNames(pair, certainty)) + "\n";
  if (certainty.pairs.size() > 1)
    text += StrCat("p: paired permutation over images, corrected for ", certainty.pairs.size(),
                   " pairs (Holm); ±: half of a 95 % interval\n");
  for (const std::string& note : certainty.notes) text += note + "\n";
  return text;
}

Json CertaintyJson(const Certainty& certainty, const std::vector<std::string>& columns) {
  Json rows = Json::array(), pairs = Json::array();
  for (const RowCertainty& row : certainty.rows) {
    Json json = {{"group", row.group}};
    for (size_t c = 0; c < columns.size(); ++c) {
      if (IsCounted(columns[c])) json[columns[c]] = IntervalJson(row.columns[c]);
    }
    rows.push_back(std::move(json));
  }
  for (const PairCertainty& pair : certainty.pairs) {
    pairs.push_back({{"first", pair.first},
                     {"second", pair.second},
                     {"difference", IntervalJson(pair.images.difference)},
                     {"p", Number(pair.images.p)},
                     {"exact", pair.images.exact},
                     {"p_seeds", Number(pair.seeds.p)},
                     {"seeds_needed", pair.seeds.seeds_needed},
                     {"beyond_noise", pair.IsBeyondNoise()}});
  }
  return {{"level", 0.95}, {"rows", std::move(rows)}, {"pairs", std::move(pairs)}};
}

}  // namespace seglab
