/// Who holds what of a database: by name where the processes are known, else by pid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/owner.h"
#include "exporter/inspect/observation.h"

namespace sqlite_exporter {

/// A process that has the database open, as far as it is known.
struct NamedProcess {
  int pid = 0;  ///< 0: in another pid namespace; -1: an open file description lock
  Owner owner;
  std::optional<double> start_time;  ///< unix seconds
  bool stopped = false;              ///< what it holds it keeps until it is continued
  bool frozen = false;               ///< or until its cgroup is thawed
  bool stands_still() const { return stopped || frozen; }
};

/// A read mark that somebody holds.
struct HeldReader {
  std::size_t slot = 0;
  std::uint32_t frame = 0;              ///< the frame up to which it lets a checkpoint copy
  std::uint32_t pinned_frames = 0;      ///< those above it
  bool old = false;                     ///< it pins frames, and one reader did so at both looks
  bool by_design = false;               ///< a replicator holds it, and does what it should
  std::optional<double> age;            ///< seconds, at least; only where it is old and watched
  std::vector<NamedProcess> processes;  ///< never empty
};

/// A lock that says what is being done: in WAL mode those of the wal-index but for the read marks.
struct HeldLock {
  std::string_view lock;
  NamedProcess process;
  std::optional<double> age;  ///< seconds, at least; only while watched
};

std::vector<HeldReader> readers_of(const Observation& observation);
std::vector<HeldLock> locks_of(const Observation& observation);
/// Everybody known to have the database open, by pid.
std::vector<NamedProcess> processes_of(const Observation& observation);
/// There are no others: F_GETLK alone names one of several holders of a lock.
bool knows_all_processes(const Look& look);

/// "app (pid 812, app.service)", "pid 812", or why there is no pid. Safe to show.
std::string process_in_words(const NamedProcess& process);
/// `otherwise`, but for a process that is stopped, or frozen with its cgroup: nothing ends what it
/// holds before it goes on.
std::string or_continue(const std::vector<NamedProcess>& processes, std::string_view otherwise);
/// ", process started 2026-11-20 12:00:03 UTC"; "" where that is not known.
std::string start_in_words(const NamedProcess& process);

}  // namespace sqlite_exporter
