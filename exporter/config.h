/// The configuration: a value of this type has been validated, there is no other way to make one.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/database_state.h"
#include "exporter/log.h"
#include "exporter/path_labels.h"
#include "exporter/sql/config.h"
#include "exporter/walk_limits.h"

namespace sqlite_exporter {

struct ConfigDraft;

struct DatabaseConfig {
  std::string path;  ///< absolute; `is_pattern` and `is_folder` say what kind
  std::optional<std::string> name;
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<PathLabels> labels_from_path{};  ///< names that are not in `labels`

  bool operator==(const DatabaseConfig&) const = default;
};

struct DiscoveryConfig {
  bool processes = false;            ///< also what processes of this node hold open
  std::vector<std::string> exclude;  ///< globs for `is_excluded`
  StateSet exclude_states;           ///< a database found in one of them is not watched
  std::chrono::milliseconds rescan_interval{60'000};
  WalkLimits limits;

  bool operator==(const DiscoveryConfig&) const = default;
};

struct PollConfig {
  std::chrono::milliseconds interval{5'000};
  std::size_t max_databases = 1'000;
  double cpu_budget = 0.01;  ///< of one core, for looks and samples

  bool operator==(const PollConfig&) const = default;
};

struct WebConfig {
  std::string listen_address = ":10003";

  bool operator==(const WebConfig&) const = default;
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::logfmt;

  bool operator==(const LogConfig&) const = default;
};

class Config {
 public:
  /// In the order of the file, then of the command line. At least one, unless processes are asked.
  const std::vector<DatabaseConfig>& databases() const { return databases_; }
  const DiscoveryConfig& discovery() const { return discovery_; }
  const PollConfig& poll() const { return poll_; }
  const WebConfig& web() const { return web_; }
  const LogConfig& log() const { return log_; }
  const SqlConfig& sql() const { return sql_; }
  bool collector_enabled(std::string_view name) const {
    return !disabled_collectors_.contains(name);
  }

  bool operator==(const Config&) const = default;

 private:
  friend Result<Config> make_config(const ConfigDraft& draft,
                                    std::span<const std::string_view> reserved_labels);
  Config() = default;

  std::vector<DatabaseConfig> databases_;
  DiscoveryConfig discovery_;
  PollConfig poll_;
  WebConfig web_;
  LogConfig log_;
  SqlConfig sql_;
  std::set<std::string, std::less<>> disabled_collectors_;
};

/// `reserved_labels` are those of the metric families: a static label must not collide with them.
/// Error: config, one sentence that says where and what was expected.
Result<Config> make_config(const ConfigDraft& draft,
                           std::span<const std::string_view> reserved_labels);

}  // namespace sqlite_exporter
