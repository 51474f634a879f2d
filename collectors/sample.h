/// What the sampler knows of one database: its latest readings, handed to the full look by value.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "collectors/base/result.h"
#include "collectors/guarded.h"
#include "collectors/linux/file.h"
#include "collectors/wal_counters.h"

namespace sqlite_exporter {

/// Descriptors of an attached database. Kept only while an application keeps it attached: one held
/// on an idle file blocks umount and pins the blocks of an unlinked one (law 5).
struct HeldFiles {
  File database;
  FileIdentity database_identity;
  File shm;
  FileIdentity shm_identity;
};

struct Sample {
  /// The last successful sample, or when its database was first given to sample.
  std::chrono::steady_clock::time_point taken;
  /// Why the last sample said nothing. Not set by a busy moment: that is only a sample missed.
  std::optional<Error> error;
  WalTotals totals;
  bool attached = false;   ///< somebody held the dead man's switch at the last sample
  double last_commit = 0;  ///< when iChange was last seen to move, unix seconds; 0: never
  std::shared_ptr<const HeldFiles> held;  ///< null while nobody is attached
};

/// Written by the sampler, read by the full look.
using SampleCell = Guarded<Sample>;

}  // namespace sqlite_exporter
