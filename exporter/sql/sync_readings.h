/// From the rows about synchronisation to readings.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "collectors/batch.h"
#include "collectors/metric.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// Told of each table and peer.
extern const Metric kSyncLastSuccess;
extern const Metric kSyncPendingRows;
extern const Metric kSyncPendingRowsCapped;
extern const Metric kSyncState;

/// The state of a row becomes `other` once ten words are among `known`, to which new ones are
/// added: what an application writes there must not become series without end.
void limit_states(std::vector<ResultRow>& rows, std::set<std::string>& known);

/// `rows` answer a request with `sync`.
void add_sync_readings(const std::vector<ResultRow>& rows, Batch& batch);

}  // namespace sqlite_exporter
