/// A temporary folder that is gone when its object is.
#pragma once

#include <string>

#include "collectors/base/result.h"

namespace sqlite_exporter {

class TemporaryFolder {
 public:
  /// A new folder of this user alone, below $TMPDIR or /tmp. Errors: denied, io.
  static Result<TemporaryFolder> create();

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  /// Removes the folder with all that is in it; symbolic links are removed, not followed.
  ~TemporaryFolder();

  /// A realpath, so that the name of a database in it is the one SQLite uses.
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  void remove() noexcept;
  std::string path_;  ///< "" after a move
};

}  // namespace sqlite_exporter
