#include "collectors/linux/birth_time.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace sqlite_exporter {

std::optional<double> birth_time_of(const std::string& path) {
  struct statx status{};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0)
    return std::nullopt;
  constexpr double kNanosecond = 1e-9;
  return static_cast<double>(status.stx_btime.tv_sec) + status.stx_btime.tv_nsec * kNanosecond;
}

}  // namespace sqlite_exporter
