#include "exporter/cpu_shortage.h"

#include <algorithm>
#include <string>
#include <utility>

#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOfFile = 64U << 10U;

/// A shorter one cannot have waited for long enough (`ThreadWatch::kLeastWait`).
constexpr std::chrono::milliseconds kLongPass(200);

std::uint64_t growth(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

/// What one limit did between the two readings; 0 periods if one of them does not have it.
CpuThrottling growth(const std::vector<CpuThrottling>& before, const CpuThrottling& after) {
  CpuThrottling grown;
  grown.path = after.path;
  grown.above = after.above;
  const auto known = std::ranges::find(before, after.path, &CpuThrottling::path);
  if (known == before.end()) return grown;
  grown.periods = growth(known->periods, after.periods);
  grown.throttled_periods =
      std::min(growth(known->throttled_periods, after.throttled_periods), grown.periods);
  return grown;
}

/// By the share of their periods.
bool is_throttled_more(const CpuThrottling& one, const CpuThrottling& other) {
  return static_cast<double>(one.throttled_periods) * static_cast<double>(other.periods) >
         static_cast<double>(other.throttled_periods) * static_cast<double>(one.periods);
}

}  // namespace

CpuPressure read_cpu_pressure() {
  CpuPressure pressure;
  pressure.time = std::chrono::steady_clock::now();
  // Found anew each time: the process may have been moved into another one.
  pressure.limits = read_own_cpu_throttling("/proc", "/sys");
  if (const Result<std::string> text = read_text("/proc/pressure/cpu", kMostOfFile))
    pressure.waiting_seconds = parse_pressure(*text).waiting;
  return pressure;
}

void CpuWatch::pass_goes_on(std::chrono::steady_clock::duration lasted) {
  if (!before_ && lasted >= kLongPass) before_ = read_cpu_pressure();
}

void CpuWatch::waited(std::chrono::steady_clock::duration waited,
                      std::chrono::steady_clock::duration observed) {
  short_ = true;
  if (waited <= waited_) return;
  waited_ = waited;
  observed_ = observed;
}

std::optional<CpuShortage> CpuWatch::end_pass() {
  const std::optional<CpuPressure> before = std::exchange(before_, std::nullopt);
  const auto waited = std::exchange(waited_, {});
  const auto observed = std::exchange(observed_, {});
  if (!std::exchange(short_, false)) return std::nullopt;
  CpuShortage shortage = before ? shortage_between(*before, read_cpu_pressure()) : CpuShortage();
  shortage.waited = waited;
  shortage.observed = observed;
  return shortage;
}

CpuShortage shortage_between(const CpuPressure& before, const CpuPressure& after) {
  CpuShortage shortage;
  for (const CpuThrottling& limit : after.limits) {
    CpuThrottling grown = growth(before.limits, limit);
    if (grown.periods == 0) continue;
    const bool is_first = shortage.limit.periods == 0;
    if (is_first || is_throttled_more(grown, shortage.limit)) shortage.limit = std::move(grown);
  }
  const double seconds = std::chrono::duration<double>(after.time - before.time).count();
  if (before.waiting_seconds && after.waiting_seconds && seconds > 0)
    shortage.node_pressure =
        std::clamp((*after.waiting_seconds - *before.waiting_seconds) / seconds, 0.0, 1.0);
  return shortage;
}

}  // namespace sqlite_exporter
