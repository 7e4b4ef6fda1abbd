#include "tensor/argmax_kernel.h"

#include <algorithm>

// Vectors whose length is known at compile time only.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/argmax_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seglab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One vector of pixels from `at` on.
HWY_INLINE bool ArgMaxLanes(const LogitRun& run, int64_t at, uint8_t* labels) {
  const hn::CappedTag<float, 16> tag;
  const auto low = hn::Set(tag, run.low), high = hn::Set(tag, run.high), zero = hn::Zero(tag);
  auto best = zero, label = zero, broken = zero;  // broken: NaN where a logit is not finite
  for (int64_t c = 0; c < run.classes; ++c) {
    auto logit = hn::LoadU(tag, run.upper + c * run.step + at);
    if (run.lower != nullptr) {
      logit = hn::Add(hn::Mul(low, logit),
                      hn::Mul(high, hn::LoadU(tag, run.lower + c * run.step + at)));
    }
    broken = hn::MulAdd(logit, zero, broken);
    if (c == 0) best = logit;
    const auto more = hn::Gt(logit, best);
    best = hn::IfThenElse(more, logit, best);
    label = hn::IfThenElse(more, hn::Set(tag, static_cast<float>(c)), label);
  }
  float numbers[16];
  hn::StoreU(label, tag, numbers);
  for (size_t i = 0; i < hn::Lanes(tag); ++i) labels[i] = static_cast<uint8_t>(numbers[i]);
  return hn::AllTrue(tag, hn::Eq(broken, zero));
}

bool ArgMaxRun(const LogitRun& run, uint8_t* labels) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(hn::CappedTag<float, 16>()));
  bool finite = true;
  int64_t at = 0;
  for (; at + lanes <= run.count; at += lanes) finite &= ArgMaxLanes(run, at, labels + at);
  if (at == run.count) return finite;
  if (at > 0) return ArgMaxLanes(run, run.count - lanes, labels + run.count - lanes) && finite;
  // Fewer pixels than a vector has.
  float upper[256 * 16] = {}, lower[256 * 16] = {};
  uint8_t few[16];
  LogitRun copy = run;
  for (int64_t c = 0; c < run.classes; ++c) {
    std::copy_n(run.upper + c * run.step, run.count, upper + c * lanes);
    if (run.lower != nullptr) std::copy_n(run.lower + c * run.step, run.count, lower + c * lanes);
  }
  copy.upper = upper;
  if (run.lower != nullptr) copy.lower = lower;
  copy.step = lanes;
  finite = ArgMaxLanes(copy, 0, few);
  std::copy_n(few, run.count, labels);
  return finite;
}

}  // namespace seglab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seglab {

HWY_EXPORT(ArgMaxRun);

bool ArgMaxRun(const LogitRun& run, uint8_t* labels) {
  return HWY_DYNAMIC_DISPATCH(ArgMaxRun)(run, labels);
}

}  // namespace seglab
#endif
