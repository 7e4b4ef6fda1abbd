#include "bench/result.h"

#include "base/error.h"
#include "base/format.h"

namespace seglab {
namespace {

std::string TimeText(double seconds) {
  if (seconds >= 1) return Significant(seconds, 3) + " s";
  if (seconds >= 1e-3) return Significant(1e3 * seconds, 3) + " ms";
  return Significant(1e6 * seconds, 3) + " us";
}

}  // namespace

std::string BenchResult::ToText() const {
  const double median = timing.Median();
  std::string text = StrCat(
      what, "\n  median   ", TimeText(median), " (fastest ", TimeText(timing.Fastest()),
      ", middle half ", TimeText(timing.Quantile(0.25)), " to ", TimeText(timing.Quantile(0.75)),
      ", slowest ", TimeText(timing.Slowest()), "; ", timing.repeats(), " repeats)\n  rate     ",
      Significant(items / median, 3), " ", item, "s a second\n");
  if (floor) {
    text += StrCat("  floor    ", TimeText(floor->seconds), ": ", floor->why, "; we take ",
                   Significant(median / floor->seconds, 3), " times as long\n");
  }
  for (const auto& [name, value] : figures.items()) {
    text += StrCat("  ", name, std::string(name.size() < 8 ? 9 - name.size() : 1, ' '),
                   value.is_string() ? value.get<std::string>() : value.dump(), "\n");
  }
  return text;
}

Json BenchResult::ToJson() const {
  Json json = {{"kind", kind},
               {"what", what},
               {"item", item},
               {"items", items},
               {"repeats", timing.repeats()},
               {"seconds",
                {{"median", timing.Median()},
                 {"fastest", timing.Fastest()},
                 {"slowest", timing.Slowest()},
                 {"quartiles", {timing.Quantile(0.25), timing.Quantile(0.75)}}}},
               {"items_per_second", items / timing.Median()}};
  if (floor) {
    json["floor"] = {{"seconds", floor->seconds},
                     {"why", floor->why},
                     {"ratio", timing.Median() / floor->seconds}};
  }
  json.update(figures);
  return json;
}

}  // namespace seglab
