/// A database under observation: its name for good, its path, labels and state for now.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "collectors/look.h"
#include "collectors/sample.h"
#include "collectors/wal_watch.h"
#include "exporter/filesystem.h"

namespace sqlite_exporter {

struct PassJob;

struct Subject {
  std::string name;                           ///< the label `database`
  std::shared_ptr<const std::string> labels;  ///< rendered: `database="..."` and its own
  std::size_t entry = 0;                      ///< which `[[database]]` it comes from
  std::string matched_path;                   ///< what that entry's path or pattern gave
  std::string path;                           ///< its realpath; `matched_path` while it is absent
  RequiredOwner link_owner;                   ///< as `Found` has it

  std::shared_ptr<SampleCell> sample = std::make_shared<SampleCell>();
  bool sampled = false;  ///< by the sampler; else the full look takes its samples (remote mounts)
  FilesystemId filesystem = 0;  ///< that answers for it, if sampled

  /// Belongs to the job in flight while there is one, else to the loop thread.
  struct Kept {
    LookState look;
    std::unique_ptr<WalWatch> watch;  ///< only while not `sampled`
  };
  std::shared_ptr<Kept> kept = std::make_shared<Kept>();
  const PassJob* job = nullptr;  ///< the look job it is in now

  /// When its last look began that came to an end; never, before the first.
  std::chrono::steady_clock::time_point looked;
  /// Where the published snapshot has the readings of that look.
  struct Shown {
    std::size_t subject = 0;
    std::size_t readings = 0;  ///< how many; those of queries stand behind them
  };
  std::optional<Shown> shown;

  double modified = 0;    ///< mtime when discovery last came by, unix seconds
  double last_use = 0;    ///< under our eyes, unix seconds; 0: not so far
  bool excluded = false;  ///< found in one of `exclude_states`: looked at and not shown
};

}  // namespace sqlite_exporter
