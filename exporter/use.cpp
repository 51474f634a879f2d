#include "exporter/use.h"

#include <algorithm>
#include <string_view>

#include "collectors/base/database_files.h"
#include "collectors/plain_companions.h"

namespace sqlite_exporter {

Use use_of(const File& database, const std::string& path) {
  if (has_sqlite_locks(database).value_or(false)) return Use::locked;
  const bool beside = std::ranges::any_of(kEndsBesideDatabase, [&](std::string_view end) {
    const Result<FileStatus> status = status_of(std::string(path).append(end));
    return status && status->size > 0;
  });
  return beside ? Use::companions : Use::unseen;
}

}  // namespace sqlite_exporter
