/// Every lock of the machine: who holds which bytes of which file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// A lock that is held. The kernel merges adjacent ranges of one process: compare with `overlaps`,
/// never for equality.
struct LockEntry {
  int pid = 0;  ///< as the procfs that was read counts; -1 if open_file_description
  bool exclusive = false;
  bool open_file_description = false;
  std::uint32_t device_major = 0;  ///< of the superblock: on btrfs not the one that stat gives
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive; UINT64_MAX: to the end of the file, wherever that will be
  friend bool operator==(const LockEntry&, const LockEntry&) = default;
};

/// True if the lock covers any of the bytes [first, first + length).
bool overlaps(const LockEntry& lock, std::uint64_t first, std::uint64_t length);

/// A line of /proc/locks, or what follows "lock:\t" in fdinfo, without its line end. Nothing for
/// who waits ("->"), for FLOCK and LEASE, and for what the kernel does not write.
std::optional<LockEntry> parse_lock(std::string_view line);

class LockTable {
 public:
  /// The lines that are locks; the others are skipped.
  static LockTable parse(std::string_view text);

  /// Reads `<procfs>/locks`, which makes every fcntl lock of the machine wait (law 5): at most once
  /// per five seconds and node, and never in a sample, is the caller's duty. The kernel gives one
  /// page for each read, so a long table is not of one moment: a lock that is taken or released
  /// meanwhile may make another one appear twice or not at all. Locks of processes that this procfs
  /// does not know are not in it. Errors: those of `File::open_of_kernel`, limit above 16 MiB.
  static Result<LockTable> read(const std::string& procfs = "/proc");

  /// By inode, then by first byte, then by pid.
  std::span<const LockEntry> entries() const { return entries_; }
  /// Of every filesystem that has this inode number.
  std::span<const LockEntry> of_inode(std::uint64_t inode) const;

 private:
  std::vector<LockEntry> entries_;
};

}  // namespace sqlite_exporter
