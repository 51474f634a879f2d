#include "collectors/commits.h"

#include <algorithm>
#include <chrono>

#include "collectors/lock_owner.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kBlockedSeconds = gauge(
    "sqlite_commit_blocked_seconds",
    "In rollback mode, at least so long this owner's transaction has kept others from committing: "
    "reader (commits wait or fail until its read transaction ends), writer (its write transaction "
    "is open). From 5 s on; owner labels are empty where it cannot be told.",
    {"cause", "owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});
constexpr Metric kBlockedPid =
    gauge("sqlite_commit_blocked_pid",
          "The process behind sqlite_commit_blocked_seconds; absent where its pid cannot be seen.",
          {"cause"});

constexpr const Metric* kCommitsMetrics[] = {&kBlockedSeconds, &kBlockedPid};

bool may_be_blocked(const Look& look) {
  return !look.attached && look.main_header &&
         look.main_header->journal_mode == JournalMode::rollback && !look.sample.exclusive_mode &&
         !look.states.contains(DatabaseState::rollback_exclusive);
}

int writer_of(const DatabaseLocks& locks) {
  if (locks.reserved) return locks.reserved->pid;
  return locks.pending ? locks.pending->pid : 0;
}

/// A commit waits, as samples and look agree.
bool commit_waits(const Look& look) {
  return look.sample.waited_for_reader && look.database_locks.shared;
}

const HolderProcess* process_of(const Look& look, int pid) {
  const auto& all = look.holders.processes;
  const auto found = std::ranges::find(all, pid, &HolderProcess::pid);
  return pid > 0 && found != all.end() ? &*found : nullptr;
}

using TimePoint = std::chrono::steady_clock::time_point;

CommitBlocker blocker(CommitCause cause, TimePoint since, TimePoint now, int pid,
                      const HolderProcess* process) {
  CommitBlocker blocker;
  blocker.cause = cause;
  blocker.seconds = std::chrono::duration<double>(now - since).count();
  blocker.since = since;
  blocker.pid = process != nullptr ? process->pid : pid;
  if (process != nullptr) {
    blocker.owner = process->process.owner;
    blocker.stopped = process->process.stopped;
    blocker.frozen = process->process.frozen;
  }
  return blocker;
}

std::string_view name_of(CommitCause cause) {
  return cause == CommitCause::reader ? "reader" : "writer";
}

void add(const std::optional<CommitBlocker>& blocker, Batch& batch) {
  if (!blocker || blocker->seconds < kLongWait) return;
  const Owner& owner = blocker->owner;
  batch.add(kBlockedSeconds, blocker->seconds,
            {name_of(blocker->cause), owner.process, owner.unit, owner.pod_namespace, owner.pod,
             owner.container});
  if (blocker->pid > 0) batch.add(kBlockedPid, blocker->pid, {name_of(blocker->cause)});
}

Result<void> look_at_commits(const Look& look, Batch& batch) {
  add(commit_reader(look), batch);
  add(commit_writer(look), batch);
  return {};
}

}  // namespace

std::optional<CommitBlocker> commit_reader(const Look& look) {
  if (!may_be_blocked(look) || !commit_waits(look)) return std::nullopt;
  const WaitedForReader& waited = *look.sample.waited_for_reader;
  const HolderProcess* reader = process_of(look, waited.pid);
  if (waited.pid <= 0) {
    const int now = writer_of(look.database_locks);
    const int writer = now > 0 ? now : waited.writer;  // it may have let go, and try again
    const auto& all = look.holders.processes;
    const auto other = std::ranges::find_if(all, [&](const HolderProcess& holder) {
      return holder.holds_shared && holder.pid != writer;
    });
    if (other == all.end()) return std::nullopt;  // the writer is not in his own way
    reader = &*other;
  }
  return blocker(CommitCause::reader, waited.since, look.taken, waited.pid, reader);
}

std::optional<CommitBlocker> commit_writer(const Look& look) {
  const std::optional<LockHold>& hold = look.sample.lock_time.hold(Lock::reserved);
  const std::optional<LockHolder>& held = look.database_locks.reserved;
  if (!may_be_blocked(look) || !hold || !held || held->pid != hold->pid) return std::nullopt;
  // One that waits for a reader is no cause; one that waits for nobody left a commit that failed.
  if (commit_waits(look) && (commit_reader(look) || !look.holders.complete)) return std::nullopt;
  return blocker(CommitCause::writer, hold->since, look.sample.taken, held->pid,
                 owner_of(look, Lock::reserved, *held));
}

const Collector kCommitsCollector = {"commits", kCommitsMetrics, look_at_commits};

}  // namespace sqlite_exporter
