/// What a pass hands to whoever reads databases by SQL, and what it takes from there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/batch.h"
#include "collectors/linux/file.h"
#include "collectors/sql_access.h"
#include "exporter/exposition.h"
#include "exporter/sql/config.h"

namespace sqlite_exporter {

/// Whether a statement may run on a database that was just found so.
inline bool may_open(const SqlConfig& config, SqlAccess access) {
  return access == SqlAccess::wal || (access == SqlAccess::rollback && config.allow_rollback);
}

/// A database as the last pass found it.
struct SqlTarget {
  std::string path;                           ///< a realpath
  std::shared_ptr<const std::string> labels;  ///< rendered
  SqlAccess access = SqlAccess::state;
  RequiredOwner link_owner{};  ///< its files are nobody else's
};

/// By name.
using SqlTargets = std::map<std::string, SqlTarget, std::less<>>;

/// Loop thread only.
class SqlReader {
 public:
  SqlReader() = default;
  virtual ~SqlReader() = default;
  SqlReader(const SqlReader&) = delete;
  SqlReader& operator=(const SqlReader&) = delete;

  /// If not, there is nothing to `update`.
  virtual bool wants_targets() const = 0;
  /// After each pass, with all databases that are shown.
  virtual void update(SqlTargets targets) = 0;
  /// What is told of one database.
  virtual void add_readings(std::string_view database, Batch& batch) const = 0;
  /// What is told under the users' own names, sorted by them; no family without samples.
  virtual std::vector<TextFamily> families() const = 0;
};

}  // namespace sqlite_exporter
