#include "exporter/discovery.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

namespace {

constexpr std::array<std::string_view, 4> kCompanions = {"-wal", "-wal2", "-shm", "-journal"};

bool belongs_to_a_database(std::string_view path) {
  return std::ranges::any_of(kCompanions,
                             [path](std::string_view end) { return path.ends_with(end); });
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
}

/// True if it may be a database, and then identified. Error: limit.
Result<bool> check(Found& found) {
  const Result<File> file = File::open(found.path);
  if (!file && file.error().code == Errc::limit) return fail(file.error());
  if (!file) return file.error().code == Errc::denied;
  std::array<std::byte, kDatabaseMagicSize> magic{};
  const Result<std::size_t> size = file->read_at(0, magic);
  if (!size || !has_database_magic(Bytes(magic).first(*size))) return false;
  identify(found, file->status());
  return true;
}

}  // namespace

Result<bool> is_database(Found& file, const CheckRules& rules) {
  if (belongs_to_a_database(file.matched_path) || rules.is_excluded(file.path)) return false;
  Result<bool> leads_to_file = leads_to_a_file(file.path);
  if (!leads_to_file || !*leads_to_file) return leads_to_file;
  if (!rules.is_known(file.path)) return check(file);
  identify(file, status_of(file.path));
  return true;
}

Found found_at(const std::string& path, const std::string& real) {
  Found found{path, real};
  identify(found, status_of(found.path));
  return found;
}

}  // namespace sqlite_exporter
