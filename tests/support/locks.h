/// Locks for child processes to hold; the process that takes them must not be the one that looks.
#pragma once

#include <fcntl.h>

#include <string>

namespace sqlite_exporter::test {

/// A descriptor that nobody closes before its process ends; -1 if there is none.
inline int held_open(const std::string& path) { return ::open(path.c_str(), O_RDWR | O_CLOEXEC); }

/// F_RDLCK or F_WRLCK on a range; length 0 is to the end of the file. False if it was refused.
inline bool lock_range(int descriptor, short type, off_t first, off_t length,
                       int command = F_SETLK) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = length;
  return ::fcntl(descriptor, command, &lock) == 0;
}

}  // namespace sqlite_exporter::test
