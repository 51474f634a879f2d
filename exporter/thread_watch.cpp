#include "exporter/thread_watch.h"

#include <algorithm>

namespace sqlite_exporter {

void ThreadWatch::got_on() {
  blocked_ = {};
  got_on_ = true;
}

void ThreadWatch::observe(Clock::time_point now, const std::optional<ThreadActivity>& activity) {
  const bool knows = activity && activity->schedule.known();
  // Nothing is known of the way from the last observation to this one if it got on meanwhile.
  const bool same = last_ && !got_on_ && last_->activity == activity;
  const bool sleeps = !activity || activity->sleeps;
  if (same && sleeps) {
    blocked_ += std::min<Clock::duration>(now - last_->time, kMostCredit);
  } else {
    blocked_ = {};
  }
  // The same numbers and not asleep: it has been on the queue all the time.
  if (!knows || activity->sleeps || !same) {
    queued_since_.reset();
  } else if (!queued_since_) {
    queued_since_ = last_->time;
  }
  last_ = {now, activity};
  got_on_ = false;
  if (!knows) return;
  if (!first_) first_ = last_;
  latest_known_ = last_;
}

ThreadWatch::Clock::duration ThreadWatch::waited() const {
  if (!first_) return {};
  const std::uint64_t before = first_->activity->schedule.waited_ns;
  const std::uint64_t after = latest_known_->activity->schedule.waited_ns;
  const std::chrono::nanoseconds ended(after > before ? after - before : 0);
  const Clock::duration open = queued_since_ ? last_->time - *queued_since_ : Clock::duration();
  // The first wait may have begun before the first observation.
  return std::min<Clock::duration>(ended + open, observed());
}

ThreadWatch::Clock::duration ThreadWatch::observed() const {
  return first_ ? latest_known_->time - first_->time : Clock::duration();
}

std::optional<ThreadActivity> own_thread_activity(int tid) {
  if (const Result<ThreadActivity> activity = read_thread_activity(tid)) return *activity;
  return std::nullopt;
}

}  // namespace sqlite_exporter
