#include "tests/demo/scene.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

namespace sqlite_exporter {
namespace {

// In -shm: mxFrame of the header, nBackfill, WRITE_LOCK, READ0..READ4.
constexpr int kFramesOffset = 16;
constexpr int kBackfilledOffset = 96;
constexpr int kWriteLockOffset = 120;
constexpr int kReadLocksOffset = 123;
constexpr int kReadLocks = 5;
constexpr int kJournalCountOffset = 8;

pid_t holder_of(const std::string& path, int offset, int length) {
  const int shm = open((path + "-shm").c_str(), O_RDONLY | O_CLOEXEC);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = length;
  const bool asked = fcntl(shm, F_GETLK, &lock) == 0;
  close(shm);
  return asked && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

std::array<char, 4> four_bytes_at(const std::string& path, int offset) {
  std::array<char, 4> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  file.read(bytes.data(), bytes.size());
  return bytes;
}

/// In the byte order of the machine, as the wal-index is.
std::uint32_t index_field(const std::string& path, int offset) {
  const auto bytes = four_bytes_at(path + "-shm", offset);
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

int byte_at(const std::string& path, int offset) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  return file.get();
}

bool is_written(const std::string& path) {
  const int watch = inotify_init1(IN_CLOEXEC);
  bool written = watch >= 0 && inotify_add_watch(watch, path.c_str(), IN_MODIFY) >= 0;
  if (written) {
    pollfd event{watch, POLLIN, 0};
    written = poll(&event, 1, 30'000) == 1;
  }
  close(watch);
  return written;
}

pid_t reader_of(const std::string& path) { return holder_of(path, kReadLocksOffset, kReadLocks); }

pid_t writer_of(const std::string& path) { return holder_of(path, kWriteLockOffset, 1); }

std::uint32_t wal_frames(const std::string& path) { return index_field(path, kFramesOffset); }

std::uint32_t backfilled_frames(const std::string& path) {
  return index_field(path, kBackfilledOffset);
}

std::uint32_t journalled_pages(const std::string& path) {
  std::uint32_t count = 0;
  for (const char byte : four_bytes_at(path + "-journal", kJournalCountOffset))
    count = count << 8U | static_cast<unsigned char>(byte);
  return count;
}

}  // namespace sqlite_exporter
