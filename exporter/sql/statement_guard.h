/// Attends a statement from outside while it runs: hands its worker the files that it asks for, and
/// in WAL mode watches whether it keeps too many frames from being checkpointed. In rollback mode a
/// statement holds no lock.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "collectors/linux/descriptor.h"
#include "collectors/linux/file.h"
#include "exporter/sql/file_server.h"

namespace sqlite_exporter {

/// Shared by the loop, which ends it, and the pool job that watches.
class StatementGuard {
 public:
  /// Without `max_pinned_frames` no frames are looked at. `files` is where the worker asks; null if
  /// nobody does. `owner` as `FileServer` has it.
  StatementGuard(const std::string& path, std::optional<std::size_t> max_pinned_frames,
                 std::shared_ptr<const WorkerFiles> files = nullptr,
                 RequiredOwner owner = std::nullopt);

  /// Hands out files at once, and looks every ten milliseconds, by one read of the wal-index, until
  /// the statement ended or more frames than the limit were written since it began: then it must
  /// end at once. False if it ended. What cannot be read does no harm. Blocks as long as the
  /// filesystem does.
  bool watch();
  /// Any thread.
  void end();

 private:
  /// True once it ended, false when it is time to look.
  bool wait();
  bool watch_wal();

  std::string path_;
  RequiredOwner owner_;
  std::optional<std::size_t> max_pinned_frames_;
  FileServer files_;
  Descriptor ended_;  ///< an eventfd
};

}  // namespace sqlite_exporter
