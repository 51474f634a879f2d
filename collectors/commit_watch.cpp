#include "collectors/commit_watch.h"

#include <algorithm>
#include <utility>

namespace sqlite_exporter {

namespace {

constexpr unsigned kWaits = 2;
constexpr std::chrono::seconds kPause(3);

/// The writer that waits; nothing if none does. A reader takes PENDING too, shared, for a moment.
std::optional<int> waiting_writer(const DatabaseLocks& locks) {
  if (!locks.pending || !locks.pending->exclusive) return std::nullopt;
  return locks.pending->pid;
}

}  // namespace

void CommitWatch::follow(const Moment& moment) {
  const std::optional<int> writer = waiting_writer(moment.locks);
  const int shared = moment.locks.shared->pid;
  // Processes of other pid namespaces are all 0, and open file descriptions all -1.
  const int reader = shared > 0 && shared != writer ? shared : 0;
  if (waiting_ && waiting_->pid > 0 && reader > 0 && reader != waiting_->pid)
    waiting_.reset();  // another one: how long a commit waits for him is not known yet
  if (!writer) return;
  if (!waiting_) {
    waiting_ = WaitedForReader{moment.taken, reader};
    waits_ = 0;
  }
  waiting_->pid = std::max(waiting_->pid, reader);
  last_wait_ = moment.taken;
  ++waits_;
}

void CommitWatch::observe(const Moment& moment) {
  const auto before = std::exchange(change_counter_, moment.change_counter);
  const bool commit = before && before != moment.change_counter;
  if (!moment.locks.shared || moment.locks.exclusive() || commit) return forget();
  follow(moment);
  if (waiting_ && moment.taken - last_wait_ > kPause) return forget();
  told_ = waiting_ && waits_ >= kWaits ? waiting_ : std::nullopt;
}

void CommitWatch::forget() {
  waiting_.reset();
  told_.reset();
  waits_ = 0;
}

}  // namespace sqlite_exporter
