/// The daemon's end of the SQL worker: a child that is there when it is needed, runs one statement
/// at a time, and is killed when it does not come to an end. Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/own_reader.h"
#include "exporter/child_process.h"
#include "exporter/log.h"
#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/sql/file_server.h"
#include "exporter/sql/messages.h"
#include "exporter/sql/worker_restart.h"

namespace sqlite_exporter {

/// The program itself, though its file may have been replaced since. `procfs` is the node's.
std::vector<std::string> sql_worker_command(const std::string& procfs);

class SqlWorker {
 public:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(Result<StatementResult>)>;
  struct Parts {
    Loop& loop;
    const Log& log;
    std::shared_ptr<OwnMetrics> own_metrics;
    OwnReader own_reader;              ///< has its pid while it runs
    std::vector<std::string> command;  ///< the program and its arguments
  };

  explicit SqlWorker(Parts parts) : parts_(std::move(parts)) {}
  SqlWorker(const SqlWorker&) = delete;
  SqlWorker& operator=(const SqlWorker&) = delete;
  ~SqlWorker();

  /// No statement runs, and one could.
  bool is_free() const;
  /// It would not start; the next try is some seconds off.
  bool is_pausing() const { return not_before_ && Clock::now() < *not_before_; }
  /// Only while it is free. Starts the child if there is none; then `done`, not from within. Errors
  /// are those of the statement; timeout and internal also from a worker that had to be killed or
  /// ended by itself.
  void run(StatementRequest request, Done done);
  /// Where the child that runs a statement asks for files, to be answered by a `FileServer`; null
  /// without a child.
  std::shared_ptr<const WorkerFiles> files() const { return files_; }
  /// Kills the worker, and with it the statement, which ends in `error`; `reason` is counted.
  void stop(WorkerRestart reason, Error error);
  /// To be called now and then: kills one that is over its time, and gives up one that cannot even
  /// be killed.
  void watch(Clock::time_point now = Clock::now());
  /// Has an idle child end; one that runs a statement is left alone.
  void let_go();

 private:
  struct Running {
    StatementRequest request;
    Done done;
    Clock::time_point kill_at;
    Error error;  ///< what it ends in if no answer comes
  };

  Result<void> start();
  void hear(std::string_view line);
  void kill();
  void ended(std::uint64_t number);
  void finish(Result<StatementResult> result);
  void be_known(int pid);

  Parts parts_;
  std::unique_ptr<ChildProcess> child_;
  std::shared_ptr<const WorkerFiles> files_;  ///< of the child
  std::uint64_t number_ = 0;                  ///< of the child, counted from 1
  bool greeted_ = false;                      ///< it said hello
  std::optional<Clock::time_point> killed_;   ///< when, if it was
  bool told_ = false;                         ///< what its sandbox lacks
  std::optional<Running> running_;
  int speechless_ = 0;                           ///< ended before they said hello, in succession
  std::optional<Clock::time_point> not_before_;  ///< it would not start
  /// In a system call on a filesystem that hangs, by number.
  std::map<std::uint64_t, std::unique_ptr<ChildProcess>> hung_;
};

}  // namespace sqlite_exporter
