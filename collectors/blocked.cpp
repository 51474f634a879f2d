#include "collectors/blocked.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "collectors/replicator.h"

namespace sqlite_exporter {

namespace {

/// Applications that set a busy timeout at all commonly set 5 s: a longer transaction fails them.
constexpr std::chrono::seconds kLongTransaction(5);

/// A checkpoint that copies frames counts as begun anew: it waits after the last of them.
constexpr std::chrono::seconds kSameCall(2);

void set(BlockedCauses& causes, BlockedCause cause) {
  causes[static_cast<std::size_t>(cause)] = true;
}

bool long_transaction(const Look& look) {
  const std::optional<LockHold>& hold = look.sample.lock_time.hold(Lock::write);
  return hold && look.wal_locks.write && look.wal_locks.write->pid == hold->pid &&
         !checkpointer_waits(look) && look.sample.taken - hold->since >= kLongTransaction;
}

BlockedCause cause_of_mark(const Look& look, std::size_t mark) {
  if (is_held_by_design(look, mark)) return BlockedCause::replicator;
  return mark == 0 ? BlockedCause::old_reader_on_slot_0 : BlockedCause::reader;
}

}  // namespace

const OldReader* old_reader(const Look& look, std::size_t mark) {
  if (!look.index) return nullptr;
  const std::optional<OldReader>& sampled = look.sample.old_readers[mark];
  const std::optional<std::uint32_t> safe = safe_frame_of(*look.index, look.wal_locks, mark);
  if (!sampled || !safe || sampled->safe_frame != *safe) return nullptr;
  return is_own_mark(look, mark) ? nullptr : &*sampled;
}

bool is_own_mark(const Look& look, std::size_t mark) {
  return look.holders.own_reads[mark] && holders_of_mark(look, mark).empty();
}

std::vector<const HolderProcess*> holders_of_mark(const Look& look, std::size_t mark) {
  // Nobody takes an old mark: whoever was listed with it since it became old, held it then.
  const std::optional<OldReader>& reader = look.sample.old_readers[mark];
  const bool list_counts = reader && look.holders.listed >= reader->since;
  std::vector<const HolderProcess*> holders;
  for (const HolderProcess& holder : look.holders.processes)
    if (holder.reads[mark] || (list_counts && holder.listed_reads[mark]))
      holders.push_back(&holder);
  return holders;
}

bool checkpointer_waits(const Look& look) {
  const std::optional<LockHolder>& write = look.wal_locks.write;
  const std::optional<LockHolder>& checkpoint = look.wal_locks.checkpoint;
  if (!write || !checkpoint || write->pid <= 0 || write->pid != checkpoint->pid) return false;
  // It takes the checkpoint lock first; one that came later is of another connection.
  const std::optional<LockHold>& writes = look.sample.lock_time.hold(Lock::write);
  const std::optional<LockHold>& checkpoints = look.sample.lock_time.hold(Lock::checkpoint);
  return writes && checkpoints && writes->pid == write->pid && checkpoints->pid == write->pid &&
         checkpoints->since <= writes->since + kSameCall;
}

BlockedCauses blocked_causes(const Look& look) {
  BlockedCauses causes{};
  if (!look.index) return causes;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark) {
    const OldReader* const reader = old_reader(look, mark);
    if (reader != nullptr && reader->seen_twice) set(causes, cause_of_mark(look, mark));
  }
  if (long_transaction(look)) set(causes, BlockedCause::writer);
  if (look.sample.readers_in_turn) set(causes, BlockedCause::readers_in_turn);
  if (look.sample.checkpoints.unattended && std::ranges::none_of(causes, std::identity()))
    set(causes, BlockedCause::no_checkpointer);
  return causes;
}

}  // namespace sqlite_exporter
