/// The daemon's end of the socket over which its SQL worker is handed files.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "collectors/base/result.h"
#include "exporter/descriptor.h"

namespace sqlite_exporter {

/// The two ends of such a socket: ours, and the worker's.
Result<std::pair<Descriptor, Descriptor>> socket_for_files();

/// Hands out the files of one database, open for reading alone, and nothing else, whatever is
/// asked. Owned and used by one thread; the socket may be shared, as one statement runs at a time.
class FileServer {
 public:
  /// `database` is a realpath.
  FileServer(std::string database, std::shared_ptr<const Descriptor> socket);

  /// To be polled for POLLIN; -1 once the worker is gone.
  int descriptor() const { return socket_ ? socket_->get() : -1; }
  /// Answers what was asked, if anything was. Blocks as long as the filesystem does.
  void answer();

 private:
  std::string database_;
  std::shared_ptr<const Descriptor> socket_;
};

}  // namespace sqlite_exporter
