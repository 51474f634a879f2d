#include "collectors/wal_watch.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "collectors/base/bytes.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/wal_tail.h"
#include "collectors/wal_agreement.h"

namespace sqlite_exporter {

namespace {

/// Two stats of a path nobody else has in his cache cost more than the rest of a sample.
constexpr std::chrono::seconds kPathCheckPeriod(1);
constexpr std::chrono::seconds kQuietPathCheckPeriod(10);

/// A closed database in WAL mode without a wal-index can only be locked under
/// locking_mode=EXCLUSIVE: whether it is need not be asked at every sample.
constexpr unsigned kSamplesUnopened = 10;

/// So many new frames at once are worth a look at the size of the -wal.
constexpr std::uint32_t kManyFramesAtOnce = 10'000;

/// An old reader that stays for so long is no turn any more, and is told himself.
constexpr std::chrono::seconds kStays(30);

/// An application that is replaced again and again must not take our descriptors with it.
constexpr std::size_t kMostSetAside = 4;

}  // namespace

WalWatch::WalWatch(std::string database, RequiredOwner owner, std::shared_ptr<CreatedFiles> created)
    : database_(std::move(database)), owner_(owner), journal_(std::move(created)) {}

void WalWatch::set_path(std::string database, RequiredOwner owner) {
  if (owner != owner_) path_checked_ = {};
  owner_ = owner;
  if (database == database_) return;
  let_go();  // the old database is where it was: nothing of it is orphaned
  journal_mode_.reset();
  samples_unopened_ = 0;
  credit_unopened_ = {};
  last_moment_.reset();
  readers_.forget();
  commits_.forget();
  tell_commits();
  counters_.rebase();
  counter_leaps_ = CounterLeaps();
  exclusive_ = ExclusiveWatch();
  exclusive_wal_.end();
  database_ = std::move(database);
}

void WalWatch::let_go() {
  latest_.held.reset();
  set_aside_.clear();
}

Result<void> WalWatch::take(const SampleInstant& instant) {
  release_set_aside();
  if (!instant.may_keep_files) path_checked_ = {};  // the last chance to see that it was replaced
  if (latest_.held && !held_is_current(instant.steady)) {
    observe_last_words(instant);
    set_aside();
  }
  latest_.orphaned = !set_aside_.empty();
  latest_.opened_each_time = false;
  if (!instant.may_keep_files) latest_.held.reset();

  if (const std::shared_ptr<const HeldFiles> held = latest_.held) {
    if (Result<void> looked = look_at_wal(held->shm, held->shm_identity, instant); !looked)
      return looked;
    if (latest_.attached) return {};
    // Its last connection closed; what lies at the path by now is another wal-index.
  }
  return look_at_path(instant);
}

Result<void> WalWatch::look_at_path(const SampleInstant& instant) {
  const bool was_attached = std::exchange(latest_.attached, false);
  if (Result<void> is_owners = check_owner_at_path(); !is_owners) return is_owners;
  // In rollback mode nobody has a wal-index open: the header says so before anybody could.
  if (journal_mode_ == JournalMode::rollback) {
    const Result<UnattachedMoment> moment = read_unattached(database_, owner_);
    if (!moment) return fail(moment.error());
    if (moment->journal_mode == JournalMode::rollback) {
      observe_no_wal_index(instant);
      observe(*moment, instant);
      return {};
    }
  }
  Result<std::optional<File>> shm = open_if_there(database_ + "-shm");
  if (!shm) {
    latest_.attached = was_attached;  // nothing was seen
    return fail(shm.error());
  }
  if (!*shm) {
    observe_no_wal_index(instant);
    const bool closed = journal_mode_ == JournalMode::wal && !latest_.locked;
    if (closed && ++samples_unopened_ < kSamplesUnopened) {
      credit_unopened_ += instant.credit;
      return {};
    }
    return look_at_database(instant);
  }
  const Result<FileStatus> index = (*shm)->status();
  if (!index) return fail(index.error());
  if (Result<void> looked = look_at_wal(**shm, index->identity, instant); !looked) return looked;
  if (!latest_.attached) return look_at_database(instant);
  journal_mode_.reset();
  latest_.opened_each_time = !instant.may_keep_files || !may_stay_open(**shm);
  if (latest_.opened_each_time) return {};
  return hold(std::move(**shm), index->identity);
}

/// A wal-index is looked at before the database, or without it.
Result<void> WalWatch::check_owner_at_path() const {
  if (!owner_) return {};
  const Result<std::optional<FileStatus>> database = status_if_there(database_);
  if (!database) return fail(database.error());
  return *database ? check_owner(owner_, (*database)->uid, database_) : Result<void>();
}

Result<void> WalWatch::look_at_wal(const File& shm, const FileIdentity& identity,
                                   const SampleInstant& instant) {
  // Readings first, the switch second: it is not believed for longer than they are.
  const Result<WalIndex> index = read_wal_index(shm, index_cache_);
  const auto opener = lock_on(shm, kDeadMansSwitch, 1);
  if (!opener) return fail(opener.error());
  latest_.attached = opener->has_value();
  if (!latest_.attached) latest_.held.reset();
  const int last_opener = std::exchange(opener_, *opener ? (*opener)->pid : 0);
  WalLocks locks;
  if (latest_.attached) {
    end_exclusive(instant);
    Result<WalLocks> probed = wal_locks_of(shm);
    if (!probed) return fail(probed.error());
    locks = *probed;
    forget_reads_of(instant.own_reader, locks);
    latest_.wal_workers.observe(locks, instant.steady);
    observe_quiet(index, locks);
    if (index) lock_moment_.n_backfill = index->n_backfill;
    observe_lock_time(held_locks(locks), index ? std::optional(index->i_change) : std::nullopt,
                      instant);
  }
  if (index && pinned_frames(*index, locks) > 0) {
    const Result<WalIndex> again = read_wal_index(shm);
    drop_moved_readers(*index, again.value_or(WalIndex{}), locks);
  }

  if (index) {
    observe(
        {identity, latest_.attached, *index, frames_fit(*index), instant.steady}, locks,
        last_opener == opener_, instant,
        [this](const OldGeneration& old, const WalIndex& newer) { return scan_tail(old, newer); });
  } else if (latest_.attached && index.error().code != Errc::no_data) {
    return fail(index.error());  // without anybody attached a torn one is what a crash left
  }
  return {};
}

void WalWatch::observe_no_wal_index(const SampleInstant& instant) {
  counters_.observe_absence(instant.steady);
  last_moment_.reset();
  latest_.unlocked_advances = 0;
}

Result<void> WalWatch::look_at_database(const SampleInstant& instant) {
  Result<UnattachedMoment> moment = read_unattached(database_, owner_);
  if (!moment) return fail(moment.error());
  forget_reads_of(instant.own_reader, moment->locks);
  observe(*moment, instant);
  return {};
}

void WalWatch::observe(const UnattachedMoment& moment, const SampleInstant& instant) {
  readers_.forget();
  latest_.old_readers = readers_.readers();
  latest_.locked = moment.locks.any();
  SampleInstant standing = instant;  // for those before it that did not ask, too
  standing.credit += std::exchange(credit_unopened_, {});
  samples_unopened_ = 0;
  journal_mode_ = moment.journal_mode;
  counter_leaps_.observe(
      moment.journal_mode == JournalMode::rollback ? moment.change_counter : std::nullopt,
      instant.steady);
  latest_.change_counter = counter_leaps_.latest();
  observe_exclusive(moment, instant);
  observe_commits(moment, instant);
  observe_lock_time(held_locks(moment.locks), moment.change_counter, standing);
}

void WalWatch::observe_commits(const UnattachedMoment& moment, const SampleInstant& instant) {
  turns_.forget();
  latest_.readers_in_turn = false;
  if (moment.journal_mode == JournalMode::rollback) {
    // Asked for only where somebody reads for longer than a moment: the others cost nothing.
    const bool reads = commits_.suspicion() != CommitSuspicion::none;
    commits_.observe(
        {moment.locks, moment.change_counter, instant.steady, reads && journal_.begun(database_)});
  } else {
    commits_.forget();
  }
  tell_commits();
}

void WalWatch::tell_commits() {
  latest_.waited_for_reader = commits_.reader();
  latest_.commit_suspicion = commits_.suspicion();
  if (latest_.commit_suspicion == CommitSuspicion::none) journal_.forget();
}

void WalWatch::observe_exclusive(const UnattachedMoment& moment, const SampleInstant& instant) {
  exclusive_.observe(moment.locks,
                     {moment.journal_mode, moment.change_counter, moment.journal, moment.wal_absent,
                      moment.pages, moment.free_pages},
                     instant.unix_time);
  latest_.exclusive_suspected = exclusive_.is_suspected();
  latest_.exclusive_mode = exclusive_.is_mode();
  latest_.exclusive_unwritten = exclusive_.is_unwritten_wal();
  if (moment.locks.exclusive() && moment.journal_mode == JournalMode::wal) {
    const std::uint64_t before = exclusive_wal_.totals().transactions;
    exclusive_wal_.observe(database_);
    if (exclusive_wal_.totals().transactions != before) latest_.last_commit = instant.unix_time;
  } else {
    exclusive_wal_.end(moment.wal_empty);
  }
  latest_.exclusive_wal = exclusive_wal_.content();
  add_up();
}

void WalWatch::end_exclusive(const SampleInstant& instant) {
  exclusive_.observe_free(instant.unix_time);
  exclusive_wal_.end();
  latest_.exclusive_suspected = latest_.exclusive_mode = false;
  latest_.exclusive_unwritten = false;
  latest_.exclusive_wal.reset();
}

void WalWatch::add_up() {
  latest_.totals = counters_.totals();
  const WalTotals& alone = exclusive_wal_.totals();
  latest_.totals.transactions += alone.transactions;
  latest_.totals.frames_written += alone.frames_written;
  latest_.totals.resets += alone.resets;
  latest_.totals.unseen_generations += alone.unseen_generations;
  latest_.totals.unseen_epochs += alone.unseen_epochs;
}

void WalWatch::observe(const WalMoment& moment, const WalLocks& locks, bool same_opener,
                       const SampleInstant& instant, const WalCounters::TailScan& scan_tail) {
  const WalTotals before = counters_.totals();
  const bool same_epoch = counters_.observe(moment, scan_tail);
  const WalTotals& now = counters_.totals();
  add_up();
  if (now.transactions != before.transactions) latest_.last_commit = instant.unix_time;
  observe_unlocked_advance(moment);
  last_moment_ = moment;

  if (!moment.attached) return readers_.forget();
  commits_.forget();
  counter_leaps_.observe(std::nullopt, instant.steady);
  latest_.change_counter.reset();
  tell_commits();
  readers_.observe(moment.index, locks, instant.steady);
  latest_.old_readers = readers_.readers();
  observe_turns(moment.index, locks, instant);
  const auto checkpointer = locks.checkpoint ? std::optional(locks.checkpoint->pid) : std::nullopt;
  checkpoints_.observe({moment.index, checkpointer, same_epoch, same_opener,
                        now.resets - before.resets, pinned_frames(moment.index, locks), instant});
  latest_.checkpoints = checkpoints_.totals();
}

void WalWatch::observe_turns(const WalIndex& index, const WalLocks& locks,
                             const SampleInstant& instant) {
  const auto held = [](const auto& reader) { return reader.has_value(); };
  const auto is_long = [&](const std::optional<OldReader>& reader) {
    return reader && instant.steady - reader->since >= kStays;
  };
  turns_.observe({index, std::any_of(locks.read.begin() + 1, locks.read.end(), held),
                  std::ranges::any_of(latest_.old_readers, is_long), instant.steady});
  latest_.readers_in_turn = turns_.readers_in_turn();
}

void WalWatch::observe_lock_time(const HeldLocks& held, std::optional<std::uint32_t> commits,
                                 const SampleInstant& instant) {
  lock_moment_.held = held;
  // Where it cannot be read now, as while a recovery goes on, no commit was seen.
  lock_moment_.commits = commits.value_or(lock_moment_.commits);
  lock_moment_.exclusive_mode = latest_.exclusive_mode;
  lock_moment_.instant = instant;
  latest_.lock_time.observe(lock_moment_);
}

void WalWatch::observe_quiet(const Result<WalIndex>& index, const WalLocks& locks) {
  const bool changed = !index || !last_moment_ || *index != last_moment_->index;
  const bool held = std::ranges::any_of(held_locks(locks), [](const auto& h) { return !!h; });
  latest_.quiet_samples = changed || held ? 0 : latest_.quiet_samples + 1;
}

void WalWatch::observe_unlocked_advance(const WalMoment& moment) {
  if (moment.attached || !last_moment_ || last_moment_->attached ||
      last_moment_->shm != moment.shm || moment.index.i_change < last_moment_->index.i_change) {
    latest_.unlocked_advances = 0;
  } else if (moment.index.i_change > last_moment_->index.i_change) {
    // A recovery sets nBackfillAttempted to the mxFrame it finds: where it stands still nobody has
    // opened, written and closed in between.
    const bool reopened =
        moment.index.salts != last_moment_->index.salts ||
        moment.index.n_backfill_attempted != last_moment_->index.n_backfill_attempted;
    latest_.unlocked_advances =
        reopened ? std::max(latest_.unlocked_advances, 1U) : latest_.unlocked_advances + 1;
  }
}

void WalWatch::observe_last_words(const SampleInstant& instant) {
  // The -wal went with it, so there is no tail to scan.
  const auto no_tail = [](const OldGeneration& old, const WalIndex&) { return old.mx_frame; };
  if (const Result<WalIndex> index = read_wal_index(latest_.held->shm))
    observe({latest_.held->shm_identity, true, *index, true, instant.steady}, {}, true, instant,
            no_tail);
}

Result<void> WalWatch::hold(File shm, const FileIdentity& shm_identity) {
  Result<std::optional<File>> database = open_if_there(database_, owner_);
  if (!database) return fail(database.error());
  if (!*database) return {};  // unlinked under a live application
  latest_.opened_each_time = !may_stay_open(**database);
  if (latest_.opened_each_time) return {};
  const Result<FileStatus> status = (*database)->status();
  if (!status) return fail(status.error());
  const Result<bool> shared = is_locked(**database, kSharedLockFirst, kSharedLockLength);
  if (!shared) return fail(shared.error());
  latest_.held = std::make_shared<const HeldFiles>(
      HeldFiles{std::move(**database), status->identity, std::move(shm), shm_identity, *shared});
  return {};
}

bool WalWatch::held_is_current(std::chrono::steady_clock::time_point now) {
  const bool quiet = latest_.quiet_samples >= kQuietSamples;
  if (now - path_checked_ < (quiet ? kQuietPathCheckPeriod : kPathCheckPeriod)) return true;
  path_checked_ = now;
  const Result<FileStatus> shm = latest_.held->shm.status();
  if (!shm || shm->link_count == 0) return false;
  const Result<FileStatus> database = status_of(database_);
  return database && database->identity == latest_.held->database_identity &&
         (!owner_ || *owner_ == database->uid);
}

std::uint32_t WalWatch::scan_tail(const OldGeneration& old, const WalIndex& now) const {
  // The page size is that of both generations: VACUUM cannot change it in WAL mode.
  const Result<File> wal = File::open(database_ + "-wal");
  if (!wal) return old.mx_frame;
  const Result<FileStatus> status = wal->status();
  if (!status) return old.mx_frame;
  return last_committed_frame_of(*wal, status->size, now.page_size, old, now.salts, now.mx_frame)
      .value_or(old.mx_frame);
}

bool WalWatch::frames_fit(const WalIndex& index) const {
  const std::uint32_t before = last_moment_ ? last_moment_->index.mx_frame : 0;
  if (index.mx_frame <= before || index.mx_frame - before < kManyFramesAtOnce) return true;
  const Result<FileStatus> wal = status_of(database_ + "-wal");
  return wal && is_long_enough(*wal, index);
}

bool WalWatch::in_use(const HeldFiles& files) const {
  const Result<FileStatus> database = status_of(database_);
  const bool database_at_path = database && database->identity == files.database_identity;
  const Result<FileStatus> shm = status_of(database_ + "-shm");
  // Moved away and back, or not to be seen for a moment: they are what the path names.
  if (database_at_path && shm && shm->identity == files.shm_identity) return false;
  if (is_locked(files.shm, kDeadMansSwitch, 1).value_or(false)) return true;
  // After a close and a reopen between two samples only -shm is another file: whoever has the
  // database open now has it open at its path.
  if (database_at_path) return false;
  return is_locked(files.database, kSharedLockFirst, kSharedLockLength).value_or(false);
}

void WalWatch::set_aside() {
  if (!latest_.held) return;
  if (set_aside_.size() < kMostSetAside && in_use(*latest_.held))
    set_aside_.push_back(std::move(latest_.held));
  latest_.held.reset();
}

void WalWatch::release_set_aside() {
  std::erase_if(set_aside_, [this](const auto& files) { return !in_use(*files); });
}

}  // namespace sqlite_exporter
