/// The event loop (libuv): timers, signals, and work handed to the pool. One thread runs it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "collectors/base/result.h"

struct uv_loop_s;

namespace sqlite_exporter {

/// Holds the signal back from this thread, and from those it starts, until a Loop handles it: so
/// that one that arrives before the loop runs ends the program as cleanly as a later one.
void defer_signal(int signal_number);
/// Gives it back.
void allow_signal(int signal_number);

class Loop {
 public:
  using Callback = std::function<void()>;

  /// How many pool jobs can be in flight at once, hung ones among them; there are as many threads
  /// as are needed. libuv's own pool has all of its threads from the first job on, and ends the
  /// program where it cannot have them.
  static constexpr unsigned kPoolThreads = 36;

  /// Ignores SIGPIPE: who does not read any more is told by errors.
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Frees everything once no pool job is left; else leaks it on purpose: a job on a hung mount
  /// still refers to it and cannot be joined.
  ~Loop();

  using TimerId = std::size_t;
  /// Calls back at once and then every `period`, until the loop ends.
  TimerId every(std::chrono::milliseconds period, Callback callback);
  /// From now on. Loop thread only.
  void set_period(TimerId timer, std::chrono::milliseconds period);
  /// A deferred signal is delivered from now on.
  void on_signal(int signal_number, Callback callback);
  /// Whether there is a thread for pool jobs. Error: limit.
  Result<void> prepare_pool();
  /// Runs `work` on a pool thread, then `done` on the loop's thread, unless it was stopped
  /// meanwhile. Where no thread at all can be had `work` is done at once. Loop thread only.
  void in_pool(Callback work, Callback done);

  /// For what else wraps a piece of libuv. Handles that are open when the loop goes are closed
  /// then; with a job that hangs they are never.
  uv_loop_s& native();

  /// Until `stop`. Then waits for pool jobs, at most a second; true if none is left.
  bool run();
  /// Loop thread only.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sqlite_exporter
