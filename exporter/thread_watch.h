/// Tells a thread that hangs in a system call from one that waits for a core.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "collectors/linux/thread_activity.h"

namespace sqlite_exporter {

/// Watches one thread at one piece of work, from another thread.
///
/// Who hangs sleeps and gets no turn; who gets turns, or wants one, does not. And time counts only
/// as far as the watcher itself had its turns: where a process is stopped or gets too little CPU,
/// its watcher is late as well, and whoever holds what the other waits for had no turn either.
class ThreadWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// More than that between two observations counts as that.
  static constexpr std::chrono::milliseconds kMostCredit{200};
  /// What waited less than this in all is not called starved.
  static constexpr std::chrono::milliseconds kLeastWait{1000};

  /// The thread is known to have got on: it did not hang until now.
  void got_on();
  /// What it does now; without a word of it (no procfs) only time tells.
  void observe(Clock::time_point now, const std::optional<ThreadActivity>& activity);

  /// How long it hangs, at least: in one system call, without a turn.
  Clock::duration blocked() const { return blocked_; }
  /// For how long of the time that it was observed it waited for a core, at least.
  Clock::duration waited() const;
  /// From the first observation to the last.
  Clock::duration observed() const;
  /// It waited for over half of its time, and for at least so long.
  bool starved(Clock::duration least = kLeastWait) const {
    return waited() >= least && 2 * waited() >= observed();
  }

 private:
  struct Observation {
    Clock::time_point time;
    std::optional<ThreadActivity> activity;
  };

  std::optional<Observation> first_;  ///< that has a schedule
  std::optional<Observation> last_;
  std::optional<Observation> latest_known_;  ///< that has a schedule
  bool got_on_ = false;                      ///< since the last one
  Clock::duration blocked_{};
  std::optional<Clock::time_point> queued_since_;  ///< it wants a core, and has not got one since
};

/// What a thread of this process does now; nothing if that cannot be told.
using ActivityOf = std::function<std::optional<ThreadActivity>(int tid)>;
std::optional<ThreadActivity> own_thread_activity(int tid);

}  // namespace sqlite_exporter
