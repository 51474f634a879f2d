/// From the rows of a query to samples.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/metric.h"
#include "exporter/sql/config.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// Told of each query and database, with the label `query`.
extern const Metric kQuerySuccess;
extern const Metric kQueryDuration;
extern const Metric kQuerySkipped;

/// What the worker is to read: its columns are those that any metric of the query names, or
/// `kSyncLabels` and `kSyncValues`.
StatementRequest request_of(const QueryConfig& query, std::string path);

/// One sample of a family but for its name and the database's own labels.
struct QuerySample {
  std::string labels;  ///< rendered
  std::string value;   ///< as the text format has it
};

/// For each metric of the query its samples, in the order of the rows. `rows` answer
/// `request_of(query)`. Error: config, if two samples of a family have the same labels.
Result<std::vector<std::vector<QuerySample>>> samples_of(const QueryConfig& query,
                                                         const std::vector<ResultRow>& rows);

}  // namespace sqlite_exporter
