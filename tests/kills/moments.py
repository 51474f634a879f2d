"""Moments of a writer, as its locks and files show them."""

import fcntl
import os
import struct

FLOCK = "hhqqi4x"
WAL_WRITE, WAL_CHECKPOINT = 120, 121
PENDING, RESERVED = 0x40000000, 0x40000001


def is_locked(path, byte):
    """This process is none of the applications: closing the file takes no lock of theirs."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        return struct.unpack(FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[0] != (
            fcntl.F_UNLCK)
    finally:
        os.close(descriptor)


def at_any(_):
    return True


def in_a_write(path):
    return is_locked(path + "-shm", WAL_WRITE)


def in_a_checkpoint(path):
    return is_locked(path + "-shm", WAL_CHECKPOINT)


def in_a_transaction(path):
    return is_locked(path, RESERVED)


def in_a_commit(path):
    return is_locked(path, PENDING)


def with_a_synced_journal(path):
    """From here on a crash leaves it hot."""
    try:
        with open(path + "-journal", "rb") as journal:
            return journal.read(1) not in (b"", b"\0")
    except FileNotFoundError:
        return False
