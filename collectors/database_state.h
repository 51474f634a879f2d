/// The states a database can be in, as far as they can be told from outside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlite_exporter {

enum class DatabaseState : std::uint8_t {
  absent,
  empty,      ///< no bytes: legal, SQLite creates it with the first write
  encrypted,  ///< by its looks: no magic, and bytes like random ones
  not_a_database,
  newer_format,        ///< a format version above SQLite's own, as that of Turso's MVCC
  corrupt_header,      ///< the magic, and values behind it that cannot be
  truncated,           ///< shorter than its header says, or than its header
  rollback_idle,       ///< rollback mode, no lock held
  rollback_active,     ///< rollback mode, somebody reads or writes right now
  rollback_exclusive,  ///< rollback mode, one connection keeps everybody else out
  hot_journal,         ///< a writer died: the next reader rolls back
  wal_live,            ///< WAL mode, somebody has it open
  wal_clean,           ///< WAL mode, nobody has it open, everything is in the database file
  wal_unrecovered,     ///< WAL mode, nobody has it open, committed frames wait for the next opener
  wal_exclusive,       ///< WAL mode, one connection keeps everybody else out
  wal_mismatched,      ///< the frames that wait may belong to another file than lies here now
  wal_lost,            ///< deleted, cut or exchanged under an application that goes on writing
  overwritten,         ///< something that is not SQLite wrote into the file under an application
  orphaned,            ///< replaced or unlinked under an application that goes on writing into it
  locks_cancelled,     ///< an application lost its locks: closed a file of its own, or forked
  locks_inconsistent,  ///< one of the two above
  locks_unobservable,  ///< somebody writes, and no lock of his can be seen (overlayfs)
};

inline constexpr std::array<std::string_view, 22> kDatabaseStateNames = {"absent",
                                                                         "empty",
                                                                         "encrypted",
                                                                         "not_a_database",
                                                                         "newer_format",
                                                                         "corrupt_header",
                                                                         "truncated",
                                                                         "rollback_idle",
                                                                         "rollback_active",
                                                                         "rollback_exclusive",
                                                                         "hot_journal",
                                                                         "wal_live",
                                                                         "wal_clean",
                                                                         "wal_unrecovered",
                                                                         "wal_exclusive",
                                                                         "wal_mismatched",
                                                                         "wal_lost",
                                                                         "overwritten",
                                                                         "orphaned",
                                                                         "locks_cancelled",
                                                                         "locks_inconsistent",
                                                                         "locks_unobservable"};

constexpr std::string_view to_string(DatabaseState state) {
  return kDatabaseStateNames[static_cast<std::size_t>(state)];
}

/// Several may hold at once: a replaced file is orphaned, and what lies in its place is idle.
class StateSet {
 public:
  constexpr void add(DatabaseState state) { bits_ |= bit(state); }
  constexpr bool contains(DatabaseState state) const { return (bits_ & bit(state)) != 0; }
  constexpr void remove(DatabaseState state) { bits_ &= ~bit(state); }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr StateSet operator&(StateSet a, StateSet b) {
    return StateSet(a.bits_ & b.bits_);
  }
  friend constexpr StateSet operator|(StateSet a, StateSet b) {
    return StateSet(a.bits_ | b.bits_);
  }
  friend bool operator==(const StateSet&, const StateSet&) = default;

  constexpr StateSet() = default;

 private:
  constexpr explicit StateSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(DatabaseState state) {
    return 1U << static_cast<unsigned>(state);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace sqlite_exporter
