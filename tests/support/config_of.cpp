#include "tests/support/config_of.h"

#include <stdexcept>

#include "exporter/config_draft.h"

namespace sqlite_exporter::test {

Config config_of(const std::vector<std::string>& paths, int max_databases) {
  ConfigDraft draft;
  for (const std::string& path : paths) {
    DatabaseDraft& database = draft.databases.emplace_back();
    database.path = {path, "test"};
  }
  draft.poll_interval = {"100ms", "test"};
  draft.poll_max_databases = {max_databases, "test"};
  Result<Config> config = make_config(draft, {});
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(*config);
}

}  // namespace sqlite_exporter::test
