/// How the SQL worker, which may open no file itself, is handed those of one database: a datagram
/// each way on a socket of its own, the answer with the descriptor as SCM_RIGHTS (unix(7)).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sqlite_exporter {

/// The socket's number in the worker.
inline constexpr int kHandedFilesSocket = 3;

/// What each of the four files of a database is called behind its path. The worker names one by
/// its place in here and never by a path: which database it is about the daemon knows itself.
inline constexpr std::array<std::string_view, 4> kDatabaseFileEnds = {"", "-wal", "-shm",
                                                                      "-journal"};

enum class FileWish : std::uint8_t {
  status,
  file,   ///< a descriptor that reads it
  watch,  ///< that writes to it, from now on, and to no other file, be events of an inotify
  watch_and_events,  ///< the same, and that inotify's descriptor (inotify(7))
};
inline constexpr std::uint8_t kFileWishes = 4;

struct FileRequest {
  std::uint8_t file = 0;  ///< index into `kDatabaseFileEnds`
  std::uint8_t wish = 0;  ///< a `FileWish`
};
static_assert(sizeof(FileRequest) == 2);

/// Both sides are one program, and numbers are as this machine writes them.
struct FileReply {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t link_count = 0;
  std::uint64_t size = 0;      ///< bytes
  std::uint64_t modified = 0;  ///< mtime, whole seconds since the epoch
  std::uint32_t uid = 0;
  std::uint32_t mode = 0;  ///< st_mode
  std::int32_t error = 0;  ///< errno; 0: there is a file
  std::uint32_t unused = 0;
};
static_assert(sizeof(FileReply) == 56);

/// The place of `path` among the files of `database`.
inline std::optional<std::uint8_t> file_of(std::string_view path, std::string_view database) {
  if (!path.starts_with(database)) return std::nullopt;
  for (std::size_t i = 0; i < kDatabaseFileEnds.size(); ++i)
    if (path.substr(database.size()) == kDatabaseFileEnds[i]) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

}  // namespace sqlite_exporter
