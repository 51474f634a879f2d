/// Who keeps others from committing in rollback mode ("database is locked").
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/collector.h"
#include "collectors/look.h"

namespace sqlite_exporter {

enum class CommitCause : std::uint8_t {
  reader,  ///< commits wait or fail until its read transaction ends
  writer,  ///< its write transaction is open
};

/// One who is in the way, as the look and the samples before it agree.
struct CommitBlocker {
  CommitCause cause = CommitCause::reader;
  double seconds = 0;                           ///< at least so long
  std::chrono::steady_clock::time_point since;  ///< at the latest
  int pid = 0;                                  ///< 0 or below where none can be told
  Owner owner;                                  ///< empty where it cannot be told
  bool stopped = false;                         ///< what it holds it keeps until it is continued
  bool frozen = false;                          ///< or until its cgroup is thawed
};

/// Nobody in WAL mode, where readers keep no writer from committing, and under exclusive locking.
std::optional<CommitBlocker> commit_reader(const Look& look);
std::optional<CommitBlocker> commit_writer(const Look& look);

/// From so long on it is told: applications that set a busy timeout at all commonly set 5 s.
inline constexpr double kLongWait = 5;

extern const Collector kCommitsCollector;

}  // namespace sqlite_exporter
