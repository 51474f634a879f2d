#include "collectors/look.h"

#include <array>
#include <utility>

#include "collectors/ciphertext.h"
#include "collectors/exclusive_look.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/replicator.h"
#include "collectors/rollback.h"
#include "collectors/sqlite/file_head.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/page_one.h"
#include "collectors/suspicion.h"
#include "collectors/wal_agreement.h"
#include "collectors/wal_origin.h"

namespace sqlite_exporter {

namespace {

/// A commit in rollback mode and a checkpoint both take a moment; so few tries bound a look.
constexpr int kAttempts = 5;

/// The table is read in every pass, unless procfs stalls: then an old one must not be told as new.
constexpr std::chrono::seconds kOldestLockTable(15);

/// An open file of this look's own, or the one the sampler holds of an attached database.
class Opened {
 public:
  Opened() = default;
  explicit Opened(const File* held) : borrowed_(held) {}
  explicit Opened(std::optional<File> own) : own_(std::move(own)) {}

  const File* get() const { return own_ ? &*own_ : borrowed_; }
  const File& operator*() const { return *get(); }
  explicit operator bool() const { return get() != nullptr; }

 private:
  const File* borrowed_ = nullptr;
  std::optional<File> own_;
};

Result<Opened> own_if_there(const std::string& path) {
  return open_if_there(path).map([](std::optional<File> file) { return Opened(std::move(file)); });
}

Result<std::optional<FileStatus>> status_if_there(const std::string& path) {
  Result<FileStatus> status = status_of(path);
  if (status) return *status;
  if (status.error().code == Errc::no_data) return std::nullopt;
  return fail(status.error());
}

/// The header of a database nobody writes into a WAL: what the file itself says, if that is
/// committed. Checked before and after, so that no commit has passed in between.
struct Settled {
  std::optional<DatabaseHeader> header;
  bool hot_journal = false;
};

Result<Settled> settled_header(const File& database, const std::string& path, std::uint64_t size) {
  Settled settled;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
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

/// The newest page 1 and the wal-index it belongs to.
Result<void> read_live_wal(Look& look, const File& database, const File& shm, LookState& state,
                           StateSet& suspected) {
  Result<void> last = fail(Errc::busy, "the wal-index changed during every attempt to read page 1");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<WalIndex> index = read_wal_index(shm);
    if (!index) {
      // Attached, but not yet initialised: its first connection is at work on it.
      if (index.error().code == Errc::no_data) return {};
      return fail(index.error());
    }
    const Result<std::optional<File>> wal = open_if_there(look.path + "-wal");
    if (!wal) return fail(wal.error());
    const Result<WalLocks> locks = wal_locks_of(shm);
    if (!locks) return fail(locks.error());
    look.index = *index;
    look.wal_locks = *locks;
    const Result<bool> lost = wal_is_lost(*wal, *index);
    if (!lost) return fail(lost.error());
    // One that was cut may have grown again since: with a hole.
    if (*lost || state.lost_wal == index->salts) {
      const Result<WalIndex> after = read_wal_index(shm);
      if (!after || after->salts != index->salts) continue;
      // An orphan's wal-index says nothing of the files that lie here now.
      if (!look.database_locks.exclusive() && !look.sample.orphaned)
        suspected.add(DatabaseState::wal_lost);
      state.lost_wal = index->salts;
      return {};
    }
    if (!*wal) return {};
    // Of ciphertext there is no page 1 to be found: some ciphers hide the frames as well.
    const Result<DatabaseHeader> header = look.states.contains(DatabaseState::encrypted)
                                              ? fail(Errc::corrupt, "page 1 is encrypted")
                                              : read_newest_page_one(database, **wal, shm, *index);
    // A damaged page 1 is a state of the database, and says nothing against its wal-index.
    if (header || header.error().code == Errc::corrupt) {
      const Result<WalIndex> after = read_wal_index(shm);
      if (after && after->salts == index->salts && after->n_backfill == index->n_backfill) {
        if (header && header->odd_fields < kTooOdd) look.header = *header;
        drop_moved_readers(*index, *after, look.wal_locks);
        return {};
      }
    } else if (header.error().code != Errc::busy) {
      last = fail(header.error());
    }
  }
  look.index.reset();
  look.wal_locks = {};
  return last;
}

/// The wal-index that somebody has attached, if any: the one the sampler holds, or, where that one
/// was let go since its last sample, the one at the path.
Result<Opened> attached_shm(Look& look) {
  if (look.sample.held) {
    const auto holder = lock_on(look.sample.held->shm, kDeadMansSwitch, 1);
    if (!holder) return fail(holder.error());
    if (*holder) {
      look.dead_mans_switch = *holder;
      look.shm = look.sample.held->shm_identity;
      return Opened(&look.sample.held->shm);
    }
  }
  Result<Opened> shm = own_if_there(look.path + "-shm");
  if (!shm || !*shm) return shm;
  const auto holder = lock_on(**shm, kDeadMansSwitch, 1);
  if (!holder) return fail(holder.error());
  if (!*holder) return Opened();
  const Result<FileStatus> status = (**shm).status();
  if (!status) return fail(status.error());
  look.dead_mans_switch = *holder;
  look.shm = status->identity;
  return shm;
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
  const bool used = suspect_unseen_user(look, frames, suspected);
  if (suspected.contains(DatabaseState::locks_cancelled)) state.without_locks = (*signs)->pid;
  return used;
}

Result<void> suspect_leftover(const Look& look, StateSet& suspected) {
  suspected.add(DatabaseState::wal_unrecovered);
  if (!look.main_header) return {};
  const Result<bool> mismatched =
      wal_may_be_of_another_file(look.path, *look.database, *look.main_header, *look.wal);
  if (!mismatched) return fail(mismatched.error());
  if (*mismatched) suspected.add(DatabaseState::wal_mismatched);
  return {};
}

/// A database in WAL mode that nobody is attached to. With frames left behind the file is not the
/// whole truth.
Result<void> read_closed_wal(Look& look, const File& database, const Settled& settled,
                             const Node& node, LookState& state, StateSet& suspected) {
  // Whoever holds SHARED has it open, though he lost the switch or could not take it; and he writes
  // into a WAL that is not at this path: the file is an old truth.
  if (look.database_locks.any()) return {};
  const Result<Leftover> leftover =
      leftover_of(look.path, *look.database, look.wal, state.leftover);
  if (!leftover) return fail(leftover.error());
  const bool frames = *leftover == Leftover::frames;
  if (!look.locks_hidden) {
    const Result<bool> used = is_used_unseen(look, database, node, frames, state.life, suspected);
    if (!used) return fail(used.error());
    if (*used) return {};
    // Frames that grow are written by somebody, though his locks cannot be seen.
    if (frames && look.sample.unlocked_advances == 0) return suspect_leftover(look, suspected);
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
  state.journal = *now;
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
  if (look.main_header->journal_mode == JournalMode::rollback) {
    tell_rollback_exclusive(look, state.suspected, suspected);
  } else if (look.wal) {
    suspected.add(DatabaseState::wal_exclusive);
  }
  return read_exclusive_header(look, database);
}

Result<void> read_unattached(Look& look, const File& database, const Node& node, LookState& state,
                             StateSet& suspected) {
  if (!look.main_header && look.states.contains(DatabaseState::encrypted))
    return read_closed_cipher(look, database, node, state, suspected);
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
      auto read = read_idle_rollback(look, database, node, state, suspected);
      if (!read) return read;
    }
  }
  return suspect_truncation(look, database, suspected);
}

/// What accuses somebody is told once two looks in succession suspect it.
void tell(Look& look, StateSet suspected, LookState& state) {
  look.states = look.states | (suspected & state.suspected);
  look.suspected = suspected;
  state.suspected = suspected;
}

Result<void> watch_for_overwrites(Look& look, const File& database, OverwriteWatch& watch) {
  OverwriteWatch::Moment moment;
  moment.before = *look.database;
  if (look.index) {
    const Result<FileStatus> after = database.status();
    if (!after) return fail(after.error());
    moment.after = *after;
    moment.header = look.main_header;
    moment.index = look.index;
    moment.checkpointing = look.wal_locks.checkpoint.has_value();
  }
  if (watch.observe(moment)) look.states.add(DatabaseState::overwritten);
  return {};
}

Result<void> read_content(Look& look, const File& database, const Node& node, LookState& state) {
  const Result<DatabaseLocks> locks = database_locks_of(database);
  if (!locks) return fail(locks.error());
  look.database_locks = *locks;
  const Result<FileHead> head = read_file_head(database, look.database->size);
  if (!head) return fail(head.error());
  look.main_header = head->header;
  look.format_version = head->format_version;
  if (head->by_turso) look.side_files = side_files_of(look.path);

  StateSet suspected;
  if (const auto broken = state_of(head->kind)) {
    // A file that is being written may have its header last.
    StateSet& states = head->kind == FileKind::cut_off ? suspected : look.states;
    states.add(*broken);
  }
  const Result<Opened> shm = attached_shm(look);
  if (!shm) return fail(shm.error());
  look.attached = static_cast<bool>(*shm);
  if (look.attached) {
    look.states.add(DatabaseState::wal_live);
  } else if (node.own_reader) {
    forget_reads_of(node.own_reader->pid, look.database_locks);
  }
  if (look.attached) forget_signs(state.life);
  const Result<void> read = look.attached ? read_live_wal(look, database, **shm, state, suspected)
                                          : read_unattached(look, database, node, state, suspected);
  if (!read) return fail(read.error());
  if (auto watched = watch_for_overwrites(look, database, state.overwrites); !watched)
    return watched;
  if (node.locks && look.taken - node.locks->read < kOldestLockTable) {
    look.holders = attribute({look.database->identity, look.shm, look.dead_mans_switch,
                              look.database_locks, look.wal_locks},
                             node, state.attribution);
  }
  look.litestream_beside = replicates_beside(look, node.mounts);
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    if (const auto& reader = look.wal_locks.read[mark]; reader && node.is_own(reader->pid))
      look.holders.own_reads[mark] = true;
  if (Result<void> looked = suspect_locks(look, database, node, suspected); !looked) return looked;
  tell(look, suspected, state);
  // Whoever is not seen by his locks is in no list of them.
  const StateSet told = look.states | suspected;
  if (look.unseen_user || told.contains(DatabaseState::locks_unobservable))
    look.holders.complete = false;
  // What an orphan's wal-index says is not about the file that lies here now.
  if (look.attached && told.contains(DatabaseState::orphaned)) look.header.reset();
  return {};
}

void count(Look& look, LookState& state) {
  const bool wal =
      look.attached || (look.main_header && look.main_header->journal_mode == JournalMode::wal);
  state.wal_seen = state.wal_seen || wal;
  if (wal) {
    state.change_counter.observe_other_mode();
  } else if (look.header && look.header->plain_size >= kPlainCounts &&
             !look.database_locks.exclusive()) {
    state.change_counter.observe(look.database->identity, look.header->change_counter);
  }
  look.wal_seen = state.wal_seen;
  look.rollback_transactions = state.change_counter.transactions();
  // While it is opened or closed they are hidden for a moment.
  const bool hidden = hides_commits(look);
  look.commits_known = !(hidden && state.commits_hidden.value_or(true));
  state.commits_hidden = hidden;
}

/// There is no file; but an application may still have it open.
Look absent(Look look, LookState& state) {
  look.states.add(DatabaseState::absent);
  // Whoever holds the switch on the -shm that was left has it open, though no sample saw it go.
  StateSet suspected;
  if (look.sample.orphaned || look.sample.attached) suspected.add(DatabaseState::orphaned);
  tell(look, suspected, state);
  look.database.reset();
  return look;
}

}  // namespace

Result<Look> take_look(const std::string& path, const Node& node, Sample sample, LookState& state) {
  Look look;
  look.path = path;
  look.mount = node.mounts.mount_of(path);
  look.wal_mount = node.mounts.mount_of(path + "-wal");
  look.paths = &node.paths;
  look.locks_hidden = node.mounts.is_below_upper(node.paths.host_path(path));
  look.taken = std::chrono::steady_clock::now();
  look.sample = std::move(sample);
  look.wal_seen = state.wal_seen;
  look.rollback_transactions = state.change_counter.transactions();

  auto database = status_if_there(path);
  if (!database) return fail(database.error());
  if (!*database) return absent(std::move(look), state);
  look.database = *database;
  auto wal = status_if_there(path + "-wal");
  if (!wal) return fail(wal.error());
  look.wal = *wal;
  // What the sampler holds may have been replaced since it last compared.
  if (look.sample.held && look.sample.held->database_identity != look.database->identity)
    look.sample.held.reset();

  Result<Opened> file = look.sample.held ? Opened(&look.sample.held->database) : own_if_there(path);
  if (!file) return fail(file.error());
  if (!*file) return absent(std::move(look), state);
  if (Result<void> result = read_content(look, **file, node, state); !result)
    return fail(result.error());
  count(look, state);
  leave_out_ciphertext(look);
  return look;
}

}  // namespace sqlite_exporter
