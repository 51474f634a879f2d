/// What the exporter answers over HTTP: from the published snapshot and nothing else.
#pragma once

#include <memory>

#include "exporter/heartbeat.h"
#include "exporter/http_server.h"
#include "exporter/own_metrics.h"
#include "exporter/snapshot.h"

namespace sqlite_exporter {

/// `/metrics` (503 without a fresh snapshot), `/-/healthy` (503 without a heartbeat), `/-/ready`
/// (503 until every database was looked at once or its mount declared stalled), `/`, `/runbooks/`
/// and the runbooks below it, which alerts link to; anything else is 404.
HttpServer::Handler make_routes(std::shared_ptr<const SnapshotCell> snapshot,
                                std::shared_ptr<OwnMetrics> own_metrics,
                                std::shared_ptr<const Heartbeat> heartbeat);

}  // namespace sqlite_exporter
