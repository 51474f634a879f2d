"""Which states are right of a database, moment by moment, for each way to use it.

A set of states is written `encrypted+wal_live`, alternatives with a space. `unseen` is what the
exporter may say where the truth leaves no mark that it could read: less than all, and not wrong.
"""

import dataclasses


def alternatives(text):
    return [frozenset(one.split("+")) for one in text.split()]


@dataclasses.dataclass(frozen=True)
class States:
    open: str
    closed: str
    crashed: str
    read: str = ""  # as open, where nothing is said
    write: str = ""
    unseen: str = ""  # in a read or write transaction
    unseen_crash: str = ""

    def right(self, moment):
        if moment in ("closed", "crashed"):
            return alternatives(getattr(self, moment))
        return alternatives(getattr(self, moment, "") or self.open)

    def silent(self, moment):
        if moment == "crashed":
            return alternatives(self.unseen_crash)
        return alternatives(self.unseen) if moment != "closed" else []


WAL = States("wal_live", "wal_clean", "wal_unrecovered")
WAL_EXCLUSIVE = States("wal_exclusive", "wal_clean", "wal_unrecovered")
# Its locks are none of the kernel's: that somebody is there shows in his descriptors and in what he
# writes. Whether he has gone or pauses cannot be told at once.
WAL_WITHOUT_LOCKS = States("wal_exclusive locks_unobservable", "wal_clean locks_unobservable",
                           "wal_unrecovered locks_unobservable")
ROLLBACK = States("rollback_idle", "rollback_idle", "hot_journal", read="rollback_active",
                  write="rollback_active")
# The mode shows in locks that outlive commits; in a long transaction they are those of that.
ROLLBACK_EXCLUSIVE = States("rollback_exclusive", "rollback_idle", "hot_journal",
                            write="rollback_exclusive rollback_active")
ROLLBACK_WITHOUT_LOCKS = States(
    "rollback_idle", "rollback_idle", "hot_journal rollback_active locks_unobservable",
    read="rollback_active locks_unobservable", write="rollback_active locks_unobservable",
    unseen="rollback_idle")
ENCRYPTED = States("encrypted+wal_live", "encrypted encrypted+wal_clean",
                   "encrypted+wal_unrecovered", unseen_crash="encrypted")
# Turso checkpoints when it likes, and leaves what it has not to the next opener.
TURSO = States("wal_exclusive", "wal_clean wal_unrecovered", "wal_unrecovered")
TURSO_TWICE = States("wal_exclusive locks_cancelled locks_unobservable",
                     "wal_clean wal_unrecovered locks_unobservable",
                     "wal_unrecovered locks_unobservable")
TURSO_PROCESSES = States("wal_exclusive wal_live locks_unobservable",
                         "wal_clean wal_unrecovered locks_unobservable",
                         "wal_unrecovered locks_unobservable")
TURSO_MVCC = States("newer_format", "newer_format", "newer_format")
