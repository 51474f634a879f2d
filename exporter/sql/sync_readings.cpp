#include "exporter/sql/sync_readings.h"

#include <array>
#include <cstddef>
#include <variant>

namespace sqlite_exporter {

constexpr Metric kSyncLastSuccess =
    gauge("sqlite_sync_last_success_timestamp_seconds",
          "Unix time when the table was last synchronised with the peer, as the application wrote "
          "it (last_sync_timestamp, last_sync_time); none if it never was.",
          {"table", "peer"});
constexpr Metric kSyncPendingRows =
    gauge("sqlite_sync_pending_rows",
          "Rows of the table that are newer than that (updated_at), as far as they are counted.",
          {"table", "peer"});
constexpr Metric kSyncPendingRowsCapped =
    gauge("sqlite_sync_pending_rows_capped",
          "1 if there are more than sqlite_sync_pending_rows says (max_pending), else 0.",
          {"table", "peer"});
constexpr Metric kSyncState =
    gauge("sqlite_sync_state",
          "1 for the state that the application wrote beside it (sync_state); from the eleventh "
          "word of a database on, other.",
          {"table", "peer", "state"});

namespace {

constexpr std::size_t kMostStates = 10;

/// In the order of `kSyncValues`.
constexpr std::array<const Metric*, kSyncValues.size()> kOfValues = {
    &kSyncLastSuccess, &kSyncPendingRows, &kSyncPendingRowsCapped};

}  // namespace

void limit_states(std::vector<ResultRow>& rows, std::set<std::string>& known) {
  for (ResultRow& row : rows) {
    std::string& state = row.labels[2];
    if (state.empty() || known.contains(state)) continue;
    if (known.size() < kMostStates) {
      known.insert(state);
    } else {
      state = "other";
    }
  }
}

void add_sync_readings(const std::vector<ResultRow>& rows, Batch& batch) {
  for (const ResultRow& row : rows) {
    const std::string& table = row.labels[0];
    const std::string& peer = row.labels[1];
    const std::string& state = row.labels[2];
    for (std::size_t i = 0; i < kOfValues.size(); ++i) {
      if (!row.values[i]) continue;
      const double value =
          std::visit([](auto number) { return static_cast<double>(number); }, *row.values[i]);
      batch.add(*kOfValues.at(i), value, {table, peer});
    }
    if (!state.empty()) batch.add(kSyncState, 1, {table, peer, state});
  }
}

}  // namespace sqlite_exporter
