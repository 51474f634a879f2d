#include "collectors/registry.h"

#include <array>
#include <set>
#include <vector>

#include "collectors/cgroup.h"
#include "collectors/checkpoints.h"
#include "collectors/commits.h"
#include "collectors/database.h"
#include "collectors/engine.h"
#include "collectors/filesystem.h"
#include "collectors/holders.h"
#include "collectors/locks.h"
#include "collectors/readers.h"
#include "collectors/wal.h"

namespace sqlite_exporter {

namespace {

constexpr std::array<const Collector*, 9> kCollectors = {
    &kCheckpointsCollector, &kCommitsCollector,    &kDatabaseCollector,
    &kEngineCollector,      &kFilesystemCollector, &kHoldersCollector,
    &kLocksCollector,       &kReadersCollector,    &kWalCollector,
};

constexpr std::array<const NodeCollector*, 3> kNodeCollectors = {
    &kCgroupCollector, &kFilesystemNodeCollector, &kHoldersNodeCollector};

}  // namespace

constexpr Metric kUp = gauge("sqlite_up",
                             "1 if the last full look at the database succeeded; an absent file is "
                             "a success with state absent.");

std::span<const Collector* const> all_collectors() { return kCollectors; }

std::span<const NodeCollector* const> all_node_collectors() { return kNodeCollectors; }

std::span<const std::string_view> collector_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::set<std::string_view> names;
    for (const Collector* collector : kCollectors) names.insert(collector->name);
    for (const NodeCollector* collector : kNodeCollectors) names.insert(collector->name);
    return std::vector<std::string_view>(names.begin(), names.end());
  }();
  return kNames;
}

}  // namespace sqlite_exporter
