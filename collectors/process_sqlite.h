/// Which SQLite a process runs, by the files that it has mapped.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/linux/mapped_code.h"

namespace sqlite_exporter {

/// What a program or library has of SQLite.
struct CodeSqlite {
  bool any = false;                      ///< it may have some
  std::optional<std::uint32_t> version;  ///< as SQLITE_VERSION_NUMBER, if that can be read
  friend bool operator==(const CodeSqlite&, const CodeSqlite&) = default;
};

/// Reads symbols and constants, 96 MiB at most. What cannot be read may have some.
CodeSqlite sqlite_in(const Reader& file);

/// What was read of files before: most processes run the same libraries. 2,048 files at most. Used
/// by several threads at once.
class CodeCache {
 public:
  std::optional<CodeSqlite> find(const FileVersion& version) const;
  void keep(const FileVersion& version, const CodeSqlite& found);

 private:
  mutable std::mutex mutex_;
  std::map<FileVersion, CodeSqlite> files_;
};

/// The program that a pid stands for.
struct ProgramId {
  int pid = 0;
  std::uint64_t start_ticks = 0;  ///< of `ProcessStat`, as the next
  std::uint64_t stack_start = 0;
  friend auto operator<=>(const ProgramId&, const ProgramId&) = default;
};

/// The versions of SQLite in its program and libraries, each once. Empty if they cannot be told
/// for certain: because some file cannot be read, or has SQLite (or Turso) and hides which, or
/// there is more than 512 MiB to be read. Errors: busy (it sleeps uninterruptibly now, and reading
/// of its memory could wait with it), denied, no_data (it is gone, or another one), limit, io.
Result<std::vector<std::uint32_t>> sqlite_of(const std::string& procfs, const ProgramId& program,
                                             CodeCache& cache);

}  // namespace sqlite_exporter
