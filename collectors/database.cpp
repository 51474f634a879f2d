#include "collectors/database.h"

#include <string>

#include "collectors/last_write.h"
#include "collectors/page_counts.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kState = gauge(
    "sqlite_database_state",
    "1 for each state that holds: absent, empty, encrypted, not_a_database, newer_format (of a "
    "format version that SQLite cannot read), corrupt_header, truncated (shorter than its "
    "header says), rollback_idle, rollback_active (a lock is held), rollback_exclusive and "
    "wal_exclusive (one connection keeps all others out), hot_journal (a writer died), "
    "wal_live (somebody has it open), wal_clean (nobody has, nothing is left in the WAL), "
    "wal_unrecovered (nobody has, frames are left), wal_mismatched (those frames may belong "
    "to another file), wal_lost (the WAL was deleted, cut or exchanged under an application), "
    "overwritten (the file was written to by something else than SQLite under an "
    "application), orphaned (it or its wal-index replaced or unlinked under an application), "
    "locks_cancelled (an application lost its locks), locks_inconsistent (one of the last "
    "two), locks_unobservable (written to without a lock that can be seen).",
    {"state"});
constexpr Metric kInfo =
    gauge("sqlite_database_info",
          "1; sqlite_version is that of the last writer of page 1, the last that changed schema or "
          "size (SQLITE_VERSION_NUMBER in the header).",
          {"path", "journal_mode", "auto_vacuum", "encoding", "sqlite_version", "mountpoint"});
constexpr Metric kPages =
    gauge("sqlite_database_pages",
          "Size in pages after the last commit (PRAGMA page_count); absent where the file and its "
          "WAL cannot hold so many.");
constexpr Metric kFreelistPages =
    gauge("sqlite_database_freelist_pages",
          "Unused pages in the file (PRAGMA freelist_count); absent where there are not so many.");
constexpr Metric kPageSize =
    gauge("sqlite_database_page_size_bytes", "Bytes in a page (PRAGMA page_size).");
constexpr Metric kFileSize =
    gauge("sqlite_database_file_size_bytes",
          "Size of the database file; in WAL mode what is not yet checkpointed is not in it.");
constexpr Metric kSchemaVersion =
    gauge("sqlite_database_schema_version",
          "Schema cookie, which changes with the schema (PRAGMA schema_version).");
constexpr Metric kUserVersion =
    gauge("sqlite_database_user_version", "The application's own number (PRAGMA user_version).");
constexpr Metric kApplicationId =
    gauge("sqlite_database_application_id",
          "The application's own file type number (PRAGMA application_id).");
constexpr Metric kTransactions = counter(
    "sqlite_transactions_total",
    "Committed write transactions since first seen; exact while some connection stays open in one "
    "journal mode, else a lower bound (iChange, in rollback mode the file change counter; in state "
    "wal_exclusive commit frames, a lower bound). Absent while commits cannot be counted, as in "
    "state rollback_exclusive.");
constexpr Metric kUnseenEpochs = counter(
    "sqlite_database_unseen_epochs_total",
    "How often sqlite_transactions_total went on from a new baseline, because another file lay "
    "here, a copy was written over this one, or a counter of SQLite's went further than commits "
    "could have taken it: what was committed around that is not counted.");
constexpr Metric kLastWrite =
    gauge("sqlite_last_write_timestamp_seconds",
          "The latest of the mtime of the file, the mtime of its WAL and the last commit seen; "
          "times later than now are left out.");

constexpr Metric kSideFileSize =
    gauge("sqlite_database_side_file_size_bytes",
          "Size of a file that Turso, and no SQLite, keeps beside the database: log (what its MVCC "
          "mode has not yet put into the database), tshm, info, changes. Absent where there is "
          "none.",
          {"file"});

constexpr const Metric* kDatabaseMetrics[] = {
    &kState,        &kInfo,         &kPages,         &kFreelistPages, &kPageSize,
    &kFileSize,     &kSideFileSize, &kSchemaVersion, &kUserVersion,   &kApplicationId,
    &kTransactions, &kUnseenEpochs, &kLastWrite};

/// SQLITE_VERSION_NUMBER 3040001 is 3.40.1; 0 is a writer before 3.7.0 and gives "".
std::string version_text(std::uint32_t number) {
  if (number == 0) return "";
  return std::to_string(number / 1'000'000) + '.' + std::to_string(number / 1'000 % 1'000) + '.' +
         std::to_string(number % 1'000);
}

/// SQLite keeps these as signed 32-bit values in unsigned bytes.
double as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

void add_states(const Look& look, Batch& batch) {
  for (std::size_t i = 0; i < kDatabaseStateNames.size(); ++i)
    if (look.states.contains(static_cast<DatabaseState>(i)))
      batch.add(kState, 1, {kDatabaseStateNames[i]});
}

/// What no commit changes, VACUUM and a change of the journal mode apart.
void add_constants(const Look& look, const DatabaseHeader& header, Batch& batch) {
  const std::string version = version_text(header.sqlite_version_number);
  batch.add(kInfo, 1,
            {look.host_path(look.path), to_string(header.journal_mode),
             to_string(header.auto_vacuum), to_string(header.encoding), version,
             look.mount ? look.host_path(look.mount->mountpoint) : std::string_view()});
  batch.add(kPageSize, header.page_size);
}

void add_header(const Look& look, const DatabaseHeader& header, Batch& batch) {
  add_constants(look, header, batch);
  const PageCounts counts = page_counts_of(look);
  if (counts.pages) batch.add(kPages, static_cast<double>(*counts.pages));
  if (counts.freelist) batch.add(kFreelistPages, static_cast<double>(*counts.freelist));
  batch.add(kSchemaVersion, as_signed(header.schema_cookie));
  batch.add(kUserVersion, as_signed(header.user_version));
  batch.add(kApplicationId, as_signed(header.application_id));
}

/// Of an encrypted database. The journal mode is told here only if the file itself says so: what
/// its companions say comes and goes with them.
void add_plain(const Look& look, const PlainFacts& plain, Batch& batch) {
  const std::string_view mode =
      look.main_header ? to_string(look.main_header->journal_mode) : std::string_view();
  batch.add(kInfo, 1,
            {look.host_path(look.path), mode, "", "", "",
             look.mount ? look.host_path(look.mount->mountpoint) : std::string_view()});
  if (plain.pages) batch.add(kPages, *plain.pages);
  if (plain.page_size) batch.add(kPageSize, *plain.page_size);
}

void add_side_files(const SideFiles& sizes, Batch& batch) {
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (sizes[i]) batch.add(kSideFileSize, static_cast<double>(*sizes[i]), {kSideFileNames[i]});
}

Result<void> look_at_database(const Look& look, Batch& batch) {
  add_states(look, batch);
  const std::uint64_t transactions = look.sample.totals.transactions + look.rollback_transactions;
  const std::uint64_t unseen = look.sample.totals.unseen_epochs + look.rollback_unseen_epochs;
  if (look.commits_known) {
    batch.add(kTransactions, static_cast<double>(transactions));
    batch.add(kUnseenEpochs, static_cast<double>(unseen));
  }
  if (!look.database) return {};

  batch.add(kFileSize, static_cast<double>(look.database->size));
  if (const auto written = last_write_of(look)) batch.add(kLastWrite, *written);
  if (look.header) {
    add_header(look, *look.header, batch);
  } else if (look.main_header && look.database_locks.exclusive()) {
    add_constants(look, *look.main_header, batch);
  }
  if (look.plain) add_plain(look, *look.plain, batch);
  if (look.side_files) add_side_files(*look.side_files, batch);
  return {};
}

}  // namespace

const Collector kDatabaseCollector = {"database", kDatabaseMetrics, look_at_database};

}  // namespace sqlite_exporter
