/// Every file that the processes of this node hold open, by inode: who shows life without a lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// One descriptor of one process.
struct OpenUse {
  int pid = 0;         ///< as the procfs that was read counts
  int descriptor = 0;  ///< its number in that process
  FileIdentity file;
  bool writable = false;
  /// The name by the process's own mounts, with " (deleted)" behind it if the file has none any
  /// more: so a file that is really called so is taken for a deleted one.
  std::string link;
};

/// `link` without " (deleted)"; nothing if it has no such end.
std::string_view name_before_deletion(std::string_view link);

struct OpenTableRequest {
  std::string procfs = "/proc";
  std::set<int> left_out{};  ///< pids whose descriptors do not count; the reader's own never do
  std::size_t most_processes = 32'768;
  std::size_t most_descriptors = 4096;  ///< of one process
  std::size_t most_uses = 100'000;
};

class OpenTable {
 public:
  /// Reads links and inodes of procfs and asks no file server: some microseconds for each
  /// descriptor of the node, so not for samples. Files of /proc, /sys and /dev do not count, but
  /// for /dev/shm and /dev/fuse. Errors: those of reading `procfs` itself.
  static Result<OpenTable> read(const OpenTableRequest& request);

  /// By pid.
  std::span<const OpenUse> of_file(const FileIdentity& file) const;
  /// Those of one process, in no order.
  std::vector<const OpenUse*> of_process(int pid) const;

  std::size_t size() const { return uses_.size(); }
  std::chrono::steady_clock::time_point begun() const { return begun_; }
  /// Every process of this procfs was asked for all of its descriptors, but for those that deny it.
  bool complete() const { return complete_; }
  /// True if a process that could not be asked may have that file open for writing: one of its
  /// owner, or of any user but root if others may write to it; or one that this procfs does not
  /// show (hidepid, another pid namespace) unless the file is our own.
  bool misses_writers_of(const FileStatus& file) const;

 private:
  bool add_uses_of(int pid, const OpenTableRequest& request);

  std::chrono::steady_clock::time_point begun_;
  std::vector<OpenUse> uses_;  ///< by file, then by pid
  bool complete_ = true;
  std::set<std::uint32_t> denied_users_;  ///< uids
  bool shows_all_ = true;
};

/// What is to be known of the file behind a descriptor.
struct OpenFile {
  std::uint64_t size = 0;  ///< bytes
  double modified = 0;     ///< mtime, seconds since the epoch
  bool deleted = false;    ///< it has no name any more
  /// Nothing has happened to it since its last write, not even that its name was removed.
  bool written_last = false;
};

/// As it is now; nothing if the descriptor is not that of the same file any more.
std::optional<OpenFile> file_behind(const std::string& procfs, const OpenUse& use);

/// The latest table, read when somebody asks. Used by several threads at once.
class OpenTableCache {
 public:
  using Clock = std::chrono::steady_clock;

  /// No two tables are begun within `period` of each other.
  explicit OpenTableCache(Clock::duration period) : period_(period) {}

  /// The latest table, or a new one if that was begun before `since` and the period has passed;
  /// null if it cannot be read.
  std::shared_ptr<const OpenTable> get(const OpenTableRequest& request, Clock::time_point since);

 private:
  const Clock::duration period_;
  std::mutex mutex_;
  Clock::time_point tried_;
  std::shared_ptr<const OpenTable> table_;
};

}  // namespace sqlite_exporter
