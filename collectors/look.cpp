#include "collectors/look.h"

#include <array>
#include <utility>

#include "collectors/beside_nothing.h"
#include "collectors/ciphertext.h"
#include "collectors/exclusive_look.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/live_look.h"
#include "collectors/page_counts.h"
#include "collectors/replicator.h"
#include "collectors/risk_look.h"
#include "collectors/sqlite/file_head.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/suspicion.h"
#include "collectors/unattached_look.h"

namespace sqlite_exporter {

namespace {

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

Result<Opened> own_if_there(const std::string& path, RequiredOwner owner = std::nullopt) {
  return open_if_there(path, owner).map([](std::optional<File> file) {
    return Opened(std::move(file));
  });
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
      // Whose it is matters where the database is not root's, who may write whatever is there.
      if (look.database->uid != 0) {
        const Result<FileStatus> status = look.sample.held->shm.status();
        if (!status) return fail(status.error());
        look.shm_file = *status;
      }
      return Opened(&look.sample.held->shm);
    }
  }
  Result<Opened> shm = own_if_there(look.path + "-shm");
  if (!shm || !*shm) return shm;
  const Result<FileStatus> status = (**shm).status();
  if (!status) return fail(status.error());
  look.shm_file = *status;
  const auto holder = lock_on(**shm, kDeadMansSwitch, 1);
  if (!holder) return fail(holder.error());
  if (!*holder) return Opened();
  look.dead_mans_switch = *holder;
  look.shm = status->identity;
  return shm;
}

/// What accuses somebody is told once two looks in succession suspect it.
void tell(Look& look, StateSet suspected, LookState& state) {
  look.states = look.states | (suspected & state.suspected);
  look.suspected = suspected;
  state.suspected = suspected;
}

std::optional<WalIndex> exclusive_index(const Look& look) {
  return look.database_locks.exclusive() ? look.index : std::nullopt;
}

/// One wal-index, that was started over at most: a new one has salts of its own.
bool lives_on(const std::optional<WalIndex>& before, const std::optional<WalIndex>& now) {
  return before && now && now->i_change >= before->i_change && before->salts != WalSalts{} &&
         now->salts.salt1 - before->salts.salt1 < kMostResets;
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
  if (auto watched = watch_for_overwrites(look, database, state.overwrites, suspected); !watched)
    return watched;
  if (node.locks && look.taken - node.locks->read < kOldestLockTable) {
    look.holders =
        attribute({look.database->identity, look.shm, look.dead_mans_switch, look.database_locks,
                   look.wal_locks, look.sample.wal_workers.lately(look.taken)},
                  node, state.attribution);
  }
  look.litestream_beside = replicates_beside(look, node.mounts);
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    if (const auto& reader = look.wal_locks.read[mark]; reader && node.is_own(reader->pid))
      look.holders.own_reads[mark] = true;
  look_at_risks(look, node, state);
  if (Result<void> looked = suspect_locks(look, database, node, suspected); !looked) return looked;
  // A last close keeps all others out as well, for its checkpoint, and takes the wal-index with it.
  if (!lives_on(std::exchange(state.exclusive_index, exclusive_index(look)), look.index))
    if (look.attached) state.suspected.remove(DatabaseState::wal_exclusive);
  tell(look, suspected, state);
  // Whoever is not seen by his locks is in no list of them.
  const StateSet told = look.states | suspected;
  if (look.unseen_user || told.contains(DatabaseState::locks_unobservable) ||
      (look.signs && !look.signs->asked_all))
    look.holders.complete = false;
  // What an orphan's wal-index says is not about the file that lies here now.
  if (look.attached && told.contains(DatabaseState::orphaned)) look.header.reset();
  return {};
}

void tell_counted(Look& look, const LookState& state) {
  look.rollback_transactions = state.change_counter.transactions();
  look.rollback_unseen_epochs = state.change_counter.unseen_epochs();
}

void count(Look& look, LookState& state) {
  const bool wal =
      look.attached || (look.main_header && look.main_header->journal_mode == JournalMode::wal);
  state.wal_seen = state.wal_seen || wal;
  if (wal) {
    state.change_counter.observe_other_mode();
  } else if (!look.main_header) {
    state.change_counter.observe_gap();
  } else if (look.header && look.header->plain_size >= kPlainCounts &&
             !look.database_locks.exclusive()) {
    state.change_counter.observe({*look.database, *look.header, look.taken,
                                  std::chrono::steady_clock::now(), look.unix_time,
                                  look.sample.change_counter});
  }
  look.wal_seen = state.wal_seen;
  tell_counted(look, state);
  // While it is opened or closed they are hidden for a moment.
  const bool hidden = hides_commits(look);
  look.commits_known = !(hidden && state.commits_hidden.value_or(true));
  state.commits_hidden = hidden;
}

/// There is no file; but an application may still have it open.
Look absent(Look look, LookState& state) {
  look.states.add(DatabaseState::absent);
  state.change_counter.observe_gap();
  tell_counted(look, state);
  // Whoever holds the switch on the -shm that was left has it open, though no sample saw it go.
  StateSet suspected;
  if (look.sample.orphaned || look.sample.attached) {
    suspected.add(DatabaseState::orphaned);
  } else {
    // That the file is absent is known, whatever the others are.
    const Result<StateSet> waiting = waiting_beside_nothing(look.path);
    if (waiting) suspected = *waiting;
  }
  tell(look, suspected, state);
  look.database.reset();
  return look;
}

}  // namespace

Result<Look> take_look(const std::string& path, const Node& node, Sample sample, LookState& state,
                       RequiredOwner owner) {
  Look look;
  look.path = path;
  look.mount = node.mounts.mount_of(path);
  look.wal_mount = node.mounts.mount_of(path + "-wal");
  look.paths = &node.paths;
  look.locks_hidden = node.mounts.is_below_upper(node.paths.host_path(path));
  look.taken = std::chrono::steady_clock::now();
  look.sample = std::move(sample);
  look.wal_seen = state.wal_seen;
  tell_counted(look, state);

  auto database = status_if_there(path);
  if (!database) return fail(database.error());
  if (!*database) return absent(std::move(look), state);
  look.database = *database;
  if (Result<void> is_owners = check_owner(owner, look.database->uid, path); !is_owners)
    return fail(is_owners.error());
  auto wal = status_if_there(path + "-wal");
  if (!wal) return fail(wal.error());
  look.wal = *wal;
  look.unix_time =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  // What the sampler holds may have been replaced since it last compared.
  if (look.sample.held && look.sample.held->database_identity != look.database->identity)
    look.sample.held.reset();

  Result<Opened> file =
      look.sample.held ? Opened(&look.sample.held->database) : own_if_there(path, owner);
  if (!file) return fail(file.error());
  if (!*file) return absent(std::move(look), state);
  if (Result<void> result = read_content(look, **file, node, state); !result)
    return fail(result.error());
  count(look, state);
  leave_out_ciphertext(look);
  if (Result<void> settled = settle_page_counts(look, **file); !settled)
    return fail(settled.error());
  look.wal_reset_bug =
      look.attached && attached_processes(look.holders) >= node.least_holders
          ? state.wal_reset.judge(versions_of_holders(look.holders, node), look.header)
          : wal_reset_bug_of(look.header);
  return look;
}

}  // namespace sqlite_exporter
