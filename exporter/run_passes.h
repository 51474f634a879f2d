/// A few passes of the daemon's scheduler, without the daemon: what it would find and serve.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"
#include "exporter/look_job.h"
#include "exporter/loop.h"
#include "exporter/snapshot.h"
#include "exporter/sql/sql_reader.h"

namespace sqlite_exporter {

struct PassesParts {
  const Config& config;
  const Log& log;
  const NodePaths& paths;
  const LookTools& tools;
};

struct Passes {
  std::shared_ptr<const Snapshot> snapshot;         ///< of the last pass; null without one
  std::optional<SqlTargets> databases;              ///< the same, by name
  std::shared_ptr<const LockHolders> lock_holders;  ///< may be null
  /// False if a thread still hangs on a mount that does not answer.
  bool ended = true;
};

/// Until `count` passes have ended or one of the signals, which are deferred, arrives. One pass
/// each interval of `config`, longer where mounts do not answer; no SQL is run.
Passes run_passes(const PassesParts& parts, int count, std::span<const int> stop_signals);

/// Until `enough`, asked after each pass, says so; `databases` goes to `sql`. Both are called on
/// the loop's thread, which is this one.
Passes run_passes(const PassesParts& parts, Loop& loop, SqlReader& sql, const OwnReader& own_reader,
                  const std::function<bool(const Snapshot&)>& enough,
                  std::span<const int> stop_signals);

}  // namespace sqlite_exporter
