#include "collectors/commit_watch.h"

#include <algorithm>
#include <utility>

namespace sqlite_exporter {

namespace {

constexpr unsigned kReads = 3;
constexpr unsigned kWaits = 2;
/// A transaction that is rolled back on purpose looks the same: so many in succession without a
/// single commit are none.
constexpr unsigned kRefusals = 5;
constexpr std::chrono::seconds kLeastPause(6);
constexpr std::chrono::minutes kMostPause(5);

/// A reader takes PENDING too, shared, for a moment.
bool commit_waits_in(const DatabaseLocks& locks) {
  return locks.pending && locks.pending->exclusive;
}

/// Nothing if nobody writes.
std::optional<int> writer_in(const DatabaseLocks& locks) {
  if (commit_waits_in(locks)) return locks.pending->pid;
  if (locks.reserved) return locks.reserved->pid;
  return std::nullopt;
}

}  // namespace

void CommitWatch::Trouble::add(std::chrono::steady_clock::time_point now) {
  if (count++ == 0) first = now;
  last = now;
}

bool CommitWatch::Trouble::lasts(std::chrono::steady_clock::time_point now) const {
  const auto pause =
      std::clamp<std::chrono::steady_clock::duration>(2 * (last - first), kLeastPause, kMostPause);
  return now - last <= pause;
}

void CommitWatch::follow_reader(const DatabaseLocks& locks) {
  const std::optional<int> writer = writer_in(locks);
  if (writer) writer_ = *writer;
  // Processes of other pid namespaces are all 0, and open file descriptions all -1.
  const int named = locks.shared->pid;
  if (named > 0 && named == writer) {
    if (pid_ == 0) pid_ = named;
    own_ = pid_ == named && !outlived_;
  } else if (named > 0 && named != pid_) {
    // Another one, or one who may have come since: how long a commit waits for him is not known.
    // But into one and the same wait nobody comes.
    const bool same_wait = waited_ && commit_waits_in(locks) && (pid_ == 0 || own_);
    if (!same_wait) forget_trouble();
    pid_ = named;
    own_ = false;
  } else if (named > 0) {
    // The kernel names the oldest: what the writer itself took for its commit is gone by now.
    if (!writer && is_troubled()) outlived_ = true;
    own_ = false;
  }
  ++reads_;
}

void CommitWatch::observe(const Moment& moment) {
  const auto before = std::exchange(change_counter_, moment.change_counter);
  const bool commit = before && before != moment.change_counter;
  if (!moment.locks.shared || moment.locks.exclusive() || commit) return forget();
  follow_reader(moment.locks);

  waited_ = commit_waits_in(moment.locks);
  if (waited_) waits_.add(moment.taken);
  // A sample later, so that the change counter would have said that it was committed.
  const bool ended = writes_ && !moment.locks.reserved && moment.change_counter;
  if (ended) refusals_.add(moment.taken);
  writes_ = moment.journal_begun || (writes_ && !ended);

  told_.reset();
  for (const auto& [trouble, enough] : {std::pair(waits_, kWaits), std::pair(refusals_, kRefusals)})
    if (trouble.count >= enough && trouble.lasts(moment.taken))
      told_ = WaitedForReader{told_ ? std::min(told_->since, trouble.first) : trouble.first,
                              own_ ? 0 : pid_, writer_};
}

CommitSuspicion CommitWatch::suspicion() const {
  if (is_troubled()) return CommitSuspicion::held_up;
  return reads_ >= kReads ? CommitSuspicion::reader : CommitSuspicion::none;
}

void CommitWatch::forget_trouble() {
  reads_ = 0;
  waits_ = Trouble();
  refusals_ = Trouble();
  writes_ = own_ = outlived_ = false;
}

void CommitWatch::forget() {
  forget_trouble();
  pid_ = writer_ = 0;
  waited_ = false;
  told_.reset();
}

}  // namespace sqlite_exporter
