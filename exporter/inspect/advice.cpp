#include "exporter/inspect/advice.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "collectors/blocked.h"
#include "collectors/wal_reset.h"
#include "exporter/inspect/commit_advice.h"
#include "exporter/inspect/facts.h"
#include "exporter/inspect/filesystem_advice.h"
#include "exporter/inspect/holders.h"
#include "exporter/inspect/life_in_words.h"
#include "exporter/inspect/risk_advice.h"
#include "exporter/inspect/state_advice.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

/// Ten times what PRAGMA wal_autocheckpoint lets wait by default.
constexpr std::uint32_t kMuchBacklog = 10'000;
/// What PRAGMA wal_autocheckpoint lets wait by default.
constexpr std::uint32_t kOrdinaryBacklog = 1'000;
constexpr double kLongReader = 60;  ///< seconds
constexpr std::uint64_t kLargeWal = std::uint64_t{64} << 20U;

using List = std::vector<Advice>;

/// States in the order in which somebody should hear of them.
constexpr std::array kMostPressingFirst = {
    DatabaseState::wal_lost,           DatabaseState::orphaned,
    DatabaseState::overwritten,        DatabaseState::locks_cancelled,
    DatabaseState::locks_inconsistent, DatabaseState::locks_unobservable,
    DatabaseState::truncated,          DatabaseState::corrupt_header,
    DatabaseState::hot_journal,        DatabaseState::wal_mismatched,
    DatabaseState::wal_unrecovered,    DatabaseState::absent,
    DatabaseState::encrypted,          DatabaseState::newer_format,
    DatabaseState::not_a_database,     DatabaseState::empty,
    DatabaseState::wal_exclusive,      DatabaseState::rollback_exclusive};

bool holds(const BlockedCauses& causes, BlockedCause cause) {
  return causes[static_cast<std::size_t>(cause)];
}

std::string frames(std::uint32_t count) {
  return std::to_string(count).append(count == 1 ? " frame" : " frames");
}

std::string names_of(const std::vector<NamedProcess>& processes) {
  std::string names;
  for (const NamedProcess& process : processes)
    names.append(names.empty() ? "" : ", ").append(process_in_words(process));
  return names;
}

std::string name_of(const Observation& observation, int pid) {
  const std::vector<NamedProcess> processes = processes_of(observation);
  const auto known = std::ranges::find(processes, pid, &NamedProcess::pid);
  return process_in_words(known != processes.end() ? *known : NamedProcess{pid, {}, {}});
}

void advise_on_states(const Observation& observation, List& list) {
  const StateSet states = observation.look->states;
  for (const DatabaseState state : kMostPressingFirst) {
    const StateAdvice* const advice = advice_on(state, states);
    if (advice == nullptr || !states.contains(state)) continue;
    std::string meaning(advice->meaning);
    meaning.append(more_on(state, *observation.look));
    const std::optional<LostLocks>& lost = observation.look->holders.lost_locks;
    if (lost &&
        (state == DatabaseState::locks_cancelled || state == DatabaseState::locks_inconsistent))
      meaning.append(" It is ").append(name_of(observation, lost->pid)).append(".");
    meaning.append(life_in_words(*observation.look, state));
    list.push_back({advice->severity, std::string(to_string(state)), std::move(meaning),
                    std::string(advice->action)});
  }
  // Where it is mounted alone all that is missing lies elsewhere.
  if (states.empty() && !observation.look->file_mount)
    list.push_back({Severity::cannot_say, "no_state",
                    "Nothing certain can be said of it right now: it is being opened, or somebody "
                    "has it open by another name (a hard link) or without the locks that belong "
                    "to it, or its WAL is too large to be judged while nobody has it open.",
                    "Run this again. If it stays so, compare with the files that the application "
                    "has open (ls -l /proc/<pid>/fd)."});
}

/// An ordinary report is old at two looks as well: it is a line of its own, and no fault, until its
/// age or what waits behind it says more.
bool matters(const HeldReader& reader) {
  const bool still = std::ranges::any_of(reader.processes, &NamedProcess::stands_still);
  return reader.by_design || still || reader.pinned_frames > kOrdinaryBacklog ||
         (reader.age && *reader.age >= kLongReader);
}

void advise_on_readers(const Observation& observation, List& list) {
  for (const HeldReader& reader : readers_of(observation)) {
    if (!reader.old || !matters(reader)) continue;
    std::string meaning = "READ";
    meaning.append(std::to_string(reader.slot)).append(" is held by ");
    meaning.append(names_of(reader.processes));
    if (reader.age) meaning.append(" for at least ").append(time_in_words(*reader.age));
    meaning.append(reader.slot == 0 ? ", whose read transaction lets no checkpoint copy anything: "
                                    : ", whose read transaction keeps checkpoints from copying ");
    meaning.append(frames(reader.pinned_frames));
    meaning.append(reader.slot == 0 ? " wait." : ".");
    if (reader.by_design) {
      list.push_back({Severity::note, "replicator", std::move(meaning),
                      "Litestream keeps a reader by design, and lets go of it when it checkpoints. "
                      "If the WAL goes on growing, look at its log."});
      continue;
    }
    list.push_back({Severity::attention, reader.slot == 0 ? "old_reader_on_slot_0" : "reader",
                    std::move(meaning),
                    or_continue(reader.processes,
                                "End that transaction (a statement not stepped to its end or "
                                "reset, a BEGIN without COMMIT), or restart that process.")});
  }
}

void advise_on_writer(const Observation& observation, const BlockedCauses& causes, List& list) {
  if (!holds(causes, BlockedCause::writer)) return;
  std::string meaning = "One write transaction has been open";
  std::vector<NamedProcess> writers;
  for (const HeldLock& lock : locks_of(observation)) {
    if (lock.lock != to_string(Lock::write)) continue;
    if (lock.age) meaning.append(" for at least ").append(time_in_words(*lock.age));
    meaning.append(", by ").append(process_in_words(lock.process));
    writers.push_back(lock.process);
  }
  list.push_back(
      {Severity::attention, "writer",
       meaning.append(": everybody else who wants to write waits or fails."),
       or_continue(writers, "Commit or roll back that transaction, or restart that process.")});
}

void advise_on_checkpoints(const Observation& observation, const BlockedCauses& causes,
                           List& list) {
  const Look& look = *observation.look;
  if (holds(causes, BlockedCause::no_checkpointer))
    list.push_back({Severity::attention, "no_checkpointer",
                    "Nothing keeps a checkpoint from copying the WAL, and nobody has begun one for "
                    "a minute.",
                    "Run PRAGMA wal_checkpoint in the application, and see why its own does not "
                    "come (PRAGMA wal_autocheckpoint=0)."});
  if (holds(causes, BlockedCause::readers_in_turn))
    list.push_back({Severity::attention, "readers_in_turn",
                    "Checkpoints copy all of the WAL, and for half a minute there was always some "
                    "reader: it cannot start over, and grows.",
                    "Leave a moment without a reader, by shorter or fewer read transactions, or "
                    "run PRAGMA wal_checkpoint(RESTART) with a busy timeout, for which new readers "
                    "wait."});
  if (checkpointer_waits(look) && look.wal_locks.write)
    list.push_back({Severity::note, "checkpoint_waits",
                    name_of(observation, look.wal_locks.write->pid)
                        .append(" holds the write lock for a checkpoint (FULL, RESTART or "
                                "TRUNCATE); other writers wait for it."),
                    ""});
  if (observation.checkpoint_fell_short || look.sample.checkpoints.failures > 0)
    list.push_back({Severity::attention, "checkpoint_failed",
                    "A checkpoint began and did not get to its end.",
                    "Look for a full disk (df) and for errors in the kernel log."});
}

/// A file that keeps its largest size is no fault by itself: a VACUUM, and each start of kine,
/// leaves one of the size of its database.
Advice advice_on_large_wal(const Look& look, std::uint32_t waiting) {
  const std::uint64_t pages = pages_of(look).value_or(0) * page_size_of(look).value_or(0);
  const std::uint64_t database = std::max(look.database ? look.database->size : 0, pages);
  const bool ordinary = waiting <= kOrdinaryBacklog && look.wal->size <= database + database / 10;
  // Whose application does not run can be told to do nothing in it.
  const bool left = look.states.contains(DatabaseState::wal_unrecovered) ||
                    look.states.contains(DatabaseState::wal_mismatched);
  return {ordinary ? Severity::note : Severity::attention, "wal_file_size",
          std::string("The -wal takes ")
              .append(size_in_words(look.wal->size))
              .append(" of disk; it keeps its largest size until it is truncated."),
          left ? "Do what is said above first; the application's last close then removes it."
          : !look.attached
              ? "Nobody has it open: the application's next last close removes it."
              : "Once no reader is in the way PRAGMA wal_checkpoint(TRUNCATE) in the application "
                "gives it back; PRAGMA journal_size_limit does so at each start of the WAL."};
}

void advise_on_backlog(const Observation& observation, List& list) {
  const Look& look = *observation.look;
  const std::uint32_t waiting = look.index ? look.index->mx_frame - look.index->n_backfill : 0;
  if (waiting > kMuchBacklog) {
    const bool pinned = pinned_frames(*look.index, look.wal_locks) > 0;
    list.push_back({Severity::attention, "wal_backlog",
                    frames(waiting).append(
                        " wait to be copied into the database: reads get slower, and the WAL "
                        "grows until they are."),
                    pinned ? "The reader that pins them must end first."
                           : "Run PRAGMA wal_checkpoint(PASSIVE) in the application, and see why "
                             "its own checkpoints are late."});
  }
  if (look.wal && look.wal->size > kLargeWal) list.push_back(advice_on_large_wal(look, waiting));
}

Advice advice_on_wal_reset(const WalResetBug& bug) {
  std::string meaning = std::string("SQLite ").append(sqlite_version_in_words(bug.version));
  meaning.append(bug.of_holder ? ", by which a process has it open, "
                               : ", which wrote page 1 last, ");
  meaning.append("can lose commits when a checkpoint meets a reset of the WAL.");
  if (bug.of_holder)
    return {Severity::note, "wal_reset_bug",
            meaning.append(" Distributions port fixes back without a new version."),
            "If its SQLite has no such fix, update it to 3.51.3 or newer and restart the process."};
  return {Severity::note, "wal_reset_bug",
          meaning.append(" Page 1 is written when the schema or the size changes: the application "
                         "may have another version by now."),
          "If its SQLite is older than 3.51.3, update it."};
}

void add_notes(const Look& look, List& list) {
  if (look.mount != nullptr && look.mount->remote)
    list.push_back({Severity::note, "remote_mount",
                    std::string("It lies on ")
                        .append(printable(look.mount->fstype))
                        .append(": locks of other machines cannot be seen, and WAL mode does not "
                                "work across machines."),
                    ""});
  // It takes two connections.
  const bool wal = look.attached || (look.header && look.header->journal_mode == JournalMode::wal);
  if (wal && look.followed_wal() == nullptr && look.wal_reset_bug)
    list.push_back(advice_on_wal_reset(*look.wal_reset_bug));
}

void advise_on_the_unasked(const Observation& observation, List& list) {
  std::string meaning = unasked_in_words(*observation.look);
  if (meaning.empty()) return;
  list.push_back({Severity::note, "not_all_asked", std::move(meaning),
                  "Run this again as root, on the node itself."});
}

void advise_on_leaks(const Observation& observation, List& list) {
  for (const ConnectionLeak& leak : observation.leaks)
    list.push_back({Severity::attention, "connection_leak",
                    leak_in_words(leak, name_of(observation, leak.pid)),
                    "Close connections that are no longer used (a pool with a limit does), or "
                    "restart that process."});
}

List most_urgent_first(List list) {
  List sorted;
  for (const Severity severity : {Severity::attention, Severity::cannot_say, Severity::note})
    for (Advice& advice : list)
      if (advice.severity == severity) sorted.push_back(std::move(advice));
  return sorted;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::attention: return "attention";
    case Severity::cannot_say: return "cannot_say";
  }
  return "";
}

std::vector<Advice> advice_for(const Observation& observation) {
  if (!observation.look) {
    const Error error = observation.error.value_or(Error{Errc::internal, "it was not looked at"});
    return {{Severity::cannot_say, std::string(to_string(error.code)),
             printable(error.message).append("."), std::string(advice_on(error.code))}};
  }
  List list;
  const BlockedCauses causes = blocked_causes(*observation.look);
  advise_on_states(observation, list);
  advise_on_the_unasked(observation, list);
  advise_on_readers(observation, list);
  advise_on_writer(observation, causes, list);
  advise_on_checkpoints(observation, causes, list);
  advise_on_backlog(observation, list);
  advise_on_commits(observation, list);
  advise_on_filesystem(observation, list);
  advise_on_leaks(observation, list);
  advise_on_risks(observation, list);
  add_notes(*observation.look, list);
  return most_urgent_first(std::move(list));
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::healthy: return "healthy";
    case Verdict::attention: return "attention";
    case Verdict::cannot_say: return "cannot_say";
  }
  return "";
}

Verdict verdict_of(std::span<const Advice> advice) {
  Verdict verdict = Verdict::healthy;
  for (const Advice& each : advice) {
    if (each.severity == Severity::attention) verdict = worse(verdict, Verdict::attention);
    if (each.severity == Severity::cannot_say) verdict = worse(verdict, Verdict::cannot_say);
  }
  return verdict;
}

Verdict worse(Verdict one, Verdict other) {
  if (one == Verdict::attention || other == Verdict::attention) return Verdict::attention;
  return std::max(one, other);
}

int exit_code(Verdict verdict) { return static_cast<int>(verdict); }

}  // namespace sqlite_exporter
