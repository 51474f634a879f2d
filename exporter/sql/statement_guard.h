/// Attends a statement from outside while it runs: hands its worker the files that it asks for, and
/// watches whether the application waits because of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "collectors/sql_access.h"
#include "exporter/descriptor.h"
#include "exporter/sql/file_server.h"

namespace sqlite_exporter {

/// Why a statement must end at once.
enum class StatementHarm : std::uint8_t {
  writer_waits,   ///< in rollback mode: PENDING is held, its commit waits for readers
  pinned_frames,  ///< in WAL mode: more frames than the limit were written since it began
};

/// Shared by the loop, which ends it, and the pool job that watches.
class StatementGuard {
 public:
  /// `access` is wal or rollback; `files` is where the worker asks, null if nobody does.
  StatementGuard(const std::string& path, SqlAccess access, std::size_t max_pinned_frames,
                 std::shared_ptr<const Descriptor> files = nullptr);

  /// Hands out files at once, and looks every ten milliseconds, by F_GETLK or one read of the
  /// wal-index, until the statement ended or does harm; nothing if it ended. What cannot be read
  /// does no harm. Blocks as long as the filesystem does.
  std::optional<StatementHarm> watch();
  /// Any thread.
  void end();

 private:
  /// True once it ended, false when it is time to look.
  bool wait();
  void wait_for_end();
  std::optional<StatementHarm> watch_rollback();
  std::optional<StatementHarm> watch_wal();

  std::string path_;
  SqlAccess access_;
  std::size_t max_pinned_frames_;
  FileServer files_;
  Descriptor ended_;  ///< an eventfd
};

}  // namespace sqlite_exporter
