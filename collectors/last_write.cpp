#include "collectors/last_write.h"

#include <algorithm>

namespace sqlite_exporter {

namespace {

/// File servers keep time nearly as we do, and a running clock is corrected in steps smaller yet.
constexpr double kClockTolerance = 1;

}  // namespace

std::optional<double> last_write_of(const Look& look) {
  std::optional<double> latest;
  const auto consider = [&](double time) {
    if (time <= look.unix_time + kClockTolerance) latest = std::max(latest.value_or(time), time);
  };
  if (!look.database) return std::nullopt;
  consider(look.database->modified);
  if (look.wal) consider(look.wal->modified);
  if (look.sample.last_commit > 0) consider(look.sample.last_commit);
  return latest;
}

}  // namespace sqlite_exporter
