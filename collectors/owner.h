/// Who a process is, in the words of those who run it; and the processes that have a database open.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/held_locks.h"

namespace sqlite_exporter {

/// Label values of the five `owner_*` labels: "" for what does not apply or cannot be read.
struct Owner {
  std::string process;        ///< the name of the command (comm), at most 15 bytes
  std::string unit;           ///< systemd's: kine.service, session-3.scope
  std::string pod_namespace;  ///< Kubernetes
  std::string pod;
  std::string container;  ///< its name, else the first 12 digits of its id
  friend auto operator<=>(const Owner&, const Owner&) = default;
};

struct Process {
  Owner owner;
  std::uint64_t start_ticks = 0;     ///< since boot; with the pid it names one process for ever
  std::uint64_t stack_start = 0;     ///< `ProcessStat::stack_start`: with these, one program in it
  std::optional<double> start_time;  ///< unix seconds
  bool stopped = false;              ///< by a signal or a debugger, when /proc/locks was read
  bool frozen = false;               ///< with its cgroup (docker pause, systemctl freeze), then
  /// Descriptors it has open, and how many it may have (soft RLIMIT_NOFILE).
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;
  /// What it holds it keeps until somebody lets it go on.
  bool stands_still() const { return stopped || frozen; }
};

/// A process that holds a lock of this database, and so has it open.
struct HolderProcess {
  int pid = 0;
  Process process;
  bool holds_switch = false;  ///< the dead man's switch of the wal-index
  bool holds_shared = false;  ///< SHARED of the database file; in WAL mode both, or neither
  std::array<bool, kReadMarks> reads{};         ///< read marks it holds right now
  std::array<bool, kReadMarks> listed_reads{};  ///< and held when /proc/locks was read
  bool listed_wal_lock = false;                 ///< one of bytes 120 to 127 of the wal-index, then
  std::array<bool, kLockCount> listed_locks{};  ///< those held for itself alone, then
};

/// Why owners cannot be told: the label value `reason`.
enum class AttributionLimit : std::uint8_t {
  denied,                 ///< what the kernel tells of other users' processes takes CAP_SYS_PTRACE
  pid_namespace,          ///< the holder lives in one that this process cannot see into
  filesystem,             ///< /proc/locks names the file by another device or inode than stat does
  open_file_description,  ///< such a lock shows in the descriptors of no process that can be seen
  procfs,                 ///< there is none
};
inline constexpr std::array<std::string_view, 5> kAttributionLimitNames = {
    "denied", "pid_namespace", "filesystem", "open_file_description", "procfs"};
using AttributionLimits = std::array<bool, kAttributionLimitNames.size()>;

/// A process without one of the two locks that every connection in WAL mode holds both of.
struct LostLocks {
  int pid = 0;
  bool holds_switch = false;  ///< the other one is lost
  bool lost_both = false;     ///< it holds neither, and reads or writes through the wal-index
  /// It was seen with both. A connection whose wal-index is read-only may never have had the
  /// switch.
  bool had_both = false;
};

struct Holders {
  std::vector<HolderProcess> processes;  ///< sorted by pid
  bool complete = false;                 ///< there are no others
  std::optional<LostLocks> lost_locks;   ///< two readings of /proc/locks agree on it
  AttributionLimits limits{};
  std::chrono::steady_clock::time_point listed;  ///< when /proc/locks was read
  /// Read marks that the exporter's own SQL worker holds, which is not in `processes`.
  std::array<bool, kReadMarks> own_reads{};
  /// Read marks that an open file description of a process unknown held when /proc/locks was read.
  std::array<bool, kReadMarks> unknown_reads{};
  /// All open-file-description locks on its files are those of `processes`, as of then.
  bool descriptions_known = false;
};

}  // namespace sqlite_exporter
