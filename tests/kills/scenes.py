"""Writers of every kind, and the moment at which each is killed."""

import dataclasses

import moments
from watch import NOTHING

ROUND = "insert into log values (LIFE, @); update total set n = n + 1; "
SMALL = ROUND + "update p set b = randomblob(900) where id = @ % 200"
LARGE = ROUND + "update p set b = randomblob(900)"
HOLD = 30_000  # microseconds; what is killed in it has its transaction open

WAL = ("pragma journal_mode=wal",)
SPILL = ("pragma cache_size=5",)
PATIENT = ("pragma busy_timeout=100000",)
FAST = ("pragma synchronous=off",)


def states(*alternatives):
    return frozenset(frozenset(one.split("+")) for one in alternatives)


WAL_LIVE = states("wal_live")
ROLLBACK_LIVE = states("rollback_idle", "rollback_active") | {NOTHING}


def live_in_peace(scene):
    """Whatever the mode of locking of its writer is, its guests have none."""
    return WAL_LIVE if scene.wal else ROLLBACK_LIVE


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    pragmas: tuple
    moment: object = moments.at_any
    work: str = SMALL
    end: str = "commit"
    commits: int = 1  # a round
    hold: int = 0
    rests: bool = False  # after its first commit, until all is told that is right
    live: frozenset = ROLLBACK_LIVE
    opening: frozenset = frozenset()  # what may be told until then
    beside: str = ""  # another application, that is not killed
    counted: bool = True  # at the latest when it is closed; else only what is not hidden

    @property
    def wal(self):
        return WAL[0] in self.pragmas


SCENES = [
    Scene("wal_commits", WAL + FAST, live=WAL_LIVE),
    Scene("wal_open_transaction", WAL + SPILL, moments.in_a_write, LARGE, hold=HOLD,
          live=WAL_LIVE),
    Scene("wal_checkpoint", WAL, moments.in_a_checkpoint, LARGE,
          "commit; pragma wal_checkpoint(truncate)", live=WAL_LIVE),
    Scene("wal_restart", WAL + FAST, moments.in_a_checkpoint, LARGE,
          "commit; pragma wal_checkpoint(restart)", live=WAL_LIVE),
    Scene("wal_vacuum", WAL, moments.in_a_write, end="commit; vacuum", commits=2, live=WAL_LIVE),
    Scene("wal_beside_a_reader", WAL, live=WAL_LIVE, beside="reader"),
    Scene("wal_beside_a_writer", WAL + PATIENT, moments.in_a_write, live=WAL_LIVE, beside="writer"),
    # A closed database is asked for exclusive locks once in ten samples.
    Scene("wal_exclusive", ("pragma locking_mode=exclusive",) + WAL, live=states("wal_exclusive"),
          counted=False),
    Scene("rollback_commits", FAST),
    Scene("rollback_open_transaction", (), moments.in_a_transaction, hold=HOLD),
    Scene("rollback_spilled", SPILL, moments.with_a_synced_journal, LARGE, hold=HOLD),
    Scene("rollback_commit", SPILL, moments.in_a_commit, LARGE),
    Scene("rollback_vacuum", (), moments.in_a_commit, end="commit; vacuum", commits=2),
    Scene("rollback_persist", FAST + ("pragma journal_mode=persist",), moments.in_a_commit),
    Scene("rollback_truncate", FAST + ("pragma journal_mode=truncate",) + SPILL,
          moments.with_a_synced_journal, LARGE),
    Scene("rollback_beside_a_reader", PATIENT, moments.in_a_commit, beside="reader"),
    # Under full load the mode would be known after five seconds only.
    Scene("rollback_exclusive", ("pragma locking_mode=exclusive",), rests=True,
          live=states("rollback_exclusive"), opening=states("rollback_active"), counted=False),
]
