#include "collectors/linux/file_times.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace sqlite_exporter {

namespace {

double seconds_of(const statx_timestamp& time) {
  constexpr double kNanosecond = 1e-9;
  return static_cast<double>(time.tv_sec) + time.tv_nsec * kNanosecond;
}

}  // namespace

std::optional<FileTimes> file_times_of(const std::string& path) {
  struct statx status{};
  constexpr unsigned kWanted = STATX_BTIME | STATX_CTIME;
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, kWanted, &status) != 0)
    return std::nullopt;
  FileTimes times;
  if ((status.stx_mask & STATX_BTIME) != 0) times.born = seconds_of(status.stx_btime);
  times.changed = seconds_of(status.stx_ctime);
  return times;
}

}  // namespace sqlite_exporter
