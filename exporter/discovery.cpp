#include "exporter/discovery.h"

#include <glob.h>

#include <array>
#include <cstddef>
#include <utility>

#include "collectors/linux/file.h"
#include "collectors/sqlite/database_header.h"
#include "exporter/naming.h"

namespace sqlite_exporter {

namespace {

/// The paths a pattern matches, sorted. Directories that cannot be read are passed over.
class Matches {
 public:
  explicit Matches(const std::string& pattern) {
    if (::glob(pattern.c_str(), 0, nullptr, &glob_) != 0) glob_.gl_pathc = 0;
  }
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;
  ~Matches() { ::globfree(&glob_); }

  std::size_t size() const { return glob_.gl_pathc; }
  std::string operator[](std::size_t index) const { return glob_.gl_pathv[index]; }

 private:
  glob_t glob_{};
};

bool belongs_to_a_database(std::string_view path) {
  return path.ends_with("-wal") || path.ends_with("-shm") || path.ends_with("-journal");
}

bool may_be_a_database(const std::string& path) {
  const Result<File> file = File::open(path);
  if (!file) return file.error().code == Errc::denied;
  std::array<std::byte, kDatabaseMagicSize> magic{};
  const Result<std::size_t> size = file->read_at(0, magic);
  return size && has_database_magic(Bytes(magic).first(*size));
}

}  // namespace

std::vector<Found> discover(const DatabaseConfig& entry,
                            const std::function<bool(std::string_view)>& is_known) {
  if (!is_pattern(entry.path)) return {{entry.path, real_path(entry.path).value_or(entry.path)}};
  std::vector<Found> found;
  const Matches matches(entry.path);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    std::string matched = matches[i];
    if (belongs_to_a_database(matched)) continue;
    std::string path = real_path(matched).value_or(matched);
    if (is_known(path) || may_be_a_database(path))
      found.push_back({std::move(matched), std::move(path)});
  }
  return found;
}

}  // namespace sqlite_exporter
