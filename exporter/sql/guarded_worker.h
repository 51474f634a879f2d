/// The SQL worker with a guard over each statement in WAL mode, which ends it when too many frames
/// pile up behind it. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "collectors/linux/file.h"
#include "collectors/sql_access.h"
#include "exporter/loop.h"
#include "exporter/sql/sql_worker.h"
#include "exporter/sql/statement_guard.h"

namespace sqlite_exporter {

class GuardedWorker {
 public:
  /// `freed` is called whenever it may have become free.
  GuardedWorker(SqlWorker::Parts parts, Loop::Callback freed);
  GuardedWorker(const GuardedWorker&) = delete;
  GuardedWorker& operator=(const GuardedWorker&) = delete;

  /// No statement runs, and one could. It may also become so by the passing of time.
  bool is_free() const;
  bool is_pausing() const { return worker_.is_pausing(); }
  /// Only while it is free, on a database that was just found safe: `access` is wal or rollback.
  /// No file is handed to the worker that is not `owner`'s. `done` as `SqlWorker::run` has it; busy
  /// also for a statement that was ended.
  void run(const StatementRequest& request, RequiredOwner owner, SqlAccess access,
           std::size_t max_pinned_frames, SqlWorker::Done done);
  /// Has an idle worker end.
  void let_go() { worker_.let_go(); }
  /// The statement under way is not waited for.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void guard(const std::string& path, RequiredOwner owner,
             std::optional<std::size_t> max_pinned_frames);
  void watch();

  Loop& loop_;
  SqlWorker worker_;
  Loop::Callback freed_;
  std::shared_ptr<StatementGuard> guard_;  ///< until its job is back, or was given up
  std::size_t hung_guards_ = 0;            ///< given up, and not back
  /// The last statement, if there was one; nothing while one runs.
  std::optional<Clock::time_point> ended_ = Clock::time_point();
};

}  // namespace sqlite_exporter
