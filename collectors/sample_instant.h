/// When a sample is taken, and for how long it stands.
#pragma once

#include <chrono>

namespace sqlite_exporter {

struct SampleInstant {
  double unix_time = 0;  ///< seconds
  std::chrono::steady_clock::time_point steady;
  /// The length of the period whose random instant this is, fixed before the look; 0 where samples
  /// do not fall on random instants.
  std::chrono::steady_clock::duration credit{0};
  int own_reader = 0;  ///< pid of our own SQL worker at this instant, 0 if there is none
  /// Else descriptors are scarce: what is open is closed, and nothing stays open.
  bool may_keep_files = true;
};

}  // namespace sqlite_exporter
