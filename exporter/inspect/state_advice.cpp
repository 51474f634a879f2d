#include "exporter/inspect/state_advice.h"

#include <algorithm>
#include <array>
#include <string>

namespace sqlite_exporter {

namespace {

constexpr std::array kStates = {
    StateAdvice{
        DatabaseState::wal_lost, Severity::attention,
        "The -wal was deleted, cut or exchanged under an application that goes on writing: its "
        "commits succeed, nobody else sees them, and they are gone when it ends.",
        "Restart and kill nothing, and let nobody open the database. Stop the application's writes "
        "(kill -STOP), and copy the database and the deleted -wal from /proc/<pid>/fd/<n> (ls -l "
        "/proc/<pid>/fd | grep deleted) into an empty folder, as x.db and x.db-wal. Open that copy "
        "with sqlite3, check it (PRAGMA integrity_check) and count its rows; only then end the "
        "application, and put the copy in place. Where the -wal was cut to 0 bytes, the database "
        "file as of its last checkpoint is what is left: copy it before the next checkpoint."},
    StateAdvice{
        DatabaseState::orphaned, Severity::attention,
        "The file was replaced, renamed or deleted under an application that still has the old one "
        "open: what it commits goes into that, and is lost when it ends if that has no name.",
        "Before anything else stop its writes (kill -STOP), and see what it has open (ls -l "
        "/proc/<pid>/fd). A file that was only renamed has its new name there: move it back, "
        "within its filesystem, and continue the application. If it is (deleted), copy it and its "
        "-wal from /proc/<pid>/fd/<n>; then stop the application, move the -wal and -shm that it "
        "leaves away, and put the right file in place."},
    StateAdvice{
        DatabaseState::overwritten, Severity::attention,
        "Something that is not SQLite wrote into the file while an application has it open (a "
        "backup copied over it): what the application has in memory and in its -wal does not fit "
        "the file any more, and its next commit or checkpoint mixes the two.",
        "Stop its writes (kill -STOP), and copy the file with its -wal and -shm. End it with kill "
        "-KILL, so that it copies nothing more into the file, move the -wal and -shm away, and put "
        "what was to be restored in place again. Stop the application before a restore."},
    StateAdvice{DatabaseState::locks_cancelled, Severity::attention,
                "An application lost its locks: by opening and closing a file of its own database "
                "(a copy, a hash, a backup within the process), with two copies of SQLite in one "
                "process, or by a connection that it uses after a fork. Two writers may commit at "
                "once, and another's last close may delete the -wal under it.",
                "Stop that application before all others, in an orderly way, run PRAGMA "
                "integrity_check, and find what in it opens the file besides its one SQLite. A "
                "backup belongs into another process or into the backup API."},
    StateAdvice{DatabaseState::locks_inconsistent, Severity::attention,
                "An application holds one of two locks that belong together: it lost the other by "
                "closing a file of its own database, or the file was replaced under it.",
                "See whether it has a deleted file open (ls -l /proc/<pid>/fd | grep deleted). If "
                "so, copy that database and its -wal from /proc/<pid>/fd/<n> before you stop it."},
    StateAdvice{DatabaseState::locks_unobservable, Severity::attention,
                "Somebody writes whose locks cannot be seen from here, so nothing said of locks "
                "and readers can be trusted: through another filesystem (an overlay, virtiofs, 9p, "
                "bindfs), from another machine or a second host of the volume, or with locks of "
                "another kind.",
                "Do not open it here, and do not start a second application on it. Inspect the "
                "path that the application itself uses, on its own machine: not the upper "
                "directory of an overlay, for a container the one below /proc/<pid>/root."},
    StateAdvice{DatabaseState::truncated, Severity::attention,
                "The file is shorter than its header says: a copy that was not finished, or lost "
                "blocks.",
                "If it was just restored, copy it again; without its own -wal, move the -wal and "
                "-shm away first. Else keep it as it is, and move it away together with its -wal "
                "and -shm before you put a backup in its place, or salvage it with sqlite3 "
                ".recover into a new file."},
    StateAdvice{DatabaseState::corrupt_header, Severity::attention,
                "The file begins as a database, and values behind that cannot be.",
                "If it was just restored, copy it again; without its own -wal, move the -wal and "
                "-shm away first. Else keep it as it is, and move it away together with its -wal "
                "and -shm before you put a backup in its place, or salvage it with sqlite3 "
                ".recover into a new file."},
    StateAdvice{DatabaseState::hot_journal, Severity::attention,
                "A writer ended in the middle of a transaction, and the file holds half of it. The "
                "next connection that may write puts the old content back; until then those that "
                "may not fail with \"attempt to write a readonly database\".",
                "First make sure that no process has it open (fuser -v FILE-journal). If the file "
                "was just restored without its own -journal, move the -journal away before "
                "anything opens it. Else start "
                "the application, or open the database once with write permission, and never "
                "delete or move the -journal: the database is corrupt without it."},
    StateAdvice{DatabaseState::wal_mismatched, Severity::attention,
                "The -wal holds commits that may belong to another file than the one that lies "
                "here now: whoever opens the database plays them into it.",
                "Was this file restored, or exchanged, without its own -wal? Then move the -wal "
                "and -shm away before anything opens it. If it was not, keep a copy of all three "
                "files first; then make "
                "sure that no process has them open (fuser -v FILE-wal), and let the application "
                "recover them."},
    StateAdvice{DatabaseState::wal_unrecovered, Severity::attention,
                "Nobody has the database open, and its -wal holds commits that are not in the "
                "database file: after a crash, or a close without a checkpoint.",
                "First make sure that no process has it open (fuser -v FILE-wal). If the file was "
                "just restored without its own -wal, move the -wal and -shm away before anything "
                "opens it. Else start "
                "the application: its first connection recovers the commits. Do not delete the "
                "-wal then, and do not copy the database without it."},
    StateAdvice{DatabaseState::absent, Severity::cannot_say, "There is no file at this path.",
                "Check the path, and whether its mount is there."},
    StateAdvice{DatabaseState::encrypted, Severity::cannot_say,
                "The database is encrypted, or the file is none: its pages look like noise. Free "
                "pages, schema and versions cannot be told. Locks can, and in WAL mode frames, "
                "readers and what a crash left.",
                ""},
    StateAdvice{DatabaseState::newer_format, Severity::cannot_say,
                "The file is of a newer format than SQLite's own, and SQLite cannot open it. That "
                "is no damage; but only its locks and sizes can be told.",
                "Use the program that wrote it, such as Turso with journal_mode=mvcc. Keep the "
                "files beside it: its latest commits may be in its -log."},
    StateAdvice{DatabaseState::not_a_database, Severity::cannot_say,
                "The file is not a SQLite database.", "Check the path."},
    StateAdvice{DatabaseState::empty, Severity::note,
                "The file has no bytes: a database that nothing was written to yet.", ""},
    StateAdvice{DatabaseState::wal_exclusive, Severity::note,
                "One connection keeps everybody else out (PRAGMA locking_mode=EXCLUSIVE). Its "
                "frames are counted in the -wal; how many of them are checkpointed is in its own "
                "memory and cannot be told.",
                ""},
    StateAdvice{DatabaseState::rollback_exclusive, Severity::note,
                "One connection keeps everybody else out (PRAGMA locking_mode=EXCLUSIVE): a "
                "setting of the application, and no long transaction. Its commits cannot be "
                "counted.",
                ""},
};

/// SQLite takes what lies beside a database without content for another's, and deletes it.
constexpr std::array kBesideNothing = {
    StateAdvice{DatabaseState::wal_mismatched, Severity::attention,
                "The -wal holds commits, and the database that they belong to is empty or gone: "
                "whoever opens it deletes the -wal, and they may be nowhere else.",
                "Copy the -wal away before anything opens the database or starts the application. "
                "Then find the file that it belongs to, or a copy of it from before these "
                "commits, and put both in place together. Was this database to begin anew, or to "
                "be restored without its own -wal, leave the -wal away."},
    StateAdvice{DatabaseState::hot_journal, Severity::attention,
                "The -journal holds pages of a database that is empty or gone: whoever opens it "
                "deletes the -journal.",
                "Copy the -journal away before anything opens the database or starts the "
                "application. Then find the file that it belongs to: with the -journal beside it "
                "the next connection brings it into order."},
};

template <std::size_t N>
const StateAdvice* advice_in(const std::array<StateAdvice, N>& list, DatabaseState state) {
  const auto* const found = std::ranges::find(list, state, &StateAdvice::state);
  return found == list.end() ? nullptr : found;
}

}  // namespace

const StateAdvice* advice_on(DatabaseState state, StateSet all) {
  const bool waits =
      all.contains(DatabaseState::wal_mismatched) || all.contains(DatabaseState::hot_journal);
  if (all.contains(DatabaseState::empty) || all.contains(DatabaseState::absent)) {
    // That nothing was written to it yet is no longer so.
    if (waits && state == DatabaseState::empty) return nullptr;
    if (const StateAdvice* const advice = advice_in(kBesideNothing, state)) return advice;
  }
  // Two instructions for one -wal are one too many.
  if (state == DatabaseState::wal_unrecovered && all.contains(DatabaseState::wal_mismatched))
    return nullptr;
  return advice_in(kStates, state);
}

std::string more_on(DatabaseState state, const Look& look) {
  if (state == DatabaseState::newer_format && look.format_version != 0)
    return std::string(" Its format version is ")
        .append(std::to_string(look.format_version))
        .append("; SQLite's own is 2 at most.");
  // Only of an encrypted database: a plain one with its mark has a header of its own.
  if (state == DatabaseState::encrypted && look.side_files)
    return " It begins as Turso's encrypted databases do, which SQLite cannot open.";
  return "";
}

std::string_view advice_on(Errc code) {
  switch (code) {
    case Errc::denied:
      return "Run this as root, as the owner of the files, or with the capability "
             "CAP_DAC_READ_SEARCH. The database, its -wal and -shm must be readable, and their "
             "directories searchable.";
    case Errc::busy: return "A writer was faster than every try. Run this again.";
    case Errc::limit: return "Raise the limit of open files (ulimit -n), or name fewer files.";
    case Errc::io: return "The device reports read errors: look at the kernel log.";
    case Errc::stalled: return "Look for a disk or a server that does not answer.";
    case Errc::starved: return "Give it more CPU.";
    case Errc::unsupported: return "Give the path of a database file.";
    default: return "";
  }
}

}  // namespace sqlite_exporter
