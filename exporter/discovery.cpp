#include "exporter/discovery.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "collectors/base/database_files.h"
#include "collectors/plain_companions.h"
#include "collectors/sqlite/encrypted.h"
#include "collectors/sqlite/file_head.h"

namespace sqlite_exporter {

namespace {

/// The -wal2 is of SQLite's branch of that name.
bool belongs_to_a_database(std::string_view path) {
  return database_beside(path) || path.ends_with("-wal2");
}

/// To open a FIFO lets its writer in, and some devices notice, too. Errors: those of a filesystem
/// that cannot say.
Result<bool> leads_to_a_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::symlink_status(path, error).type();
  if (type == std::filesystem::file_type::regular) return true;
  // Where it may not even be asked, the full look says so.
  if (error == std::errc::permission_denied) return true;
  if (!error || type == std::filesystem::file_type::not_found) return false;
  return fail(error_from_errno(error.value(), "stat", path));
}

void identify(Found& found, const Result<FileStatus>& status) {
  if (!status) return;
  found.identity = status->identity;
  found.link_count = status->link_count;
  found.modified = status->modified;
}

/// Ciphertext is told from other noise by what is plain: the page size, a -wal or a -journal beside
/// it, or the locks of whoever has it open.
bool is_used_as_database(const File& file, const FileHead& head, const std::string& path) {
  if (head.header) return true;
  if (const auto wal = wal_header_beside(path); wal && *wal) return true;
  return journal_beside(path).value_or(false) || has_sqlite_locks(file).value_or(false);
}

/// Identified if it may be a database. Error: limit.
Result<Likeness> check(Found& found) {
  const Result<File> file = File::open(found.path, found.link_owner);
  if (!file && file.error().code == Errc::limit) return fail(file.error());
  if (!file) return file.error().code == Errc::denied ? Likeness::database : Likeness::none;
  // One read: of most files the first page is what is read from the disk for their first bytes.
  std::array<std::byte, kEncryptedSampleSize> bytes{};
  const Result<std::size_t> size = file->read_at(0, bytes);
  if (!size || *size == 0) return Likeness::none;
  const Bytes first = Bytes(bytes).first(*size);
  const Result<FileStatus> status = file->status();
  if (!has_database_magic(first) && !has_turso_magic(first)) {
    if (!status) return Likeness::none;
    const FileHead head = parse_file_head(first, status->size);
    if (head.kind != FileKind::encrypted) return Likeness::none;
    if (!is_used_as_database(*file, head, found.path)) return Likeness::noise;
  }
  identify(found, status);
  found.use = use_of(*file, found.path);
  return Likeness::database;
}

}  // namespace

Result<Likeness> likeness_of(Found& file, const CheckRules& rules) {
  if (belongs_to_a_database(file.matched_path) || rules.is_excluded(file.path))
    return Likeness::none;
  const Result<bool> leads_to_file = leads_to_a_file(file.path);
  if (!leads_to_file) return fail(leads_to_file.error());
  if (!*leads_to_file) return Likeness::none;
  if (!rules.is_known(file.path)) return check(file);
  identify(file, status_of(file.path));
  return Likeness::database;
}

Found found_at(const std::string& path, const std::string& real) {
  Found found{path, real};
  identify(found, status_of(found.path));
  return found;
}

}  // namespace sqlite_exporter
