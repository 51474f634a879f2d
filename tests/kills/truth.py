"""What SQLite itself finds in the files that a killed application left, opening a copy of them."""

import dataclasses
import hashlib
import os
import shutil
import sqlite3
import struct
import tempfile

SUFFIXES = ("", "-wal", "-shm", "-journal")
WAL = 2  # bytes 18 and 19 of the database header


@dataclasses.dataclass(frozen=True)
class Truth:
    states: frozenset  # alternatives, each a set of states
    rounds: dict  # by life: how many of its rounds are there


def content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def fingerprint(path):
    """Each file of a database, with all that says that it was touched."""
    found = {}
    for suffix in SUFFIXES:
        if os.path.exists(path + suffix):
            status = os.stat(path + suffix)
            found[suffix] = (hashlib.sha256(content(path + suffix)).hexdigest(), status.st_ino,
                             status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    return found


def is_checkpointed(path):
    """Whether the wal-index that was left calls all frames copied."""
    index = content(path + "-shm")
    if not index:
        return False
    [frames], [backfilled] = (struct.unpack_from("=I", index, offset) for offset in (16, 96))
    return frames == backfilled


def rounds_in(connection):
    """By life; a round is there as a whole or not at all."""
    [[checked]] = connection.execute("pragma integrity_check").fetchall()
    assert checked == "ok", checked
    rounds = {}
    for life, count, first, last in connection.execute(
            "select life, count(*), min(n), max(n) from log group by life"):
        assert (first, last) == (1, count), f"life {life}: {count} rounds, {first} to {last}"
        rounds[life] = count
    [[total]] = connection.execute("select n from total").fetchall()
    assert total == sum(rounds.values()), f"{total} rounds are counted, {rounds} are there"
    return rounds


def found_by_sqlite(path):
    """Nobody may write to the files meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.db")
        # Without a wal-index, as after a restart of the machine.
        for suffix in ("", "-wal", "-journal"):
            if os.path.exists(path + suffix):
                shutil.copyfile(path + suffix, copy + suffix)
        before, journal = content(copy), content(copy + "-journal")
        connection = sqlite3.connect(copy, isolation_level=None)
        rounds = rounds_in(connection)
        [[_, frames, _]] = connection.execute("pragma wal_checkpoint").fetchall()
        hot = journal is not None and content(copy + "-journal") != journal
        connection.close()
        changed = content(copy) != before
    if before[18] != WAL:
        states = {"hot_journal" if hot else "rollback_idle"}
    elif changed:
        states = {"wal_unrecovered"}
    else:
        # All that was committed is in the database; the wal-index may not say so yet.
        pending = frames > 0 and not is_checkpointed(path)
        states = {"wal_clean", "wal_unrecovered"} if pending else {"wal_clean"}
    return Truth(frozenset(frozenset([state]) for state in states), rounds)
