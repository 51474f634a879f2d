/// Watches over a statement from outside while it runs: whether the application waits because of
/// it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "collectors/sql_access.h"

namespace sqlite_exporter {

/// Why a statement must end at once.
enum class StatementHarm : std::uint8_t {
  writer_waits,   ///< in rollback mode: PENDING is held, its commit waits for readers
  pinned_frames,  ///< in WAL mode: more frames than the limit were written since it began
};

/// Shared by the loop, which ends it, and the pool job that watches.
class StatementGuard {
 public:
  /// `access` is wal or rollback.
  StatementGuard(std::string path, SqlAccess access, std::size_t max_pinned_frames);

  /// Looks every ten milliseconds, by F_GETLK or one read of the wal-index, until the statement
  /// ended or does harm; nothing if it ended. What cannot be read does no harm. Blocks as long as
  /// the filesystem does.
  std::optional<StatementHarm> watch();
  /// Any thread.
  void end();

 private:
  /// True once it ended.
  bool wait();
  std::optional<StatementHarm> watch_rollback();
  std::optional<StatementHarm> watch_wal();

  std::string path_;
  SqlAccess access_;
  std::size_t max_pinned_frames_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

}  // namespace sqlite_exporter
