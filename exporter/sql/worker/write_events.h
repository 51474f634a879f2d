/// Tells that somebody wrote to a file, by inotify: an event for each write, before it returns.
#pragma once

#include "exporter/sql/worker/handed_files.h"

namespace sqlite_exporter {

class WriteEvents {
 public:
  /// `files` outlives it.
  explicit WriteEvents(const HandedFiles& files) : files_(files) {}
  WriteEvents(const WriteEvents&) = delete;
  WriteEvents& operator=(const WriteEvents&) = delete;
  ~WriteEvents();

  /// The database, which `descriptor` has open, instead of the one before. False where the kernel
  /// has no inotify, or no more of it, to give, or another file lies there by now.
  bool watch(int descriptor) { return files_.watch(descriptor, events_); }

  /// Since the last call, or since `watch`. Also true if it cannot be told any more. Not for
  /// writing by a memory map, which no event tells.
  bool any() const;

 private:
  const HandedFiles& files_;
  int events_ = -1;  ///< for good: the kernel takes long to close one
};

}  // namespace sqlite_exporter
