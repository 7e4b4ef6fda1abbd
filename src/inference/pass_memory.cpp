#include "inference/pass_memory.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/format.h"
#include "base/memory.h"
#include "profile/profile.h"

namespace seglab {
namespace {

constexpr double kSmall = 1 << 20;     // pixels; passes below it are not looked at
constexpr int64_t kProbe = 257;        // pixels; the side of the image that is measured
constexpr int64_t kSmallWindow = 129;  // pixels; smaller windows are not advised

double SizeAt(int64_t length, double scale) {
  return std::max(std::round(static_cast<double>(length) * scale), 1.0);
}

}  // namespace

const PassMemory::Need& PassMemory::NeedOf(SegModel& model) {
  if (!need_) {
    const Profile profile = ProfileModel(model, kProbe, kProbe);
    const double image = 3 * sizeof(float);
    const double classes = profile.output.size() == 4 ? static_cast<double>(profile.output[1]) : 0;
    need_ = Need{static_cast<double>(profile.peak_activation_bytes) / (kProbe * kProbe) + image,
                 classes * sizeof(float)};
  }
  return *need_;
}

void PassMemory::Check(SegModel& model, const PredictOptions& options, int64_t images,
                       int64_t height, int64_t width, const std::string& name) {
  const double scale = *std::max_element(options.scales.begin(), options.scales.end());
  double rows = SizeAt(height, scale), columns = SizeAt(width, scale);
  const double scaled = rows * columns;
  if (options.window.size > 0) {
    rows = std::min<double>(rows, options.window.size);
    columns = std::min<double>(columns, options.window.size);
  }
  if (model.Tile() > 0) {  // one after the other, as windows
    rows = std::min<double>(rows, static_cast<double>(model.Tile()));
    columns = std::min<double>(columns, static_cast<double>(model.Tile()));
  }
  const bool in_windows = rows * columns < scaled;
  const double count = static_cast<double>(images);
  if (count * scaled < kSmall) return;

  const Need& need = NeedOf(model);
  const double type = options.precision == Precision::kBfloat16 ? 0.5 : 1;
  const double pass = count * rows * columns * need.pass * type;
  // The image that is cut or scaled and the sums of scores; a single pass holds its own.
  const bool has_sums = in_windows || options.Averages();
  const double whole = has_sums ? count * scaled * (12 + 2 * need.scores) : 0;
  if (pass + whole <= granted_) return;
  const double bytes_free = bytes_free_ < 0 ? AvailableMemory() : bytes_free_;
  if (pass + whole <= bytes_free) {
    granted_ = pass + whole;
    return;
  }
  const auto text = [](double bytes) { return FormatBytes(static_cast<int64_t>(bytes)); };
  const double whole_in_windows = count * scaled * (12 + 2 * need.scores);
  const double side =
      std::sqrt(std::max(bytes_free / 2 - whole_in_windows, 0.0) / (count * need.pass * type));
  const int64_t window = static_cast<int64_t>(side) / 32 * 32 + 1;
  const std::string advice =
      window >= kSmallWindow
          ? StrCat("cut it into windows (--set window=", window, ") or make it smaller")
          : "make the image smaller";
  throw Error(name, ": about ", text(pass + whole),
              " of memory is needed for a pass of the network over ", static_cast<int64_t>(rows),
              " x ", static_cast<int64_t>(columns), " pixels",
              images > 1 ? StrCat(" of ", images, " images") : "",
              whole > 0 ? StrCat(" and the scores of ", height, " x ", width) : "", ", ",
              text(bytes_free), " is free; ", advice);
}

}  // namespace seglab
