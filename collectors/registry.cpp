#include "collectors/registry.h"

#include <array>
#include <cstddef>

#include "collectors/checkpoints.h"
#include "collectors/database.h"
#include "collectors/engine.h"
#include "collectors/holders.h"
#include "collectors/locks.h"
#include "collectors/readers.h"
#include "collectors/wal.h"

namespace sqlite_exporter {

namespace {

constexpr std::array<const Collector*, 7> kCollectors = {
    &kCheckpointsCollector, &kDatabaseCollector, &kEngineCollector, &kHoldersCollector,
    &kLocksCollector,       &kReadersCollector,  &kWalCollector,
};

}  // namespace

constexpr Metric kUp = gauge("sqlite_up",
                             "1 if the last full look at the database succeeded; an absent file is "
                             "a success with state absent.");

std::span<const Collector* const> all_collectors() { return kCollectors; }

std::span<const std::string_view> collector_names() {
  static const auto kNames = [] {
    std::array<std::string_view, kCollectors.size()> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = kCollectors[i]->name;
    return names;
  }();
  return kNames;
}

}  // namespace sqlite_exporter
