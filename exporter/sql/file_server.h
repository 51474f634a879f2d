/// The daemon's end of the socket over which its SQL worker is handed files.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "collectors/base/result.h"
#include "collectors/linux/descriptor.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// The daemon's ends, as long as the worker lives.
struct WorkerFiles {
  Descriptor socket;
  Descriptor events;  ///< an inotify; none where the kernel has no more to give
};

/// The daemon's ends, and the socket's other one.
Result<std::pair<std::shared_ptr<const WorkerFiles>, Descriptor>> files_for_worker();

/// Hands out the files of one database, open for reading alone, and nothing else, whatever is
/// asked. Owned and used by one thread; one statement runs at a time, and so does one of these.
class FileServer {
 public:
  /// `database` is a realpath. `files` is null if nobody asks. Of an `owner` each file must be.
  FileServer(std::string database, std::shared_ptr<const WorkerFiles> files,
             RequiredOwner owner = std::nullopt);
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;

  /// To be polled for POLLIN; -1 once the worker is gone.
  int descriptor() const { return files_ ? files_->socket.get() : -1; }
  /// Answers what was asked, if anything was. Blocks as long as the filesystem does.
  void answer();
  /// Writes to the database are no events any more, and nothing is answered.
  void end();

 private:
  bool watch(int descriptor);

  std::string database_;
  RequiredOwner owner_;
  std::shared_ptr<const WorkerFiles> files_;
  int watch_ = -1;
};

}  // namespace sqlite_exporter
