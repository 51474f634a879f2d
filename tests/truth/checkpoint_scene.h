/// A database with writers, readers and a checkpointer, each a process of its own.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {

/// mxFrame and nBackfill, or what PRAGMA wal_checkpoint answers as log and checkpointed.
struct Progress {
  std::uint32_t log = 0;
  std::uint32_t checkpointed = 0;
  friend bool operator==(const Progress&, const Progress&) = default;
};

class CheckpointScene {
 public:
  static constexpr std::size_t kReaders = 6;

  explicit CheckpointScene(int page_size = 4096);

  void write(int transactions) { write(writer, transactions); }
  void write(SqliteApplication& by, int transactions);
  /// The reader takes a snapshot of what is committed now, and keeps it until `release`.
  void read(std::size_t reader);
  void release(std::size_t reader);
  bool reads(std::size_t reader) const { return reading_.at(reader); }
  /// PRAGMA wal_checkpoint(mode), by a process that does nothing else.
  Progress checkpoint(const std::string& mode = "passive");

  Progress observed();
  std::uint32_t observed_pinned();

  const TemporaryDirectory directory;
  SqliteApplication writer;
  SqliteApplication other;
  SqliteApplication checkpointer;

 private:
  void join(SqliteApplication& app, const std::string& more = "");

  std::array<std::optional<SqliteApplication>, kReaders> readers_;
  std::array<bool, kReaders> reading_{};
  Observer observer_;
};

}  // namespace sqlite_exporter::test
