/// The wall clock as Prometheus counts it.
#pragma once

#include <chrono>

namespace sqlite_exporter {

/// Seconds since 1970-01-01 UTC; may jump where the machine's clock is set.
inline double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace sqlite_exporter
