#include "score_warnings.h"

#include "base/format.h"
#include "base/log.h"
#include "base/names.h"

namespace seglab {

void WarnOfScores(const ConfusionMatrix& matrix, const std::vector<std::string>& names,
                  int64_t ignored) {
  constexpr size_t kNamed = 10;
  std::vector<std::string> absent;
  for (int i = 0; i < matrix.classes(); ++i) {
    if (matrix.TruthTotal(i) == 0) absent.push_back(names.at(i));
  }
  if (!absent.empty()) {
    const size_t count = absent.size();
    if (count > kNamed) absent.resize(kNamed);
    Log::Warn(count, " of ", matrix.classes(), " classes have no true pixel (", Join(absent),
              count > kNamed ? ", ..." : "", "): the means are over the others, as --absent says; ",
              "are the raw values of the masks those of the classes?");
  }
  const int64_t all = matrix.Total() + ignored;
  if (ignored > matrix.Total()) {
    Log::Warn(
        Fixed(100.0 * static_cast<double>(ignored) / static_cast<double>(all), 1),
        " % of the true pixels are ignored and not scored; if they are of a class, \"values\" ",
        "says so: {\"255\": 1}");
  }
}

}  // namespace seglab
