#include "collectors/unattached_look.h"

#include <utility>

#include "collectors/beside_nothing.h"
#include "collectors/ciphertext.h"
#include "collectors/exclusive_look.h"
#include "collectors/rollback.h"
#include "collectors/sqlite/file_head.h"
#include "collectors/suspicion.h"
#include "collectors/wal_origin.h"

namespace sqlite_exporter {

namespace {

/// A commit in rollback mode and a checkpoint both take a moment; so few tries bound a look.
constexpr int kUnattachedAttempts = 5;

/// The header of a database nobody writes into a WAL: what the file itself says, if that is
/// committed. Checked before and after, so that no commit has passed in between.
struct Settled {
  std::optional<DatabaseHeader> header;
  bool hot_journal = false;
};

Result<Settled> settled_header(const File& database, const std::string& path, std::uint64_t size) {
  Settled settled;
  for (int attempt = 0; attempt < kUnattachedAttempts; ++attempt) {
    const Result<RollbackContent> before = rollback_content(database, path, size);
    if (!before) return fail(before.error());
    const Result<FileHead> head = read_file_head(database, size);
    if (!head) return fail(head.error());
    const Result<RollbackContent> after = rollback_content(database, path, size);
    if (!after) return fail(after.error());
    settled.hot_journal =
        *before == RollbackContent::hot_journal && *after == RollbackContent::hot_journal;
    if (settled.hot_journal) return settled;
    if (*before == RollbackContent::committed && *after == RollbackContent::committed) {
      settled.header = head->header;
      return settled;
    }
  }
  return settled;
}

/// What shows life where SQLite's locks show nobody. Nothing if it cannot be told yet.
Result<std::optional<SignsOfLife>> ask_for_life(Look& look, const File& database, const Node& node,
                                                bool accuses, LifeState& state) {
  auto signs = signs_of_life({look.path, database, *look.database, look.wal, accuses}, node, state);
  if (!signs || !*signs) return signs;
  look.signs = **signs;
  if ((*signs)->pid > 0)
    if (Result<Process> process =
            read_owner(node.paths.procfs, (*signs)->pid, node.locks ? *node.locks : LockHolders()))
      look.unseen_user = std::move(*process);
  return signs;
}

/// True as well while nobody can tell yet.
Result<bool> is_used_unseen(Look& look, const File& database, const Node& node, bool frames,
                            LifeState& state, StateSet& suspected) {
  const auto signs = ask_for_life(look, database, node, frames, state);
  if (!signs) return fail(signs.error());
  if (!*signs) return true;
  const bool used = suspect_unseen_user(look, suspected);
  if (suspected.contains(DatabaseState::locks_cancelled)) state.without_locks = (*signs)->pid;
  return used;
}

Result<void> suspect_leftover(const Look& look, Leftover leftover, StateSet& suspected) {
  suspected.add(DatabaseState::wal_unrecovered);
  if (leftover == Leftover::foreign) suspected.add(DatabaseState::wal_mismatched);
  if (!look.main_header || leftover != Leftover::frames) return {};
  const Result<bool> mismatched =
      wal_may_be_of_another_file(look.path, *look.database, *look.main_header, *look.wal);
  if (!mismatched) return fail(mismatched.error());
  if (*mismatched) suspected.add(DatabaseState::wal_mismatched);
  return {};
}

bool recovers(Leftover leftover) {
  return leftover == Leftover::frames || leftover == Leftover::own_frames ||
         leftover == Leftover::foreign;
}

Result<Leftover> leftover_beside(const Look& look, const File& database, LookState& state) {
  return leftover_of({look.path, database, *look.database, look.wal}, state.leftover);
}

/// A database in WAL mode that nobody is attached to. With frames left behind the file is not the
/// whole truth.
Result<void> read_closed_wal(Look& look, const File& database, const Settled& settled,
                             const Node& node, LookState& state, StateSet& suspected) {
  // Whoever holds SHARED has it open, though he lost the switch or could not take it; and he writes
  // into a WAL that is not at this path: the file is an old truth.
  if (look.database_locks.any()) return {};
  const Result<Leftover> leftover = leftover_beside(look, database, state);
  if (!leftover) return fail(leftover.error());
  const bool frames = recovers(*leftover);
  if (!look.locks_hidden) {
    const Result<bool> used = is_used_unseen(look, database, node, frames, state.life, suspected);
    if (!used) return fail(used.error());
    if (*used) return {};
    // Frames that grow are written by somebody, though his locks cannot be seen.
    if (frames && look.sample.unlocked_advances == 0)
      return suspect_leftover(look, *leftover, suspected);
  }
  if (*leftover != Leftover::nothing) return {};
  look.header = settled.header;
  if (look.header) look.states.add(DatabaseState::wal_clean);
  return {};
}

bool is_shorter_than_it_says(const DatabaseHeader& header, const FileStatus& file) {
  return header.page_count_valid && std::uint64_t{header.page_count} * header.page_size > file.size;
}

Result<void> suspect_truncation(const Look& look, const File& database, StateSet& suspected) {
  const DatabaseLocks& locks = look.database_locks;
  if (!look.header || locks.reserved || locks.pending || locks.exclusive()) return {};
  if (!is_shorter_than_it_says(*look.header, *look.database)) return {};
  // Its size was asked for before its header was read: a commit in between may have grown it.
  const Result<FileStatus> now = database.status();
  if (!now) return fail(now.error());
  if (is_shorter_than_it_says(*look.header, *now)) suspected.add(DatabaseState::truncated);
  return {};
}

/// In WAL mode there is a journal only where a change of the mode was interrupted.
Result<Settled> closed_header(const Look& look, const File& database) {
  if (look.main_header->journal_mode == JournalMode::wal) {
    const auto journal = status_if_there(look.path + "-journal");
    if (!journal) return fail(journal.error());
    if (!*journal) return Settled{look.main_header};
  }
  return settled_header(database, look.path, look.database->size);
}

/// Nobody writes a hot journal: one that changes has a writer whose locks cannot be seen.
Result<void> suspect_hot_journal(Look& look, const File& database, const Settled& settled,
                                 const Node& node, LookState& state, StateSet& suspected) {
  const auto before = std::exchange(state.journal, std::nullopt);
  if (!settled.hot_journal || look.locks_hidden) return {};
  const auto now = status_if_there(look.path + "-journal");
  if (!now) return fail(now.error());
  state.journal = look.hot_journal = *now;
  if (!*now || (before && !is_unchanged(**now, *before))) return {};
  const auto signs = ask_for_life(look, database, node, true, state.journal_life);
  if (!signs) return fail(signs.error());
  if (*signs) suspect_unseen_writer(**signs, look.states, suspected);
  return {};
}

/// In rollback mode an open connection holds no lock while it does nothing.
Result<void> read_idle_rollback(Look& look, const File& database, const Node& node,
                                LookState& state, StateSet& suspected) {
  const auto signs = ask_for_life(look, database, node, false, state.life);
  if (!signs) return fail(signs.error());
  const bool lock_folder = *signs && (*signs)->lock_folder;
  const bool unseen = *signs && ((*signs)->file_server || (*signs)->foreign_lock);
  if (unseen) suspected.add(DatabaseState::locks_unobservable);
  if (!unseen)
    look.states.add(lock_folder ? DatabaseState::rollback_active : DatabaseState::rollback_idle);
  return {};
}

/// SQLite deletes the WAL before it gives up WAL mode, and opens any that lies beside a database in
/// rollback mode: its frames are those of another file. With PERSIST_WAL it goes on writing into
/// it: then the file holds what was checkpointed.
Result<void> suspect_wal_beside_rollback(Look& look, const File& database, Leftover leftover,
                                         const Node& node, LookState& state, StateSet& suspected) {
  look.header.reset();
  if (look.locks_hidden || leftover == Leftover::unknown) return {};
  const Result<bool> used = is_used_unseen(look, database, node, true, state.life, suspected);
  if (!used) return fail(used.error());
  if (*used || look.sample.unlocked_advances != 0) return {};
  suspected.add(leftover == Leftover::own_frames ? DatabaseState::wal_unrecovered
                                                 : DatabaseState::wal_mismatched);
  return {};
}

Result<void> read_closed_rollback(Look& look, const File& database, const Node& node,
                                  LookState& state, StateSet& suspected) {
  const Result<Leftover> leftover = leftover_beside(look, database, state);
  if (!leftover) return fail(leftover.error());
  if (*leftover != Leftover::nothing)
    return suspect_wal_beside_rollback(look, database, *leftover, node, state, suspected);
  return read_idle_rollback(look, database, node, state, suspected);
}

Result<void> read_closed_empty(Look& look, const File& database, const Node& node, LookState& state,
                               StateSet& suspected) {
  if (look.database_locks.any() || look.locks_hidden) return {};
  const Result<StateSet> waiting = waiting_beside_nothing(look.path);
  if (!waiting) return fail(waiting.error());
  if (waiting->empty()) return {};
  const Result<bool> used = is_used_unseen(look, database, node, true, state.life, suspected);
  if (!used) return fail(used.error());
  if (!*used && look.sample.unlocked_advances == 0) suspected = suspected | *waiting;
  return {};
}

/// Of a database that is encrypted whole the files beside it tell the mode, if they are plain.
Result<void> read_closed_cipher(Look& look, const File& database, const Node& node,
                                LookState& state, StateSet& suspected) {
  const Result<bool> journal = journal_beside(look.path);
  if (!journal) return fail(journal.error());
  if (*journal) {
    const Result<Settled> settled = settled_header(database, look.path, look.database->size);
    if (!settled) return fail(settled.error());
    if (auto read = suspect_hot_journal(look, database, *settled, node, state, suspected); !read)
      return read;
  } else {
    state.journal.reset();
  }
  const Result<std::optional<WalHeader>> wal =
      look.wal ? wal_header_beside(look.path) : std::nullopt;
  if (!wal) return fail(wal.error());
  look.plain = plain_facts(std::nullopt, std::nullopt, std::nullopt, *wal);
  if (look.wal && look.database_locks.exclusive()) {
    suspected.add(DatabaseState::wal_exclusive);
    return {};
  }
  if (*wal) return read_closed_wal(look, database, {}, node, state, suspected);
  // SHARED alone is a reader in rollback mode, or in WAL mode somebody whose -wal was deleted.
  const DatabaseLocks& locks = look.database_locks;
  if (!look.wal && (locks.reserved || locks.pending || locks.exclusive()))
    look.states.add(DatabaseState::rollback_active);
  return {};
}

/// One process keeps all others out, not for a transaction only. In WAL mode the wal-index is in
/// its memory.
Result<void> read_exclusive(Look& look, const File& database, LookState& state,
                            StateSet& suspected) {
  state.journal.reset();
  // Who writes the WAL is seen: it is no growth that nobody is seen to make.
  forget_signs(state.life);
  if (look.main_header->journal_mode == JournalMode::rollback) {
    tell_rollback_exclusive(look, state.suspected, suspected);
  } else if (look.wal || look.sample.exclusive_unwritten) {
    suspected.add(DatabaseState::wal_exclusive);
  }
  return read_exclusive_header(look, database);
}

}  // namespace

Result<void> read_unattached(Look& look, const File& database, const Node& node, LookState& state,
                             StateSet& suspected) {
  if (!look.main_header && look.states.contains(DatabaseState::encrypted))
    return read_closed_cipher(look, database, node, state, suspected);
  if (look.states.contains(DatabaseState::empty))
    return read_closed_empty(look, database, node, state, suspected);
  if (!look.main_header) return {};
  const bool wal = look.main_header->journal_mode == JournalMode::wal;
  if (look.database_locks.exclusive() && (wal || look.sample.exclusive_suspected))
    return read_exclusive(look, database, state, suspected);
  const Result<Settled> settled = closed_header(look, database);
  if (!settled) return fail(settled.error());
  if (auto read = suspect_hot_journal(look, database, *settled, node, state, suspected); !read)
    return read;
  if (wal) {
    if (auto read = read_closed_wal(look, database, *settled, node, state, suspected); !read)
      return read;
  } else {
    look.header = settled->header;
    if (look.database_locks.any()) {
      look.states.add(DatabaseState::rollback_active);
    } else if (!settled->hot_journal) {
      auto read = read_closed_rollback(look, database, node, state, suspected);
      if (!read) return read;
    }
  }
  return suspect_truncation(look, database, suspected);
}

}  // namespace sqlite_exporter
