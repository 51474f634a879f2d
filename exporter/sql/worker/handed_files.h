/// The worker's end of the socket over which it is handed the files of the database that it reads.
#pragma once

#include <sys/stat.h>

#include <string>

#include "exporter/sql/handed_file.h"

namespace sqlite_exporter {

/// Asks the daemon, which opens what it watches itself. SQLite runs in one thread.
class HandedFiles {
 public:
  HandedFiles() = default;
  explicit HandedFiles(int socket) : socket_(socket) {}

  /// From now on only files of this one are there.
  void set_database(const std::string& path) { database_ = path; }
  /// A descriptor, or -1 and errno: EACCES if `path` is none of the database's files, else as
  /// open(2) has it, ENXIO for what is no regular file.
  int open(const char* path) const;
  /// As stat(2): device, inode, link count, size, owner, mode and mtime.
  int status(const char* path, struct stat* status) const;
  /// From now on writes to the database are events of `events`, which is an inotify's descriptor or
  /// becomes one. False if they cannot be, or if `descriptor` has another file open.
  bool watch(int descriptor, int& events) const;

 private:
  int ask(const char* path, FileWish wish, struct stat* status) const;

  int socket_ = -1;
  std::string database_;
};

}  // namespace sqlite_exporter
