/// A folder for a database, and what its bytes and its locks say without SQLite.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "exporter/demo/folder.h"

namespace sqlite_exporter {

constexpr int kWriteVersionOffset = 18;  // 1: rollback journal, 2: WAL

struct Scene {
  TemporaryFolder folder = TemporaryFolder::create().value();
  std::string path = folder.path() + "/app.db";
};

int byte_at(const std::string& path, int offset);

/// Waits for the next write to `path`.
bool is_written(const std::string& path);

/// Who holds a read mark of the wal-index; 0: nobody.
pid_t reader_of(const std::string& path);

/// Who holds the write lock of the wal-index; 0: nobody.
pid_t writer_of(const std::string& path);

/// As the wal-index tells; of a database that is open.
std::uint32_t wal_frames(const std::string& path);
std::uint32_t backfilled_frames(const std::string& path);

/// How many the header of the rollback journal promises; 0 until they are on the disk.
std::uint32_t journalled_pages(const std::string& path);

}  // namespace sqlite_exporter
