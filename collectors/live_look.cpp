#include "collectors/live_look.h"

#include "collectors/sqlite/page_one.h"
#include "collectors/sqlite/wal_fit.h"
#include "collectors/wal_agreement.h"

namespace sqlite_exporter {

namespace {

/// A commit takes a moment; so few tries bound a look.
constexpr int kLiveAttempts = 5;

/// SQLite writes the mode into the file before the first frame, and takes it out again behind the
/// last one. Who keeps SHARED has this file open, and no other that was here before. With
/// PERSIST_WAL the mode may be left while the WAL is not: what was checkpointed is in the file
/// then.
Result<bool> is_no_file_of(const Look& look, const File& database) {
  if (!look.index || look.index->mx_frame == 0 || !look.database_locks.any()) return false;
  if (look.states.contains(DatabaseState::empty)) return true;
  if (!look.main_header || look.main_header->journal_mode == JournalMode::wal) return false;
  const Result<std::optional<File>> wal = open_if_there(look.path + "-wal");
  if (!wal) return fail(wal.error());
  if (!*wal) return false;
  const Result<WalFit> fit = fit_of_checkpointed(database, **wal, *look.index);
  if (!fit) return fail(fit.error());
  return *fit != WalFit::fits;
}

}  // namespace

Result<void> read_live_wal(Look& look, const File& database, const File& shm, LookState& state,
                           StateSet& suspected) {
  Result<void> last = fail(Errc::busy, "the wal-index changed during every attempt to read page 1");
  for (int attempt = 0; attempt < kLiveAttempts; ++attempt) {
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
    const Result<bool> lost = wal_is_lost(*wal, look.wal, *index, state.whole_wal);
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

Result<void> watch_for_overwrites(Look& look, const File& database, OverwriteWatch& watch,
                                  StateSet& suspected) {
  OverwriteWatch::Moment moment;
  moment.before = *look.database;
  if (look.index) {
    moment.header = look.main_header;
    moment.index = look.index;
    moment.after = moment.before;
    if (!watch.knows(moment)) {
      const Result<FileStatus> after = database.status();
      if (!after) return fail(after.error());
      moment.after = *after;
    }
    moment.checkpointing = look.wal_locks.checkpoint.has_value();
  }
  if (watch.observe(moment)) look.states.add(DatabaseState::overwritten);
  const Result<bool> other = is_no_file_of(look, database);
  if (!other) return fail(other.error());
  if (*other) suspected.add(DatabaseState::overwritten);
  return {};
}

}  // namespace sqlite_exporter
